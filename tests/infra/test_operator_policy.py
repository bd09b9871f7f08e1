"""The operator has the rights that renting takes, and none that leads to others."""

import json

import pytest
from support.aws_account import Account
from support.aws_rights import ACCOUNT, INFRA, Need, allows, needs, statements
from support.pulumi_stack import rented

REGION = "eu-central-1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/invoices-boundary"
ALL = {
    "dnsZone": "example.com", "monitoring": "detailed", "logs": "cloudwatch", "secrets": "secretsmanager",
    "diskEncryption": "secretsmanager",
    "sshFromBrowser": "true", "permissionsBoundary": BOUNDARY,
}  # fmt: skip
OPERATOR = statements("operator-policy.json", REGION)
CLUSTER_FILES = ("operator-network-policy.json", "operator-cluster-policy.json")
FILES = ("operator-policy.json", *CLUSTER_FILES)
OF_A_CLUSTER = [*OPERATOR, *(one for file in CLUSTER_FILES for one in statements(file, REGION))]
USER = f"arn:aws:iam::{ACCOUNT}:user/invoices-server-1a2b3c4"


def used(**changes):
    """Return what is needed to make all that is rented, to change each in place, and to take it down again."""
    account = Account()
    made = []
    for one in rented(region=REGION, **{**ALL, **changes}).resources:
        if one.options.custom:
            named = (
                {"name": f"{one.name}-1a2b3c4"} if one.kind in {"User", "Group", "Role"} else {}
            )  # as the mocks name them
            id_, found = account.create(one.options.type, one.name, {**named, **one.inputs}, REGION)
            made.append((one, id_, found))
    for one, id_, found in reversed(made):
        unprotected = {key: False for key in ("deletionProtection", "enableDeletionProtection") if key in one.inputs}
        account.update(one.options.type, id_, {**one.inputs, **unprotected}, REGION)
        if not one.options.retainOnDelete:
            account.delete(one.options.type, id_, found, REGION)
    return [Need(**need) for need in account.needed]


@pytest.mark.parametrize("dns", ["route53", "lightsail"])
def test_the_operator_may_do_all_that_renting_changing_and_tearing_down_takes(dns):
    needed = used(dns=dns)

    assert len(needed) > 100
    assert [need for need in needed if not allows(OPERATOR, need)] == []


@pytest.mark.parametrize("shape", ["both", "cluster"])
def test_the_operator_of_a_cluster_may_do_all_that_it_takes(shape):
    needed = used(dns="route53", shape=shape, cdn="cloudfront", monthlyBudget="900")

    assert len(needed) > 200
    assert [need for need in needed if not allows(OF_A_CLUSTER, need)] == []


def test_without_the_policies_of_a_cluster_none_can_be_rented():
    refused = {need.action.split(":")[0] for need in used(dns="route53", shape="cluster") if not allows(OPERATOR, need)}

    assert {"ec2", "rds", "ecs", "ecr", "elasticloadbalancing", "acm", "scheduler"} <= refused


def test_without_the_boundary_no_user_is_made_and_given_rights():
    refused = {need.action for need in used(dns="route53", permissionsBoundary="") if not allows(OPERATOR, need)}

    assert refused == {"iam:CreateUser", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"}


def test_the_operator_may_look_whether_the_account_has_the_boundary():
    assert allows(OPERATOR, Need("iam:GetPolicy", BOUNDARY, REGION))


@pytest.mark.parametrize(
    "action",
    [
        "lightsail:GetRegions", "lightsail:GetBundles", "lightsail:GetBlueprints", "lightsail:GetStaticIps",
        "lightsail:GetInstances", "lightsail:ImportKeyPair", "lightsail:DeleteKeyPair", "route53:ListHostedZonesByName",
        "lightsail:GetInstanceAccessDetails", "lightsail:GetInstancePortStates", "lightsail:AttachStaticIp",
        "lightsail:CreateInstances", "lightsail:OpenInstancePublicPorts", "sts:GetCallerIdentity",
    ],
)  # fmt: skip
def test_the_operator_may_do_what_preflight_and_the_other_commands_ask_aws(action):
    assert allows(OPERATOR, Need(action, "*", REGION))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("servicequotas:GetServiceQuota", "*"),
        ("ec2:DescribeAvailabilityZones", "*"),
        ("ec2:DescribeVpcs", "*"),
        ("elasticloadbalancing:DescribeAccountLimits", "*"),
        ("elasticloadbalancing:DescribeTags", "*"),
        ("rds:DescribeAccountAttributes", "*"),
        ("rds:DescribeOrderableDBInstanceOptions", "*"),
        ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
    ],
)
def test_the_operator_may_ask_what_preflight_asks_about_a_cluster(action, resource):
    assert allows(OF_A_CLUSTER, Need(action, resource, REGION))


