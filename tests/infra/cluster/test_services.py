"""What ECS runs: rented with no task, kept through deploys, as closed as the containers of one machine."""

import json

import pytest
from support.pulumi_stack import CLUSTER, rented

from infra.cluster.secret import KEYS

FAMILIES = ["app", "backup", "once", "worker"]


def containers(stack, kind):
    return {one["name"]: one for one in json.loads(stack.one("TaskDefinition", kind).inputs["containerDefinitions"])}


def environment(container):
    return {one["name"]: one["value"] for one in container["environment"]}


def secrets(container):
    return {one["name"]: one["valueFrom"] for one in container["secrets"]}


def every_container(stack):
    return [one for kind in FAMILIES for one in containers(stack, kind).values()]


def test_before_the_first_deploy_no_task_runs_and_afterwards_versions_and_counts_are_the_deploy_s(stack):
    for service in stack.of("Service"):
        assert service.inputs["desiredCount"] == 0
        assert sorted(service.options.ignoreChanges) == ["desiredCount", "taskDefinition"]


def test_a_service_goes_before_the_listener_that_it_is_known_to(stack):
    assert "https" in [urn.split("::")[-1] for urn in stack.one("Service", "app").options.dependencies]


def test_a_version_that_does_not_start_is_rolled_back_and_never_fewer_tasks_serve(stack):
    for service in stack.of("Service"):
        assert service.inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert (service.inputs["deploymentMinimumHealthyPercent"], service.inputs["deploymentMaximumPercent"]) == (
            100, 200,
        )  # fmt: skip


def test_tasks_are_spread_over_the_zones_again_after_one_was_lost(stack):
    assert [one.inputs["availabilityZoneRebalancing"] for one in stack.of("Service")] == ["ENABLED", "ENABLED"]


def test_the_balancer_speaks_to_the_proxy_and_the_proxy_waits_for_the_app(stack):
    (target,) = stack.one("Service", "app").inputs["loadBalancers"]

    assert (target["containerName"], target["containerPort"]) == ("proxy", 8080)
    assert containers(stack, "app")["proxy"]["dependsOn"] == [{"containerName": "app", "condition": "HEALTHY"}]
    assert environment(containers(stack, "app")["app"])["HOST"] == "127.0.0.1"


def test_the_app_believes_the_proxy_of_its_own_task_only(stack):
    assert environment(containers(stack, "app")["app"])["TRUSTED_PROXIES"] == "127.0.0.1"


def test_the_proxy_takes_its_configuration_of_a_task_and_believes_nobody_but_the_balancer(stack):
    proxy = containers(stack, "app")["proxy"]

    assert "/etc/caddy/task.Caddyfile" in proxy["command"]
    assert environment(proxy) == {"BALANCER_NETWORKS": "10.20.0.0/16"}


def test_the_app_asks_cloudfront_for_the_address_of_a_client_only_where_it_is_rented(stack):
    behind = [
        environment(containers(one, "app")["app"])["BEHIND_CLOUDFRONT"]
        for one in (stack, rented(**CLUSTER, cdn="cloudfront"))
    ]

    assert behind == ["off", "on"]


def test_each_container_that_serves_says_whether_it_lives(stack):
    checks = {one["name"]: one["healthCheck"]["command"][1] for one in every_container(stack) if "healthCheck" in one}

    assert checks == {"app": "python", "proxy": "wget", "worker": "python"}


def test_a_revision_stays_when_the_next_one_comes(stack):
    found = {one.inputs["family"]: one.inputs["skipDestroy"] for one in stack.of("TaskDefinition")}

    assert found == {f"invoices-{kind}": True for kind in FAMILIES}


def test_a_revision_of_pulumi_s_runs_what_is_deployed(stack):
    assert {one["image"].rpartition("/")[2] for one in every_container(stack)} == {
        "app:deployed", "proxy:deployed", "backup:deployed",
    }  # fmt: skip


def test_each_family_has_the_containers_that_deploys_and_commands_name(stack):
    assert {kind: list(containers(stack, kind)) for kind in FAMILIES} == {
        "app": ["app", "proxy"], "worker": ["worker"], "once": ["once"], "backup": ["backup"],
    }  # fmt: skip


def test_no_container_writes_to_its_image_is_root_or_has_a_right_of_root(stack):
    found = every_container(stack)

    assert len(found) == 5
    assert {one["readonlyRootFilesystem"] for one in found} == {True}
    assert {one["user"] for one in found} == {"10001:10001", "10002:10002"}
    assert {str(one["linuxParameters"]["capabilities"]) for one in found} == {"{'drop': ['ALL']}"}


def test_temporary_files_are_in_memory_and_data_in_a_volume(stack):
    for kind in FAMILIES:
        container = next(iter(containers(stack, kind).values()))
        assert container["linuxParameters"]["tmpfs"] == [
            {"containerPath": "/tmp", "size": 256, "mountOptions": ["mode=1777"]}
        ]
        assert container["mountPoints"][0]["containerPath"] == "/data"


