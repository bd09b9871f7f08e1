"""An upgrade looks first, tries beside, compares, and whatever fails lets the database before serve."""

import json
import re
from pathlib import Path

import pytest

from playbooks import upgrade_database
from playbooks.steps import postgresql
from playbooks.steps.session import RefusedError
from playbooks.steps.stack_settings import SETTINGS
from provisioning.host import Ran

ROOT = Path(__file__).parents[2]
AGREES = {"ok": True, "sentence": "The copy agrees in every figure, to the cent.", "figures": {"audit_head": "5" * 64}}
SERVES_OLD = ["database stops", "new archive", "database starts", "roles", "migrated", "archive", "copied"]
TRIED = ["built", "built", "backed up", "beside removed", "beside starts", "copy"]
COPIED = ["nobody writes", "app stops", "archived", "beside removed", "beside starts", "copy"]
BACK_TO_WORK = ["app starts", "all write"]


@pytest.fixture
def server(command, monkeypatch):
    """A server whose database of 50 MB is of PostgreSQL 17."""
    monkeypatch.setattr(upgrade_database, "check_public_site", lambda found, _stack: found.host.act("look at the site"))
    command.server.files[SETTINGS] = "DOMAIN=invoices.example.com\nPOSTGRESQL=17\n"
    command.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
        "test -d /opt/invoices/lock": Ran(1, ""),
        "docker ps * label=com.docker.compose.service=db *": Ran(0, "4 invoices-db-1 invoices-database:17 running\n"),
        "*pg_database_size*": Ran(0, "50000000\n"),
        "df * /var/lib/docker/volumes": Ran(0, "Avail\n9000000000\n"),  # a disk of its own where it is encrypted
        "* recover compare *": Ran(0, json.dumps(AGREES)),
    }
    return command.server


def steps(server):
    """Return what was done of that which changes the site."""
    told = {
        "build db": "built", "build backup": "built", "backup_runs.py backup": "backed up",
        "restore rm -rf -- /var/lib/postgresql/18": "beside removed",
        "restore rm -rf -- /var/lib/postgresql/17": "before removed",
        "--name invoices-upgrade": "beside starts", "pg_restore": "copy",
        "recover compare": "compared", "maintenance on": "nobody writes", "maintenance off": "all write",
        "up --detach --no-deps --no-recreate app worker": "app starts", "pg_switch_wal": "archived",
        "stop app worker": "app stops", "stop db": "database stops", "secrets --new-archive": "new archive",
        "--wait db": "database starts", "-T db bash": "roles", "-T migrate": "migrated",
        "stanza-create": "archive", "base-backup": "copied", "look at the site": "looked at",
    }  # fmt: skip
    return [name for line in server.acted for words, name in told.items() if words in line]


def upgraded(command, **options):
    return command.run(upgrade_database, "upgrade_database", **{"to": "18", **options})


def refused(command, **options):
    return command.refused(upgrade_database, "upgrade_database", **{"to": "18", **options})


def test_it_is_tried_while_the_site_serves_and_serves_once_every_figure_agrees(command, server):
    printed = upgraded(command)

    assert steps(server) == [*TRIED, *COPIED, "compared", *SERVES_OLD, *BACK_TO_WORK, "looked at"]
    assert "The copy agrees in every figure, to the cent." in printed
    assert "serves from PostgreSQL 18" in printed
    assert "POSTGRESQL=18" in server.files[SETTINGS].splitlines()


def test_the_database_of_the_new_version_is_started_from_its_own_image(command, server):
    upgraded(command)

    begun = [line for line in server.acted if "--wait db" in line or "--name invoices-upgrade" in line]
    assert all(line.startswith("env VERSION=new POSTGRESQL=18 ") for line in begun)
    assert len(begun) == 3


def test_the_images_of_the_version_before_are_kept_until_it_is_confirmed(command, server):
    upgraded(command)

    lines = server.files[upgrade_database.NOTE].splitlines()
    assert lines[1:] == [
        "invoices-database:17 invoices-database:17",
        "invoices-backup:new-postgresql17 invoices-backup:new-postgresql17",
    ]