OF_DEPLOYS = {
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/invoices/invoices-app": "ecs:UpdateService ecs:DescribeServices",
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/invoices-once:3": "ecs:RunTask",
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/invoices/1": "ecs:StopTask ecs:DescribeTasks",
    "*": "ecs:RegisterTaskDefinition ecs:DescribeTaskDefinition ecs:ListTasks ecr:GetAuthorizationToken "
    "elasticloadbalancing:DescribeTargetHealth ec2:DescribeSecurityGroups",
    f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/invoices/app": "ecr:InitiateLayerUpload ecr:UploadLayerPart "
    "ecr:CompleteLayerUpload ecr:PutImage ecr:BatchCheckLayerAvailability ecr:DescribeImages ecr:BatchGetImage",
    f"arn:aws:rds:{REGION}:{ACCOUNT}:db:invoices-2": "rds:RestoreDBInstanceToPointInTime rds:ModifyDBInstance "
    "rds:RestoreDBInstanceFromDBSnapshot",
    f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:invoices-before-3": "rds:CreateDBSnapshot rds:DescribeDBSnapshots",
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:invoices/cluster-1a2b": "secretsmanager:GetSecretValue "
    "secretsmanager:PutSecretValue",
    f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/invoices/invoices/cluster:log-stream:once": "logs:GetLogEvents "
    "logs:FilterLogEvents logs:DeleteLogStream",
    "arn:aws:s3:::invoices-files-1/lock": "s3:PutObject s3:GetObject s3:DeleteObject",
    "arn:aws:s3:::invoices-files-1": "s3:ListBucket s3:GetBucketVersioning s3:GetBucketPublicAccessBlock",
}


@pytest.mark.parametrize("resource", OF_DEPLOYS)
def test_the_operator_of_a_cluster_may_do_what_deploying_and_restoring_take(resource):
    needed = [
        Need(action, resource, REGION, belongs_to="invoices", passed_to="ecs-tasks.amazonaws.com")
        for action in OF_DEPLOYS[resource].split()
    ]

    assert [need.action for need in needed if not allows(OF_A_CLUSTER, need)] == []


@pytest.mark.parametrize("server", ["invoices", "invoices-trial"])
def test_the_operator_may_confirm_alarms_and_keep_the_keys_of_app_and_disk(server):
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{server}-alarms"
    secrets = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{server}/{kind}-1a2b" for kind in ("app", "disk")]
    asked = [
        *(Need(f"sns:{action}", topic) for action in ("ListSubscriptionsByTopic", "ConfirmSubscription")),
        *(
            Need(f"secretsmanager:{action}", secret)
            for action in ("GetSecretValue", "PutSecretValue", "DescribeSecret")
            for secret in secrets
        ),
    ]

    assert [need for need in asked if not allows(OPERATOR, need)] == []


@pytest.mark.parametrize(
    "need",
    [
        Need("iam:CreateUser", USER, boundary="arn:aws:iam::123456789012:policy/another"),
        Need("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/ann", boundary=BOUNDARY),
        Need("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/ann"),
        Need("iam:AttachUserPolicy", USER, boundary=BOUNDARY),
        Need("iam:DeleteUserPermissionsBoundary", USER, boundary=BOUNDARY),
        Need("iam:CreatePolicyVersion", BOUNDARY),
        Need("iam:AddUserToGroup", f"arn:aws:iam::{ACCOUNT}:group/invoices-backup-administrators-1"),
        Need("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/invoices-role"),
        Need("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/invoices-role"),
        Need("s3:GetObject", "arn:aws:s3:::invoices-backups-1/dumps/1.age"),
        Need("s3:DeleteObjectVersion", "arn:aws:s3:::invoices-backups-1/dumps/1.age"),
        Need("s3:ListBucket", "arn:aws:s3:::payroll"),
        Need("lightsail:CreateInstances", "*", region="ap-south-1"),
        Need("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payroll"),
        Need("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z2"),
    ],
    ids=lambda need: need.action,
)
def test_the_operator_has_no_way_to_other_rights_or_to_what_belongs_to_others(need):
    assert not allows(OPERATOR, need)


