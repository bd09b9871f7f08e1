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
    "accessKey:AccessKey": ("CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"),
    "group:Group": ("CreateGroup", "GetGroup", "", ""),
    "groupPolicy:GroupPolicy": ("PutGroupPolicy", "GetGroupPolicy", "PutGroupPolicy", ""),
}  # fmt: skip
_SNS = {
    "topic:Topic": (
        "CreateTopic TagResource SetTopicAttributes", "GetTopicAttributes ListTagsForResource",
        "SetTopicAttributes TagResource UntagResource", "DeleteTopic",
    ),
    "topicSubscription:TopicSubscription": (
        "Subscribe", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe",
    ),
}  # fmt: skip
_TAGS = "TagResource UntagResource"
_TABLE = {
    "lightsail": _LIGHTSAIL,
    "s3": _S3,
    "iam": _IAM,
    "sns": _SNS,
    "cloudwatch": {
        "metricAlarm:MetricAlarm": (
            "PutMetricAlarm TagResource", "DescribeAlarms ListTagsForResource", f"PutMetricAlarm {_TAGS}",
            "DeleteAlarms",
        ),
    },
    "logs": {
        "logGroup:LogGroup": (
            "CreateLogGroup PutRetentionPolicy TagResource", "DescribeLogGroups ListTagsForResource",
            f"PutRetentionPolicy {_TAGS}", "DeleteLogGroup",
        ),
    },
    "secretsmanager": {
        "secret:Secret": (
            "CreateSecret TagResource", "DescribeSecret GetResourcePolicy", f"UpdateSecret {_TAGS}", "DeleteSecret",
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
_OTHER_SERVICE = {"logGroup:LogGroup": "logs"}
_VERBS = ("create", "read", "update", "delete")
# Asked about a list of them, whatever their names.
_OF_ALL = {"cloudwatch:DescribeAlarms", "logs:DescribeLogGroups", "route53:CreateHealthCheck", "route53:GetChange"}


@dataclass(frozen=True)
class Need:
    """One action of IAM on one resource, in a region, with the boundary of the user that it is about."""

    action: str
    resource: str
    region: str = "us-east-1"
    boundary: str = ""


def needs(kind: str, verb: str, inputs: dict[str, Any], region: str, boundary: str = "") -> list[Need]:
    """Return what the provider calls; KeyError for a kind that nobody has written down yet."""
    module, name = kind.removeprefix("aws:").split("/")
    service = _OTHER_SERVICE.get(name, module)
    words = _TABLE[service][name][_VERBS.index(verb)].split()
    where = inputs.get("region") or region
    return [_need(f"{service}:{word}", name, inputs, where, boundary) for word in words]


def _need(action: str, name: str, inputs: dict[str, Any], region: str, boundary: str) -> Need:
    return Need(
        action,
        "*" if action in _OF_ALL else _arn(action.split(":", maxsplit=1)[0], name, inputs, region),
        region,
        boundary,
    )


def _arn(service: str, kind: str, inputs: dict[str, Any], region: str) -> str:
    name = inputs.get("name") or f"{inputs.get('namePrefix', '')}1a2b3c4"
    return {
        "lightsail": f"arn:aws:lightsail:{region}:{ACCOUNT}:{kind.split(':')[1]}/0a1b",
        "s3": f"arn:aws:s3:::{inputs.get('bucket') or inputs.get('bucketPrefix', '') + '1'}",
        "iam": f"arn:aws:iam::{ACCOUNT}:{'group' if kind.startswith('group') else 'user'}/"
        + str(inputs.get("user") or inputs.get("group") or name),
        "sns": str(inputs.get("topic") or f"arn:aws:sns:{region}:{ACCOUNT}:{name}"),
        "cloudwatch": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "logs": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}",
        "secretsmanager": f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}",
        "budgets": f"arn:aws:budgets::{ACCOUNT}:budget/{name}",
        "route53": f"arn:aws:route53:::{'healthcheck/1' if kind.startswith('health') else 'hostedzone/Z1'}",
    }[service]


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


def _holds(condition: dict[str, dict[str, str]], need: Need) -> bool:
    known = {
        "aws:RequestedRegion": need.region,
        "iam:PermissionsBoundary": need.boundary,
        "cloudwatch:namespace": "Invoices",
    }
    return all(fnmatchcase(known[key], pattern) for pairs in condition.values() for key, pattern in pairs.items())
