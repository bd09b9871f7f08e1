"""Which rights of IAM it takes to rent: by kind of resource and by what is done with it.

Written down from terraform-provider-aws, which Pulumi's plugin is made of, without its source at hand: the whole table
is a guess that only an account can confirm.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[2] / "infra"
ACCOUNT = "123456789012"
# By kind: what it is made with, what it is read with (also after it was made), changed with, and deleted with.
_LIGHTSAIL = {
    "keyPair:KeyPair": ("ImportKeyPair TagResource", "GetKeyPair", "TagResource UntagResource", "DeleteKeyPair"),
    "instance:Instance": (
        "CreateInstances EnableAddOn GetOperation TagResource", "GetInstance",
        "EnableAddOn DisableAddOn SetIpAddressType TagResource UntagResource", "DeleteInstance GetOperation",
    ),
    "staticIp:StaticIp": ("AllocateStaticIp", "GetStaticIp", "", "ReleaseStaticIp"),
    "staticIpAttachment:StaticIpAttachment": ("AttachStaticIp", "GetStaticIp", "", "DetachStaticIp"),
    "instancePublicPorts:InstancePublicPorts": (
        "PutInstancePublicPorts GetOperation", "GetInstancePortStates", "", "CloseInstancePublicPorts",
    ),
    "domainEntry:DomainEntry": ("CreateDomainEntry GetOperation", "GetDomain", "", "DeleteDomainEntry"),
}  # fmt: skip
_S3 = {
    "bucket:Bucket": (
        "CreateBucket PutBucketTagging TagResource PutBucketVersioning PutBucketObjectLockConfiguration",
        "ListBucket GetBucketLocation GetBucketTagging GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite "
        "GetBucketVersioning GetBucketRequestPayment GetBucketLogging GetBucketObjectLockConfiguration "
        "GetAccelerateConfiguration GetLifecycleConfiguration GetReplicationConfiguration GetEncryptionConfiguration "
        "ListTagsForResource",
        "PutBucketTagging TagResource UntagResource", "DeleteBucket",
    ),
    "bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "PutBucketPublicAccessBlock", "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "",
    ),
    "bucketOwnershipControls:BucketOwnershipControls": (
        "PutBucketOwnershipControls", "GetBucketOwnershipControls", "PutBucketOwnershipControls", "",
    ),
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "PutEncryptionConfiguration", "GetEncryptionConfiguration", "PutEncryptionConfiguration", "",
    ),
    "bucketVersioning:BucketVersioning": ("PutBucketVersioning", "GetBucketVersioning", "PutBucketVersioning", ""),
    "bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        "PutBucketObjectLockConfiguration", "GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration", "",
    ),
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "PutLifecycleConfiguration", "GetLifecycleConfiguration", "PutLifecycleConfiguration", "",
    ),
    "bucketPolicy:BucketPolicy": ("PutBucketPolicy", "GetBucketPolicy", "PutBucketPolicy", ""),
}  # fmt: skip
_IAM = {
    "user:User": (
        "CreateUser TagUser", "GetUser", "PutUserPermissionsBoundary TagUser UntagUser",
        "ListGroupsForUser ListAccessKeys DeleteAccessKey ListSSHPublicKeys ListMFADevices DeleteLoginProfile "
        "ListSigningCertificates ListServiceSpecificCredentials DeleteUser",
    ),
    "userPolicy:UserPolicy": ("PutUserPolicy", "GetUserPolicy", "PutUserPolicy", "DeleteUserPolicy"),
    "role:Role": (
        "CreateRole TagRole", "GetRole ListRolePolicies ListAttachedRolePolicies",
        "PutRolePermissionsBoundary TagRole UntagRole",
        "ListInstanceProfilesForRole ListRolePolicies ListAttachedRolePolicies DeleteRole",
    ),
    "rolePolicy:RolePolicy": ("PutRolePolicy", "GetRolePolicy", "PutRolePolicy", "DeleteRolePolicy"),
    "accessKey:AccessKey": ("CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"),
    "group:Group": ("CreateGroup", "GetGroup", "", ""),
    "groupPolicy:GroupPolicy": ("PutGroupPolicy", "GetGroupPolicy", "PutGroupPolicy", ""),
}  # fmt: skip
_SNS = {
    "topic:Topic": (
        "CreateTopic TagResource SetTopicAttributes", "GetTopicAttributes ListTagsForResource",
        "SetTopicAttributes TagResource UntagResource", "DeleteTopic",
    ),
    "topicPolicy:TopicPolicy": ("SetTopicAttributes", "GetTopicAttributes", "SetTopicAttributes", "SetTopicAttributes"),
    "topicSubscription:TopicSubscription": (
        "Subscribe", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe",
    ),
}  # fmt: skip
_TAGS = "TagResource UntagResource"
_EC2_TAGS = "CreateTags DeleteTags"
# Tags that are given as something is made: the action that makes it, after @.
_EC2 = {
    "vpc:Vpc": (
        "CreateVpc CreateTags@CreateVpc ModifyVpcAttribute",
        "DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
        f"ModifyVpcAttribute {_EC2_TAGS}", "DeleteVpc",
    ),
    "defaultSecurityGroup:DefaultSecurityGroup": (
        "DescribeSecurityGroups RevokeSecurityGroupIngress@ RevokeSecurityGroupEgress@", "DescribeSecurityGroups",
        "", "",
    ),
    "internetGateway:InternetGateway": (
        "CreateInternetGateway CreateTags@CreateInternetGateway AttachInternetGateway", "DescribeInternetGateways",
        _EC2_TAGS, "DetachInternetGateway DeleteInternetGateway",
    ),
    "routeTable:RouteTable": (
        "CreateRouteTable CreateTags@CreateRouteTable CreateRoute", "DescribeRouteTables",
        f"CreateRoute ReplaceRoute DeleteRoute {_EC2_TAGS}", "DeleteRouteTable",
    ),
    "routeTableAssociation:RouteTableAssociation": (
        "AssociateRouteTable", "DescribeRouteTables", "", "DisassociateRouteTable",
    ),
    "subnet:Subnet": (
        "CreateSubnet CreateTags@CreateSubnet", "DescribeSubnets DescribeNetworkInterfaces",
        f"ModifySubnetAttribute {_EC2_TAGS}", "DeleteSubnet",
    ),
    "vpcEndpoint:VpcEndpoint": (
        "CreateVpcEndpoint CreateTags@CreateVpcEndpoint DescribePrefixLists", "DescribeVpcEndpoints",
        f"ModifyVpcEndpoint {_EC2_TAGS}", "DeleteVpcEndpoints",
    ),
    "securityGroup:SecurityGroup": (
        "CreateSecurityGroup CreateTags@CreateSecurityGroup RevokeSecurityGroupEgress", "DescribeSecurityGroups",
        _EC2_TAGS, "DescribeNetworkInterfaces DeleteSecurityGroup",
    ),
    "securityGroupIngressRule:SecurityGroupIngressRule": (
        "AuthorizeSecurityGroupIngress CreateTags@AuthorizeSecurityGroupIngress", "DescribeSecurityGroupRules",
        f"ModifySecurityGroupRules {_EC2_TAGS}", "RevokeSecurityGroupIngress",
    ),
    "securityGroupEgressRule:SecurityGroupEgressRule": (
        "AuthorizeSecurityGroupEgress CreateTags@AuthorizeSecurityGroupEgress", "DescribeSecurityGroupRules",
        f"ModifySecurityGroupRules {_EC2_TAGS}", "RevokeSecurityGroupEgress",
    ),
}  # fmt: skip
_BALANCER = {
    "loadBalancer:LoadBalancer": (
        "CreateLoadBalancer AddTags@CreateLoadBalancer ModifyLoadBalancerAttributes iam:CreateServiceLinkedRole",
        "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeTags DescribeCapacityReservation",
        "ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets AddTags RemoveTags", "DeleteLoadBalancer",
    ),
    "targetGroup:TargetGroup": (
        "CreateTargetGroup AddTags@CreateTargetGroup ModifyTargetGroupAttributes",
        "DescribeTargetGroups DescribeTargetGroupAttributes DescribeTags",
        "ModifyTargetGroup ModifyTargetGroupAttributes AddTags RemoveTags", "DeleteTargetGroup",
    ),
    "listener:Listener": (
        "CreateListener AddTags@CreateListener", "DescribeListeners DescribeListenerAttributes DescribeTags",
        "ModifyListener ModifyListenerAttributes AddTags RemoveTags", "DeleteListener",
    ),
    "listenerRule:ListenerRule": (
        "CreateRule AddTags@CreateRule", "DescribeRules DescribeTags", "ModifyRule AddTags RemoveTags", "DeleteRule",
    ),
}  # fmt: skip
_RDS_TAGS = "AddTagsToResource RemoveTagsFromResource"
_RDS = {
    "instance:Instance": (
        "CreateDBInstance AddTagsToResource secretsmanager:CreateSecret secretsmanager:TagResource kms:DescribeKey "
        "iam:CreateServiceLinkedRole",
        "DescribeDBInstances ListTagsForResource", f"ModifyDBInstance RebootDBInstance {_RDS_TAGS}",
        "ModifyDBInstance DeleteDBInstance CreateDBSnapshot",
    ),
    "subnetGroup:SubnetGroup": (
        "CreateDBSubnetGroup AddTagsToResource", "DescribeDBSubnetGroups ListTagsForResource",
        f"ModifyDBSubnetGroup {_RDS_TAGS}", "DeleteDBSubnetGroup",
    ),
    "parameterGroup:ParameterGroup": (
        "CreateDBParameterGroup AddTagsToResource ModifyDBParameterGroup",
        "DescribeDBParameterGroups DescribeDBParameters ListTagsForResource",
        f"ModifyDBParameterGroup ResetDBParameterGroup {_RDS_TAGS}", "DeleteDBParameterGroup",
    ),
    "eventSubscription:EventSubscription": (
        "CreateEventSubscription AddTagsToResource", "DescribeEventSubscriptions ListTagsForResource",
        f"ModifyEventSubscription {_RDS_TAGS}", "DeleteEventSubscription",
    ),
}  # fmt: skip
_ECS = {
    "cluster:Cluster": (
        "CreateCluster TagResource iam:CreateServiceLinkedRole", "DescribeClusters",
        f"UpdateCluster {_TAGS}", "DeleteCluster",
    ),
    "taskDefinition:TaskDefinition": (
        "RegisterTaskDefinition TagResource iam:PassRole", "DescribeTaskDefinition", _TAGS, "",
    ),
    "service:Service": (
        "CreateService TagResource", "DescribeServices", f"UpdateService {_TAGS}", "UpdateService DeleteService",
    ),
}  # fmt: skip
_ECR = {
    "repository:Repository": (
        "CreateRepository TagResource", "DescribeRepositories ListTagsForResource",
        f"PutImageTagMutability PutImageScanningConfiguration {_TAGS}", "DeleteRepository",
    ),
    "lifecyclePolicy:LifecyclePolicy": (
        "PutLifecyclePolicy", "GetLifecyclePolicy", "PutLifecyclePolicy", "DeleteLifecyclePolicy",
    ),
}  # fmt: skip
_EVENTS = {
    "eventRule:EventRule": (
        "PutRule TagResource", "DescribeRule ListTagsForResource", f"PutRule {_TAGS}", "DeleteRule",
    ),
    "eventTarget:EventTarget": ("PutTargets", "ListTargetsByRule", "PutTargets", "RemoveTargets"),
}  # fmt: skip
_TABLE: dict[str, dict[str, tuple[str, str, str, str]]] = {
    "ec2": _EC2,
    "elasticloadbalancing": _BALANCER,
    "rds": _RDS,
    "ecs": _ECS,
    "ecr": _ECR,
    "events": _EVENTS,
    "acm": {
        "certificate:Certificate": (
            "RequestCertificate AddTagsToCertificate", "DescribeCertificate ListTagsForCertificate",
            "AddTagsToCertificate RemoveTagsFromCertificate", "DeleteCertificate",
        ),
        "certificateValidation:CertificateValidation": ("DescribeCertificate", "DescribeCertificate", "", ""),
    },
    "scheduler": {
        "schedule:Schedule": (
            "CreateSchedule iam:PassRole", "GetSchedule", "UpdateSchedule iam:PassRole", "DeleteSchedule",
        ),
    },
    "wafv2": {
        "webAcl:WebAcl": (
            "CreateWebACL TagResource", "GetWebACL ListTagsForResource", f"UpdateWebACL {_TAGS}", "DeleteWebACL",
        ),
    },
    "cloudfront": {
        "distribution:Distribution": (
            "CreateDistribution TagResource wafv2:GetWebACL", "GetDistribution ListTagsForResource",
            f"UpdateDistribution {_TAGS}", "UpdateDistribution DeleteDistribution",
        ),
    },
    "lightsail": _LIGHTSAIL,
    "s3": _S3,
    "iam": _IAM,
    "sns": _SNS,
    "cloudwatch": {
        "metricAlarm:MetricAlarm": (
            "PutMetricAlarm TagResource", "DescribeAlarms ListTagsForResource", f"PutMetricAlarm {_TAGS}",
            "DeleteAlarms",
        ),
        "dashboard:Dashboard": ("PutDashboard", "GetDashboard", "PutDashboard", "DeleteDashboards"),
    },
    "logs": {
        "logGroup:LogGroup": (
            "CreateLogGroup PutRetentionPolicy TagResource", "DescribeLogGroups ListTagsForResource",
            f"PutRetentionPolicy {_TAGS}", "DeleteLogGroup",
        ),
        "logMetricFilter:LogMetricFilter": (
            "PutMetricFilter", "DescribeMetricFilters", "PutMetricFilter", "DeleteMetricFilter",
        ),
    },
    "secretsmanager": {
        "secret:Secret": (
            "CreateSecret TagResource", "DescribeSecret GetResourcePolicy", f"UpdateSecret {_TAGS}", "DeleteSecret",
        ),
        "secretVersion:SecretVersion": (
            "PutSecretValue", "GetSecretValue DescribeSecret", "PutSecretValue UpdateSecretVersionStage",
            "UpdateSecretVersionStage",
        ),
    },
    "budgets": {
        "budget:Budget": (
            "ModifyBudget TagResource", "ViewBudget ListTagsForResource", f"ModifyBudget {_TAGS}", "ModifyBudget",
        ),
    },
    "route53": {
        "record:Record": (
            "GetHostedZone ChangeResourceRecordSets GetChange", "ListResourceRecordSets", "ChangeResourceRecordSets",
            "ChangeResourceRecordSets",
        ),
        "healthCheck:HealthCheck": (
            "CreateHealthCheck ChangeTagsForResource", "GetHealthCheck ListTagsForResource",
            "UpdateHealthCheck ChangeTagsForResource", "DeleteHealthCheck",
        ),
    },
}  # fmt: skip
_OTHER_SERVICE = {
    "logGroup:LogGroup": "logs", "logMetricFilter:LogMetricFilter": "logs",
    "eventRule:EventRule": "events", "eventTarget:EventTarget": "events",
}  # fmt: skip
_SERVICES = {"vpc": "ec2", "lb": "elasticloadbalancing"}  # where Pulumi's name for it is another than that of IAM
_VERBS = ("create", "read", "update", "delete")
# Asked about a list of them, or before there is one, whatever their names.
_OF_ALL = {
    "cloudwatch:DescribeAlarms", "logs:DescribeLogGroups", "route53:CreateHealthCheck", "route53:GetChange",
    "ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition", "acm:RequestCertificate", "kms:DescribeKey",
    "cloudfront:CreateDistribution",
}  # fmt: skip
_OF_ALL_OF_A_SERVICE = ("ec2:Describe", "ec2:Create", "elasticloadbalancing:Describe", "rds:Describe")
_MAKING = ("Create", "RequestCertificate")
_ON_WHAT_IS_OURS = {"CreateTags", "CreateRoute", "CreateListener", "CreateRule"}
# What one service does with another for us.
_OF_OTHERS = {
    "iam:PassRole": f"arn:aws:iam::{ACCOUNT}:role/invoices-app-1a2b3c4",
    "secretsmanager:CreateSecret": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1a2b",
    "secretsmanager:TagResource": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1a2b",
    "kms:DescribeKey": "*",
    "wafv2:GetWebACL": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/invoices-cdn/1",
}
_PASSED_TO = {"ecs": "ecs-tasks.amazonaws.com", "scheduler": "scheduler.amazonaws.com"}


@dataclass(frozen=True)
class Need:
    """One action of IAM on one resource, in a region, with the boundary of the user or role that it is about.

    `asks_for` and `belongs_to` are the tag Server, as the request gives it and as the resource has it already;
    `made_by` is the action that tags are given with, `passed_to` the service that a role is passed to, or made for.
    """

    action: str
    resource: str
    region: str = "us-east-1"
    boundary: str = ""
    asks_for: str = ""
    belongs_to: str = ""
    made_by: str = ""
    passed_to: str = ""


def needs(kind: str, verb: str, inputs: dict[str, Any], region: str, boundary: str = "") -> list[Need]:
    """Return what the provider calls; KeyError for a kind that nobody has written down yet."""
    module, name = kind.removeprefix("aws:").split("/")
    service = _OTHER_SERVICE.get(name, _SERVICES.get(module, module))
    words = _TABLE[service][name][_VERBS.index(verb)].split()
    where = inputs.get("region") or region
    return [_need(word, service, name, inputs, where, boundary) for word in words]


def _need(said: str, service: str, name: str, inputs: dict[str, Any], region: str, boundary: str) -> Need:
    word, at, made_by = said.partition("@")
    action = word if ":" in word else f"{service}:{word}"
    own = action.partition(":")[2]
    server = (inputs.get("tags") or {}).get("Server", "invoices")
    is_new = own.startswith(_MAKING) and own not in _ON_WHAT_IS_OURS
    return Need(
        action,
        _resource_of(action, word, service, name, inputs, region),
        region,
        boundary,
        asks_for=server if is_new or made_by else "",
        belongs_to="" if is_new or at else server,
        made_by=made_by,
        passed_to=_for_service(action, service),
    )


def _resource_of(action: str, word: str, service: str, name: str, inputs: dict[str, Any], region: str) -> str:
    if action == "iam:CreateServiceLinkedRole":
        return f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}.amazonaws.com/AWSServiceRole"
    if ":" in word:
        return _OF_OTHERS[action]
    if action in _OF_ALL or action.startswith(_OF_ALL_OF_A_SERVICE):
        return "*" if action not in {"ec2:CreateTags", "ec2:CreateRoute"} else _arn(service, name, inputs, region)
    return _arn(service, name, inputs, region)


def _for_service(action: str, service: str) -> str:
    if action == "iam:CreateServiceLinkedRole":
        return f"{service}.amazonaws.com"
    return _PASSED_TO[service] if action == "iam:PassRole" else ""


def _arn(service: str, kind: str, inputs: dict[str, Any], region: str) -> str:
    name = inputs.get("name") or f"{inputs.get('namePrefix', '')}1a2b3c4"
    own = kind.split(":")[1]
    return {
        "lightsail": f"arn:aws:lightsail:{region}:{ACCOUNT}:{own}/0a1b",
        "s3": f"arn:aws:s3:::{inputs.get('bucket') or inputs.get('bucketPrefix', '') + '1'}",
        "iam": f"arn:aws:iam::{ACCOUNT}:{_IAM_KINDS.get(own, 'user')}/"
        + str(inputs.get("user") or inputs.get("group") or inputs.get("role") or name),
        "sns": str(inputs.get("topic") or inputs.get("arn") or f"arn:aws:sns:{region}:{ACCOUNT}:{name}"),
        "cloudwatch": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{inputs.get('dashboardName')}"
        if own == "Dashboard"
        else f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "logs": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{inputs.get('logGroupName') or name}",
        "secretsmanager": f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:"
        + str(inputs.get("secretId", name)).rpartition(":")[2],
        "budgets": f"arn:aws:budgets::{ACCOUNT}:budget/{name}",
        "route53": f"arn:aws:route53:::{'healthcheck/1' if kind.startswith('health') else 'hostedzone/Z1'}",
        "ec2": f"arn:aws:ec2:{region}:{ACCOUNT}:{'security-group' if 'SecurityGroup' in own else own.lower()}/0a1b",
        "elasticloadbalancing": f"arn:aws:elasticloadbalancing:{region}:{ACCOUNT}:{own.lower()}/0a1b",
        "rds": f"arn:aws:rds:{region}:{ACCOUNT}:{_RDS_KINDS.get(own, 'db')}:{inputs.get('identifier') or name}",
        "ecs": f"arn:aws:ecs:{region}:{ACCOUNT}:{_ecs_name(own, inputs, name)}",
        "ecr": f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{inputs.get('repository') or name}",
        "events": f"arn:aws:events:{region}:{ACCOUNT}:rule/{inputs.get('rule') or name}",
        "acm": f"arn:aws:acm:{region}:{ACCOUNT}:certificate/0a1b",
        "scheduler": f"arn:aws:scheduler:{region}:{ACCOUNT}:schedule/default/{name}",
        "wafv2": f"arn:aws:wafv2:{region}:{ACCOUNT}:global/webacl/{name}/0a1b",
        "cloudfront": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1",
    }[service]


_IAM_KINDS = {"Group": "group", "GroupPolicy": "group", "Role": "role", "RolePolicy": "role"}
_RDS_KINDS = {"SubnetGroup": "subgrp", "ParameterGroup": "pg", "EventSubscription": "es"}


def _ecs_name(kind: str, inputs: dict[str, Any], name: str) -> str:
    if kind == "TaskDefinition":
        return f"task-definition/{inputs.get('family')}:1"
    return f"cluster/{name}" if kind == "Cluster" else f"service/invoices/{name}"


def statements(file: str, region: str = "us-east-1") -> list[dict[str, Any]]:
    """Return those of a policy of infra/, filled in as the page about the first account does."""
    text = (INFRA / file).read_text().replace("REGION", region).replace("ZONE", "Z1")
    return json.loads(text)["Statement"]


def allows(found: list[dict[str, Any]], need: Need) -> bool:
    return any(
        any(fnmatchcase(need.action, pattern) for pattern in one["Action"])
        and any(fnmatchcase(need.resource, pattern) for pattern in one["Resource"])
        and _holds(one.get("Condition", {}), need)
        for one in found
    )


def _holds(condition: dict[str, dict[str, str | list[str]]], need: Need) -> bool:
    known = {
        "aws:RequestedRegion": need.region,
        "iam:PermissionsBoundary": need.boundary,
        "iam:PassedToService": need.passed_to,
        "iam:AWSServiceName": need.passed_to,
        "cloudwatch:namespace": "Invoices",
        "aws:RequestTag/Server": need.asks_for,
        "aws:ResourceTag/Server": need.belongs_to,
        "ec2:CreateAction": need.made_by,
        "elasticloadbalancing:CreateAction": need.made_by,
        "ecs:cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/invoices",
    }
    return all(
        _matches(operator, known[key], pattern)
        for operator, pairs in condition.items()
        for key, pattern in pairs.items()
    )


def _matches(operator: str, value: str, patterns: str | list[str]) -> bool:
    if operator == "Null":
        return (value == "") is (patterns == "true")
    return any(fnmatchcase(value, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns))
