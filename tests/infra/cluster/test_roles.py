"""Each role may do what its tasks do, and is taken by nothing but the service that it is for."""

import json

import pytest
from support.pulumi_stack import CLUSTER, rented

FILES, BACKUPS = "arn:aws:s3:::invoices-files-1", "arn:aws:s3:::invoices-backups-1"
SECRET = "arn:aws:secretsmanager:us-east-1:1:secret:invoices/cluster-1"
MASTER_SECRET = "arn:aws:secretsmanager:us-east-1:1:secret:rds!db-1"


def rights(stack, name):
    statements = json.loads(stack.one("RolePolicy", name).inputs["policy"])["Statement"]
    return {one["Sid"]: (one["Action"], one["Resource"]) for one in statements if one["Effect"] == "Allow"}


def test_no_right_is_given_by_a_wildcard_or_on_everything_but_signing_in_to_the_registry(stack):
    allowed = [right for one in stack.of("RolePolicy") for right in rights(stack, one.name).values()]

    assert len(allowed) > 10
    assert [action for actions, _ in allowed for action in actions if "*" in action] == []
    assert [actions for actions, resources in allowed if "*" in resources] == [["ecr:GetAuthorizationToken"]] * 2


def test_only_what_starts_the_task_of_the_backups_reads_the_administrator_s_password_of_the_database(stack):
    reading = {name: rights(stack, name)["ReadSecrets"][1] for name in ("starting", "starting-backups")}

    assert reading == {"starting": [SECRET], "starting-backups": [SECRET, MASTER_SECRET]}


def test_the_app_shares_the_files_and_has_no_right_to_the_backups(stack):
    assert rights(stack, "app")["Share"][1] == [f"{FILES}/imports/*"]
    assert BACKUPS not in stack.one("RolePolicy", "app").inputs["policy"]


def test_the_backups_read_files_and_add_to_the_locked_bucket_what_they_can_never_destroy(stack):
    assert rights(stack, "backups")["Read"] == (["s3:GetObject"], [f"{FILES}/imports/*"])
    assert rights(stack, "backups-dumps")["Add"] == (
        ["s3:PutObject", "s3:AbortMultipartUpload"], [f"{BACKUPS}/dumps/*", f"{BACKUPS}/files/*"],
    )  # fmt: skip
    denied = json.loads(stack.one("RolePolicy", "backups-dumps").inputs["policy"])["Statement"][-1]
    assert (denied["Effect"], "s3:DeleteObjectVersion" in denied["Action"]) == ("Deny", True)


def test_the_schedule_runs_one_family_in_one_cluster_and_gives_tasks_two_roles(stack):
    run, give = json.loads(stack.one("RolePolicy", "schedule").inputs["policy"])["Statement"]

    family = "arn:aws:ecs:us-east-1:123456789012:task-definition/invoices-backup"
    assert (run["Resource"], run["Condition"]) == (
        [family, f"{family}:*"], {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/invoices"}},
    )  # fmt: skip
    assert [arn.split("/")[1] for arn in give["Resource"]] == [
        "invoices-starting-backups-1a2b3c4", "invoices-backups-1a2b3c4",
    ]  # fmt: skip
    assert give["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_a_service_of_another_account_takes_none_of_them(stack):
    for role in stack.of("Role"):
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        assert statement["Principal"]["Service"] in {"ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"}


@pytest.mark.parametrize("shape", ["cluster", "both"])
def test_all_users_and_roles_are_bounded(shape):
    boundary = "arn:aws:iam::123456789012:policy/invoices-boundary"
    stack = rented(**{**CLUSTER, "shape": shape}, permissionsBoundary=boundary)

    found = {one.inputs.get("permissionsBoundary") for kind in ("Role", "User") for one in stack.of(kind)}
    assert found == {boundary}