def test_the_boundary_leaves_the_users_all_rights_that_their_policies_give():
    bounds = statements("operator-boundary.json")
    given = [
        Need(action, resource)
        for one in rented(**{**ALL, "dns": "external"}).of("UserPolicy")
        for statement in json.loads(one.inputs["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]

    assert len(given) > 5
    assert [need for need in given if not allows(bounds, need)] == []


@pytest.mark.parametrize("action", ["iam:CreateUser", "s3:DeleteObjectVersion", "lightsail:GetInstances"])
def test_the_boundary_bounds(action):
    assert not allows(statements("operator-boundary.json"), Need(action, "*"))


OTHERS = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/9"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:payroll"
AWS_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/invoices-app-1a2b"


@pytest.mark.parametrize(
    "need",
    [
        Need("iam:PassRole", ROLE, REGION, passed_to="ec2.amazonaws.com"),
        Need("iam:PassRole", ROLE, REGION, passed_to="lambda.amazonaws.com"),
        Need("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", REGION, passed_to="ecs-tasks.amazonaws.com"),
        Need("iam:CreateRole", ROLE, REGION),
        Need("iam:PutRolePolicy", ROLE, REGION, boundary="arn:aws:iam::123456789012:policy/another"),
        Need("iam:AttachRolePolicy", ROLE, REGION, boundary=BOUNDARY),
        Need("iam:UpdateAssumeRolePolicy", ROLE, REGION, boundary=BOUNDARY),
        Need("iam:DeleteRolePermissionsBoundary", ROLE, REGION, boundary=BOUNDARY),
        Need("iam:CreateServiceLinkedRole", AWS_ROLE, passed_to="guardduty.amazonaws.com"),
        Need("ec2:DeleteVpc", OTHERS, REGION),
        Need("ec2:DeleteVpc", OTHERS, REGION, belongs_to="payroll"),
        Need("ec2:CreateTags", OTHERS, REGION, asks_for="invoices"),
        Need("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/9", REGION),
        Need("ec2:CreateTags", f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/9", REGION, asks_for="invoices"),
        Need("ec2:CreateVpc", "*", region="ap-south-1"),
        Need("ec2:RunInstances", "*", REGION),
        Need("elasticloadbalancing:DeleteLoadBalancer", "*", REGION, belongs_to="payroll"),
        Need("elasticloadbalancing:AddTags", "*", REGION, asks_for="invoices"),
        Need("elasticloadbalancing:CreateListener", "*", REGION, asks_for="invoices", belongs_to="payroll"),
        Need("acm:DeleteCertificate", f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1", REGION),
        Need("cloudfront:UpdateDistribution", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2", belongs_to="shop"),
        Need("rds:DeleteDBInstance", DATABASE, REGION),
        Need("rds:ModifyDBInstance", DATABASE, REGION),
        Need("ecs:RunTask", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/payroll:1", REGION),
        Need("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/payroll", REGION),
        Need("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1", REGION),
        Need("secretsmanager:RotateSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1", REGION),
        Need("logs:FilterLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/payroll", REGION),
        Need("s3:GetObject", "arn:aws:s3:::invoices-backups-1/dumps/1.age"),
    ],
    ids=lambda need: f"{need.action} {need.resource}",
)  # fmt: skip
def test_the_operator_of_a_cluster_has_no_way_to_other_rights_or_to_what_belongs_to_others(need):
    assert not allows(OF_A_CLUSTER, need)


@pytest.mark.parametrize("kind", ["UserPolicy", "RolePolicy"])
def test_the_boundary_leaves_users_and_roles_of_a_cluster_all_rights_that_their_policies_give(kind):
    bounds = statements("operator-boundary.json")
    given = [
        Need(action, resource, passed_to="ecs-tasks.amazonaws.com")
        for one in rented(**{**ALL, "dns": "external", "shape": "both", "monthlyBudget": "900"}).of(kind)
        for statement in json.loads(one.inputs["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]

    assert len(given) > 5
    assert [need for need in given if not allows(bounds, need)] == []


@pytest.mark.parametrize("file", [*FILES, "operator-boundary.json"])
def test_iam_takes_a_policy_of_that_length(file):
    assert len("".join((INFRA / file).read_text().split())) <= 6144


def test_a_kind_of_resource_whose_rights_nobody_wrote_down_is_found():
    with pytest.raises(KeyError, match="dynamodb"):
        needs("aws:dynamodb/table:Table", "create", {}, REGION)