@pytest.mark.parametrize(
    ("what", "done"),
    [
        ("* build db", ["built"]),
        ("python3 *backup_runs.py backup", ["built", "built", "backed up"]),
    ],
)
def test_what_fails_before_anything_is_beside_stops_nothing(command, server, what, done):
    server.answers[what] = Ran(1, "", "It cannot be done.")

    assert "It cannot be done." in refused(command)

    assert steps(server) == done
    assert "POSTGRESQL=17" in server.files[SETTINGS]


def test_a_copy_that_fails_when_it_is_tried_stops_nothing(command, server):
    server.answers["*pg_restore*"] = Ran(1, "", "there is no such operator class")

    assert "there is no such operator class" in refused(command)

    assert steps(server) == TRIED
    assert "docker rm --force invoices-upgrade" in server.acted[-3:]


@pytest.mark.parametrize(
    ("what", "done"),
    [
        ("*pg_switch_wal*", ["nobody writes", "app stops", "archived"]),
        ("* recover compare *", [*COPIED, "compared", "beside removed"]),
        ("* stop db", None),
    ],
)
def test_what_fails_while_nobody_writes_lets_the_database_before_serve_on(command, server, what, done):
    server.answers[what] = Ran(1, json.dumps({"ok": False, "sentence": "It differs."}), "It differs.")

    assert "It differs" in refused(command)

    assert steps(server)[-2:] == BACK_TO_WORK
    assert done is None or steps(server) == [*TRIED, *done, *BACK_TO_WORK]
    assert "POSTGRESQL=17" in server.files[SETTINGS].splitlines()
    assert upgrade_database.NOTE not in kept_notes(server)


def kept_notes(server):
    """Return the notes that were not removed after they were written."""
    last = {line.split()[-1]: line.split()[0] for line in server.acted if line.startswith(("write", "rm -f"))}
    return [path for path, verb in last.items() if verb == "write"]


@pytest.mark.parametrize(
    "fails", ["* POSTGRESQL=18 * --wait db", "* POSTGRESQL=18 *10-roles.sh", "* POSTGRESQL=18 *-T migrate"]
)
def test_a_new_version_that_does_not_serve_is_replaced_by_the_one_before_with_an_archive_of_its_own(
    command, server, fails
):
    server.answers[fails] = Ran(1, "", "It does not start.")

    assert "It does not start." in refused(command)

    assert steps(server)[-10:] == [*SERVES_OLD, "beside removed", *BACK_TO_WORK]
    assert "POSTGRESQL=17" in server.files[SETTINGS].splitlines()


@pytest.mark.parametrize(
    ("answers", "to", "sentence"),
    [
        ({}, "17", "its database is of PostgreSQL 17; 17 is not a newer version"),
        ({}, "newest", "its database is of PostgreSQL 17; newest is not a newer version"),
        ({"*pg_database_size*": Ran(0, "21000000000\n")}, "18", "its database has 21.0 GB, and this copies at most 20"),
        (
            {"df * /var/lib/docker/volumes": Ran(0, "Avail\n900000000\n")},
            "18",
            "a second database takes up to 1.1 GB, and 0.9 are free",
        ),
        ({"docker ps * label=com.docker.compose.service=db *": Ran(0, "")}, "18", "the db does not run"),
    ],
)
def test_what_would_end_badly_is_refused_before_anything_is_done(command, server, answers, to, sentence):
    server.answers |= answers

    assert sentence in refused(command, to=to)
    assert server.acted == []


def test_a_rehearsal_only_looks(command, server):
    assert "it would be done, and nothing was" in upgraded(command, dry_run=True)
    assert server.acted == []


@pytest.fixture
def done(command, server):
    """The server after an upgrade to 18, since which nothing was entered."""
    upgraded(command)
    server.acted.clear()
    server.answers["*audit_entries*"] = Ran(0, "0\n")
    return server


def test_a_second_upgrade_waits_until_the_first_is_confirmed(command, done):
    assert "the database before the last upgrade is still kept" in refused(command, to="19")


def test_the_version_before_is_returned_to_while_nothing_was_entered(command, done):
    printed = upgraded(command, back=True)

    assert steps(done) == [
        "nobody writes", "app stops", *SERVES_OLD, *BACK_TO_WORK, "looked at", "beside removed",
    ]  # fmt: skip
    assert "POSTGRESQL=17" in done.files[SETTINGS].splitlines()
    assert "serves from PostgreSQL 17 again" in printed


