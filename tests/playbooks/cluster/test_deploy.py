"""A deploy of a cluster: images by digest, at first a secret and a database, then tasks of the version, or none."""

import pytest
from support.rented_cluster import stored

from playbooks.steps import backup_key

NAMES = {
    "SECRET_KEY", "SECRET_KEYS_BEFORE", "APP_DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL",
    "BACKUP_DATABASE_URL", "SMTP_URL", "OIDC_CLIENT_SECRET", "BACKUP_SIGNING_KEY",
    "BACKUP_RECIPIENT",
}  # fmt: skip


def test_the_first_deploy_prints_the_first_admin(deployed):
    assert "admin@invoices.example.com can sign in as admin." in deployed.first
    assert "The password, shown only now: " in deployed.first
    assert "https://invoices.example.com serves v1." in deployed.first


def test_the_password_of_the_first_admin_is_in_no_log(deployed):
    password = deployed.first.partition("shown only now: ")[2].split()[0]
    logs = deployed.cluster.aws.client("logs")

    kept = logs.filter_log_events(logGroupName=deployed.cluster.settings.log_group)["events"]

    assert len(kept) > 1
    assert [event for event in kept if password in event["message"]] == []


def test_the_first_deploy_fills_the_secret_and_the_second_leaves_it(deployed):
    assert set(deployed.secret_of_first) == NAMES
    assert stored(deployed.cluster) == deployed.secret_of_first


def test_roles_reach_the_database_of_rds_over_tls_by_passwords_that_nobody_chose(deployed):
    address, _, rest = stored(deployed.cluster)["APP_DATABASE_URL"].partition("@")

    assert address.startswith("postgresql://invoices_app:")
    assert len(address.rpartition(":")[2]) == 32
    assert rest == "invoices.1.us-east-1.rds.amazonaws.com:5432/invoices?sslmode=require"


def test_backups_are_encrypted_to_a_key_that_only_the_operator_has_and_it_notes_who_signs_them(deployed):
    path = deployed.cluster.folder / "invoices.example.com.backup-key"
    values = stored(deployed.cluster)

    assert values["BACKUP_RECIPIENT"] == str(backup_key.private(path).to_public())
    assert path.read_text().splitlines()[1] not in str(values)
    assert [signer.split()[0] for signer in backup_key.signers(path)] == ["ssh-ed25519"]
    assert f"{path} was made: without it no backup can be read." in deployed.first


def test_tasks_get_the_settings_that_the_operator_chose_and_none_of_a_machine_s(deployed):
    ecs = deployed.cluster.aws.client("ecs")
    revision = deployed.cluster.service("invoices-worker")["taskDefinition"]
    (worker,) = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]["containerDefinitions"]
    variables = {one["name"]: one["value"] for one in worker["environment"]}

    assert variables["MAIL_FROM"] == "office@example.com"
    assert "DB_MEMORY" not in variables


def test_database_and_roles_are_made_by_the_first_deploy_only(deployed):
    assert deployed.cluster.set_up == 1


def test_a_second_deploy_without_migrations_makes_no_snapshot(deployed):
    assert "Back up the database" not in deployed.second
    assert deployed.cluster.aws.client("rds").describe_db_snapshots()["DBSnapshots"] == []


def test_what_runs_is_named_by_digest(deployed):
    images = deployed.cluster.images_of("invoices-app")

    assert {name: image.partition("@")[0].rpartition("/")[2] for name, image in images.items()} == {
        "app": "app", "proxy": "proxy"
    }  # fmt: skip
    assert all("@sha256:" in image for image in images.values())


def test_as_many_tasks_run_as_the_size_says(deployed):
    counts = {name: deployed.cluster.service(name)["runningCount"] for name in ("invoices-app", "invoices-worker")}

    assert counts == {"invoices-app": 2, "invoices-worker": 1}


def test_the_tags_of_a_revision_are_those_of_the_one_before(deployed):
    described = deployed.cluster.aws.client("ecs").describe_task_definition(
        taskDefinition=deployed.cluster.service("invoices-app")["taskDefinition"], include=["TAGS"]
    )

    assert described["tags"] == [{"key": "project", "value": "invoices"}]


def test_the_site_is_asked_at_the_balancer_by_its_name(deployed):
    assert deployed.checked[0] == ("invoices-1.us-east-1.elb.amazonaws.com", "invoices.example.com")


def test_images_are_built_once_for_each_version_and_the_sign_in_is_not_left_behind(deployed):
    commands = deployed.cluster.docker_commands

    assert len([line for line in commands if line.startswith("push ")]) == 6
    assert len([line for line in commands if line.startswith("compose --profile * build")]) == 4
    assert [line for line in commands if line.startswith("login")] == [
        "login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com"
    ] * 2  # fmt: skip


def test_what_serves_already_is_left_alone(deployed):
    before = deployed.cluster.service("invoices-app")["taskDefinition"]

    assert "v2 serves already, and nothing else changed." in deployed.deploy("v2")
    assert deployed.cluster.service("invoices-app")["taskDefinition"] == before


def test_a_rehearsal_says_what_would_be_done_and_does_nothing(deployed):
    printed = deployed.deploy("v3", dry_run=True)

    assert "v3 would serve in place of v2:" in printed
    assert "built here, pushed, backed up and migrated where migrations are pending" in printed
    assert not [line for line in deployed.cluster.docker_commands if "v3" in line]


def test_without_docker_a_deploy_says_what_is_missing_before_anything_is_done(deployed, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    deployed.version = "v4"

    assert deployed.refused("deploy") == (
        "invoices: the images are built on this machine, and it has no Docker: install Docker with its Compose, or "
        "deploy from a machine that has them."
    )
    assert "nobody holds the lock" in deployed.run("lock")


def test_a_version_that_does_not_start_is_told_with_its_reason_and_the_one_before_serves_on(deployed):
    before = deployed.cluster.service("invoices-app")["taskDefinition"]
    deployed.version = "v5"
    deployed.cluster.break_version("v5")

    told = deployed.refused("deploy")

    assert told.startswith("invoices: v5 does not become ready, and the version before serves on: ")
    assert "app ended with 1, after 'The database cannot be reached.'" in told
    assert deployed.cluster.service("invoices-app")["taskDefinition"] == before
    assert "failed: invoices: v5 does not become ready" in deployed.run("status")


@pytest.mark.parametrize("name", ["app", "worker"])
def test_status_names_each_service(deployed, name):
    assert f"invoices-{name}" in deployed.run("status")
