"""The everyday commands on a cluster: what serves, what it printed, its command line, users, workbooks, the lock."""

import pytest
from support.rented_cluster import register
from support.workbooks import AN_INVOICE, invoices_tab, workbook

from playbooks.cluster import lock, notes, releases
from playbooks.steps.session import RefusedError


@pytest.fixture
def found(deployed):
    """The session of a command."""
    return deployed.session()


def test_status_shows_services_database_and_the_last_deploys(deployed):
    printed = deployed.run("status")

    assert "https://invoices.example.com of invoices serves v2." in printed
    assert "Kept releases: v2, v1." in printed
    assert "Database invoices: available, db.t4g.small, in two zones" in printed
    assert "deploy v2 serves, before it v1" in printed


def test_a_one_off_task_prints_what_its_command_does(deployed):
    assert "admin@invoices.example.com" in deployed.run("console", command="invoices users")


def test_a_command_that_fails_is_told_with_its_code(deployed):
    told = deployed.refused("console", command="echo it is broken; exit 3")

    assert told == "invoices: the command ended with 3."
    assert deployed.printed == "it is broken\n"


def test_a_terminal_is_refused_with_what_there_is(deployed):
    assert deployed.refused("console") == (
        "invoices: a cluster has no terminal: name a command, such as `fab console --command 'invoices users'`."
    )


def test_a_user_gets_a_password_that_no_log_keeps(deployed):
    printed = deployed.run("create_user", email="ann@example.com", role="accountant")

    password = printed.partition("shown only now: ")[2].strip()
    kept = deployed.cluster.aws.client("logs").filter_log_events(logGroupName=deployed.cluster.settings.log_group)
    assert printed.startswith("ann@example.com can sign in as accountant.\n")
    assert len(password) > 10
    assert [event for event in kept["events"] if password in event["message"]] == []


def test_a_workbook_is_read_by_a_task_and_taken_out_of_the_bucket_again(deployed, tmp_path):
    path = workbook(tmp_path, invoices_tab(AN_INVOICE), name="my book.xlsx")

    printed = deployed.run("import_workbook", file=str(path))

    listed = deployed.cluster.aws.client("s3").list_objects_v2(
        Bucket=deployed.cluster.settings.files_bucket, Prefix="imports/"
    )
    assert printed.endswith("Nothing was written; --apply imports it.\n")
    assert listed["KeyCount"] == 0


def test_a_workbook_that_is_none_imports_nothing(deployed, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(b"not a workbook")

    assert deployed.refused("import_workbook", file=str(tmp_path / "book.xlsx"), apply=True) == "Nothing was imported."


def test_logs_are_those_of_a_container_of_a_kind(deployed):
    deployed.run("console", command="echo req-7 was asked; echo req-8 was not")

    printed = deployed.run("logs", service="once", grep="req-7")

    (line,) = [line for line in printed.splitlines() if "was asked" in line]
    assert line.startswith("once-")
    assert "req-8" not in printed


def test_logs_in_which_nothing_is_found_say_so(deployed):
    assert deployed.run("logs", service="worker", grep="req-9", since="2h") == (
        "invoices: of the lines of worker that are kept, none holds 'req-9' and is of the last 2h.\n"
    )


def test_logs_of_what_is_not_there_name_what_is(deployed):
    assert deployed.refused("logs", service="db") == (
        "invoices: there is no container of 'db'; there are app, backup, once, proxy, worker."
    )


def test_two_operators_never_change_a_cluster_at_once(found):
    with lock.held(found, "deploy abc"), pytest.raises(RefusedError) as told:
        lock.acquire(found, "deploy def")

    assert "holds the lock since" in str(told.value)
    assert "for: deploy abc. Wait for it to end" in str(told.value)
    assert lock.holder(found) == ""


def test_a_lock_whose_answer_was_lost_is_held_all_the_same(found):
    noted = {"who": "ann@laptop", "what": "deploy abc", "since": "now", "id": "1"}
    notes.write(found, "lock", noted)

    assert notes.is_created(found, "lock", noted)
    assert not notes.is_created(found, "lock", noted | {"id": "2"})
    lock.release(found)


def test_the_lock_is_shown_taken_and_given_back(deployed):
    assert "nobody holds the lock" in deployed.run("lock")
    assert "holds the lock since" in deployed.run("lock", acquire="repairing")
    assert deployed.run("lock", release=True) == "invoices: nobody holds the lock.\n"


def test_a_backup_is_a_snapshot_that_backups_lists(deployed):
    made = deployed.run("backup", base=True)

    name = made.partition("The snapshot ")[2].partition(" was made.")[0]
    assert name.startswith("invoices-20")
    assert name in deployed.run("backups")


def test_controls_of_the_database_are_kept(deployed):
    printed = deployed.run("verify", only="database is")

    assert "database is in two zones" in printed
    assert "Every control is kept." in printed


def test_a_control_that_is_not_kept_ends_with_1(deployed):
    with pytest.raises(SystemExit, match="1 of 1 controls are not kept"):
        deployed.run("verify", only="versions")

    assert "versions of invoices-files-1 are off" in deployed.printed


def test_images_of_both_services_are_named_by_digest(deployed):
    assert "Every control is kept." in deployed.run("verify", only="digest")


def test_other_settings_of_pulumi_are_deployed_with_the_same_version(deployed, found):
    register(deployed.cluster, "invoices-app", ("app", "proxy"), LEAVE_SECONDS="5")

    printed = deployed.deploy("v2")

    ecs = deployed.cluster.aws.client("ecs")
    revision = ecs.describe_task_definition(taskDefinition=deployed.cluster.service("invoices-app")["taskDefinition"])
    variables = revision["taskDefinition"]["containerDefinitions"][0]["environment"]
    assert {"name": "LEAVE_SECONDS", "value": "5"} in variables
    assert "serves already" not in printed


def test_a_rehearsed_rollback_only_says_which(deployed):
    assert "v1 would serve in place of v2." in deployed.run("rollback", dry_run=True)


def test_a_rollback_to_what_is_not_kept_names_what_is(deployed):
    assert deployed.refused("rollback", to="v0") == "invoices: v0 is not kept; kept are v1."


def test_a_rollback_beyond_a_migration_is_refused(deployed, found):
    (v1,) = [one for one in releases.served(found) if one.version == "v1"]
    releases.write(found, releases.ClusterRelease(**{**_fields(v1), "migrations": []}))

    told = deployed.refused("rollback")

    releases.write(found, v1)
    assert "since v1 the database was migrated, which that release does not know (0001_tables)" in told


def test_a_rollback_lets_the_version_before_serve_and_is_not_chosen_again(deployed, found):
    v1 = next(one for one in releases.served(found) if one.version == "v1")

    printed = deployed.run("rollback")

    assert "https://invoices.example.com serves v1 again." in printed
    assert deployed.cluster.service("invoices-app")["taskDefinition"] == v1.revisions["invoices-app"]
    assert [(one.version, one.is_left) for one in releases.served(found)] == [("v2", True), ("v1", False)]


def _fields(release):
    return {name: getattr(release, name) for name in release.__dataclass_fields__}