def test_a_way_back_that_fails_lets_the_new_version_serve_on_and_can_be_tried_again(command, done):
    done.answers["* POSTGRESQL=17 *10-roles.sh"] = Ran(1, "", "It does not start.")

    assert "It does not start." in refused(command, back=True)

    assert steps(done)[-9:] == [*SERVES_OLD, *BACK_TO_WORK]
    assert "POSTGRESQL=18" in done.files[SETTINGS].splitlines()
    assert f"rm -f -- {upgrade_database.NOTE}" not in done.acted


def test_a_release_that_was_deployed_since_can_be_backed_up_with_the_version_before(command, done):
    done.answers["docker image inspect * invoices-backup:new-postgresql17"] = Ran(1, "")

    upgraded(command, back=True)

    built = next(line for line in done.acted if line.endswith("build backup"))
    assert built.startswith("env VERSION=new POSTGRESQL=17 ")
    assert steps(done)[:2] == ["built", "nobody writes"]


def test_settings_that_a_failed_deploy_left_are_still_to_be_applied(command, server):
    server.answers["cmp --silent *"] = Ran(1, "")

    upgraded(command)

    assert not any(line.startswith("cp --preserve") for line in server.acted)


def test_what_was_entered_since_is_counted_and_not_lost(command, done):
    done.answers["*audit_entries*"] = Ran(0, "3\n")

    assert "since the upgrade 3 entries came into the audit" in refused(command, back=True)

    assert steps(done) == ["nobody writes", "app stops", *BACK_TO_WORK]


def test_a_note_that_is_damaged_is_no_statement(command, done):
    done.files[upgrade_database.NOTE] = done.files[upgrade_database.NOTE].replace("5" * 64, "' OR 1=1; --")

    assert "is damaged: it names no seal of the audit." in refused(command, back=True)
    assert steps(done) == ["nobody writes", "app stops", *BACK_TO_WORK]


def test_the_database_of_the_version_before_is_removed_once_that_is_confirmed(command, done):
    upgraded(command, confirm=True)

    assert steps(done) == ["before removed"]
    assert f"rm -f -- {upgrade_database.NOTE}" in done.acted


@pytest.mark.parametrize("options", [{"back": True}, {"confirm": True}])
def test_without_an_upgrade_there_is_nothing_to_return_to_or_to_confirm(command, server, options):
    assert "no database of a version before is kept" in refused(command, **options)


def test_two_things_at_once_are_refused(command, server):
    assert refused(command, back=True, confirm=True) == "Say only one of --back and --confirm."


def test_the_newest_version_is_the_one_that_the_stack_is_made_of():
    files = [ROOT / "docker-compose.yml", *(ROOT / "stack").glob("*/Dockerfile")]
    text = "".join(path.read_text() for path in files)

    assert set(re.findall(r"(?:POSTGRESQL:-|ARG POSTGRESQL=)(\d+)", text)) == {postgresql.NEWEST}


def test_no_file_of_the_stack_names_a_version_of_postgresql_but_as_that_default():
    files = [
        ROOT / "docker-compose.yml",
        *(path for path in (ROOT / "stack/database").iterdir()),
        ROOT / "stack/backup/Dockerfile",
    ]

    assert [path.name for path in files if re.search(r"(postgres(ql)?|database)[:/-]\d", path.read_text())] == []


def test_a_server_keeps_its_version_whatever_is_deployed(server):
    server.files[SETTINGS] = "POSTGRESQL=15\n"

    assert postgresql.wanted(server, {}) == "15"


def test_the_first_deploy_takes_the_version_that_was_chosen(server):
    server.files.pop(SETTINGS)

    assert postgresql.wanted(server, {"POSTGRESQL": "16"}) == "16"
    assert postgresql.wanted(server, {}) == "17"


def test_another_version_in_server_env_is_refused_once_there_is_a_database(server):
    with pytest.raises(RefusedError, match=r"server\.env: POSTGRESQL=18, but the database of .* is of PostgreSQL 17"):
        postgresql.wanted(server, {"POSTGRESQL": "18"})