def test_a_container_has_more_time_to_end_than_the_app_takes_and_less_than_fargate_refuses(stack):
    assert {one["name"]: one["stopTimeout"] for one in every_container(stack)} == {
        "app": 60, "proxy": 60, "worker": 60, "once": 120, "backup": 120,
    }  # fmt: skip
    assert environment(containers(stack, "app")["app"])["LEAVE_SECONDS"] == "10"


def test_a_log_that_cannot_be_sent_holds_nothing_up(stack):
    options = [one["logConfiguration"]["options"] for one in every_container(stack)]

    assert {(one["awslogs-group"], one["mode"]) for one in options} == {("/invoices/invoices/cluster", "non-blocking")}
    assert stack.one("LogGroup", "cluster-logs").inputs["retentionInDays"] == 90


def test_each_program_has_a_role_of_its_own_in_the_database(stack):
    families = {"app": "app", "worker": "worker", "once": "once", "backup": "backup"}
    found = {kind: secrets(containers(stack, kind)[name])["DATABASE_URL"] for kind, name in families.items()}

    secret = "arn:aws:secretsmanager:us-east-1:1:secret:invoices/cluster-1"
    assert found == {
        "app": f"{secret}:APP_DATABASE_URL::", "worker": f"{secret}:WORKER_DATABASE_URL::",
        "once": f"{secret}:OWNER_DATABASE_URL::", "backup": f"{secret}:BACKUP_DATABASE_URL::",
    }  # fmt: skip


def test_no_task_asks_for_a_key_that_the_first_deploy_does_not_fill(stack):
    asked = {
        value.split(":")[7]
        for container in every_container(stack)
        for value in secrets(container).values()
        if ":invoices/cluster" in value
    }

    assert asked == set(KEYS)


def test_only_the_task_that_makes_the_database_gets_the_administrator_s_password(stack):
    given = [one["name"] for one in every_container(stack) if "PGPASSWORD" in secrets(one)]

    assert given == ["backup"]
    assert secrets(containers(stack, "backup")["backup"])["PGPASSWORD"].endswith("secret:rds!db-1:password::")


def test_no_secret_is_a_plain_variable(stack):
    plain = {name for one in every_container(stack) for name in environment(one)}

    assert not plain & {*KEYS, "DATABASE_URL", "PGPASSWORD"}


def test_files_and_name_are_those_of_the_cluster(stack, both):
    known = [environment(containers(one, "app")["app"]) for one in (stack, both)]

    assert [one["FILES_URL"] for one in known] == ["s3://invoices-files-1/imports"] * 2
    assert [one["PUBLIC_URL"] for one in known] == ["https://invoices.example.com", "https://next.invoices.example.com"]


def test_a_backup_is_made_every_hour_by_the_newest_revision(stack):
    inputs = stack.one("Schedule").inputs

    assert inputs["scheduleExpression"] == "cron(17 * * * ? *)"
    assert inputs["target"]["ecsParameters"]["taskDefinitionArn"].endswith(":task-definition/invoices-backup")
    place = environment(containers(stack, "backup")["backup"])["BACKUP_PLACE"]
    assert place == "s3://invoices-backups-1"


def test_a_backup_is_stored_by_the_role_of_its_task_and_signed_by_a_key_that_is_kept_in_memory(stack):
    backup = containers(stack, "backup")["backup"]

    assert environment(backup)["BACKUP_BY_ROLE"] == "on"
    assert environment(backup)["BACKUP_SIGNING_KEY_FILE"] == "/tmp/signing_key"
    assert (
        backup["entryPoint"][2] == """umask 077; printf '%s\\n' "$BACKUP_SIGNING_KEY" > /tmp/signing_key; exec "$@\""""
    )
    assert backup["command"] == ["invoices", "backup"]


def test_without_backups_none_is_scheduled_and_the_database_can_still_be_made():
    stack = rented(**CLUSTER, backups="false")

    assert "Schedule" not in stack.kinds()
    assert stack.one("TaskDefinition", "backup").inputs["family"] == "invoices-backup"


def test_figures_of_each_container_are_taken_where_monitoring_is_detailed(stack):
    settings = [one.one("Cluster").inputs["settings"] for one in (stack, rented(**CLUSTER, monitoring="detailed"))]

    assert [one[0]["value"] for one in settings] == ["disabled", "enhanced"]


@pytest.mark.parametrize(
    ("size", "app", "worker"),
    [("small", ("512", "1024"), ("512", "2048")), ("large", ("1024", "4096"), ("1024", "8192"))],
)
def test_a_task_has_the_size_of_the_cluster(size, app, worker):
    stack = rented(**CLUSTER, clusterSize=size)

    found = [stack.one("TaskDefinition", kind).inputs for kind in ("app", "worker")]
    assert [(one["cpu"], one["memory"]) for one in found] == [app, worker]
