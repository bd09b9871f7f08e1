"""`invoices recover`: what `fab restore` and `fab move` run beside the database reports one object, and no false ok."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from support import command_line
from support.audit_entries import audit_entries_removable
from support.records import a_customer, a_user, an_invoice

from app.backups import recovery
from app.backups.n8n import N8nFigures
from app.backups.refusals import BackupError
from app.cli.recovery import _archive_of
from app.settings import BackupSettings
from app.store.access import audit, audit_chain
from app.store.db import database, tables
from app.store.db.transactions import transaction

ARCHIVE = {
    "BACKUP_PLACE": "file:///nowhere",
    "BACKUP_REPOSITORY": "r2",
    "BACKUP_CIPHER": "two",
    "BACKUP_ARCHIVES_BEFORE": '[{"name": "r1", "cipher": "one", "until": "2026-11-28T09:00:00+00:00"}]',
}


@pytest.fixture
def volume(tmp_path):
    (tmp_path / "volume/data").mkdir(parents=True)
    return tmp_path / "volume"


@pytest.fixture
def recover(tmp_path, volume):
    """Run a command of a server, and return its exit code and what it reported."""

    def run(*words, given="{}", **changed):
        environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), **ARCHIVE, **changed}
        done = command_line.run(environment, "recover", *words, says=given)
        return done.returncode, json.loads(done.stdout)

    return lambda *words, **given: run(*words, "--volume", volume, **given)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("yesterday", "'yesterday' is no moment, such as 2026-11-28T09:05:00Z."),
        ("2026-11-28T09:05:00", "'2026-11-28T09:05:00' does not say its zone: add Z for UTC, or such as +01:00."),
        (
            "2999-01-01T00:00:00Z",
            "2999-01-01T00:00:00+00:00 is still to come: without --at the newest state is restored.",
        ),
    ],
)
def test_a_moment_that_cannot_be_meant_is_refused(recover, at, sentence):
    code, report = recover("beside", "--at", at)

    assert (code, report["ok"], report["sentence"]) == (1, False, sentence)


def test_a_setting_that_is_missing_is_named(recover):
    code, report = recover("beside", BACKUP_CIPHER="")

    assert (code, report["ok"]) == (1, False)
    assert report["sentence"].startswith("BACKUP_CIPHER is not set: ")


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("swap", "Nothing was restored that could take the place of the database."),
        ("back", "Nothing is kept of a database before this one: there is nothing to go back to."),
    ],
)
def test_what_there_is_not_is_not_put_in_place(recover, verb, sentence):
    code, report = recover(verb, "--name", "now")

    assert (code, report["ok"], report["sentence"]) == (1, False, sentence)


def test_what_was_restored_is_put_in_place_named_gone_back_from_and_forgotten(recover, volume):
    (volume / "restored/data").mkdir(parents=True)
    (volume / "restored/complete").touch()

    assert recover("swap", "--name", "one")[1]["sentence"] == "What was restored is in its place."
    assert recover("kept")[1]["kept"] == ["before-one"]
    assert recover("back", "--name", "two")[1]["sentence"] == "What was there before is in its place again."
    assert recover("forget")[1]["sentence"] == "Removed: undone-two."
    assert recover("forget")[1]["sentence"] == "Nothing was kept."


def test_what_was_not_taken_is_removed(recover, volume):
    (volume / "restored/data").mkdir(parents=True)

    assert recover("discard")[0] == 0
    assert [path.name for path in volume.iterdir()] == ["data"]


def archive_of(moment):
    return _archive_of(moment, BackupSettings.from_environment(ARCHIVE))


def test_a_moment_is_looked_for_in_the_archive_that_was_written_to_then():
    ended = datetime(2026, 11, 28, 9, tzinfo=UTC)

    assert archive_of(ended - timedelta(seconds=1)) == ("r1", "one")
    assert archive_of(ended) == ("r2", "two")
    assert archive_of(None) == ("r2", "two")


@pytest.fixture
def handed_over(postgresql_url, tmp_path):
    def run(**changed):
        environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "DATABASE_URL": postgresql_url, **ARCHIVE}
        done = command_line.run(environment | changed, "recover", "handover")
        return done.returncode, json.loads(done.stdout)

    return run


def test_a_server_hands_over_its_archives_and_what_it_holds(postgresql_url, handed_over):
    with database.opened_beside(postgresql_url):
        an_invoice("1", a_customer("C1"))

    code, report = handed_over()

    assert (code, report["ok"]) == (0, True)
    assert (report["repository"], report["cipher"]) == ("r2", "two")
    assert [one["name"] for one in report["archives_before"]] == ["r1"]
    assert report["figures"]["audit"] == {"entries": 0, "head": audit_chain.BEGINNING, "problem": ""}
    assert ["C1", "USD", 100_00] in report["figures"]["outstanding"][report["figures"]["today"]]


def test_a_server_without_an_archive_hands_nothing_over(handed_over):
    code, report = handed_over(BACKUP_REPOSITORY="")

    assert code == 1
    assert report["sentence"].startswith("BACKUP_REPOSITORY is not set: ")


def test_a_server_whose_audit_is_broken_hands_nothing_over(postgresql_url, handed_over, broken_audit):
    broken_audit(postgresql_url)

    code, report = handed_over()

    assert (code, report["ok"]) == (1, False)
    assert report["sentence"].startswith("The audit is broken at entry 1: what it says is not what was sealed: ")


@pytest.fixture
def broken_audit():
    """Return a function that writes an entry of the audit, and writes over it past the app."""

    def write_over(url):
        with database.opened_beside(url):
            with transaction():
                audit.append(a_user(), "invoice.edited", "invoice:1", now=datetime(2026, 3, 2, tzinfo=UTC))
            with audit_entries_removable(tables.database.obj):
                tables.AuditEntryModel.update(subject="invoice:2").execute()

    return write_over


def test_a_copy_on_another_server_that_holds_the_same_agrees(postgresql_url, tmp_path):
    with database.opened_beside(postgresql_url):
        an_invoice("1", a_customer("C1"))

    code, report = compared(postgresql_url, tmp_path, urlsplit(postgresql_url).hostname)

    assert (code, report["sentence"]) == (0, "The copy agrees in every figure, to the cent.")
    assert report["figures"]["outstanding"] == {"USD": 100_00}


def test_figures_are_those_of_the_database_or_of_its_copy_on_another_server(postgresql_url, tmp_path):
    with database.opened_beside(postgresql_url):
        an_invoice("1", a_customer("C1"))
    host = urlsplit(postgresql_url).hostname

    (code, own), (_, of_copy) = figures(postgresql_url, tmp_path), figures(postgresql_url, tmp_path, "--host", host)

    assert (code, own["ok"], own["sentence"]) == (0, True, "It can be read, and its audit is whole.")
    assert own["figures"]["outstanding"] == {"USD": 100_00}
    assert of_copy["figures"] == own["figures"]


def test_figures_of_a_database_whose_audit_is_broken_are_refused(postgresql_url, tmp_path, broken_audit):
    broken_audit(postgresql_url)

    code, report = figures(postgresql_url, tmp_path)

    assert (code, report["ok"]) == (1, False)
    assert report["sentence"].startswith("The audit is broken at entry 1: ")


@pytest.fixture
def with_n8n(postgresql_url):
    """n8n's database on the same server, with one workflow."""
    server = postgresql_url.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE n8n")
    with psycopg.connect(f"{server}/n8n", autocommit=True) as n8n:
        n8n.execute("CREATE TABLE credentials_entity (id text); CREATE TABLE workflow_entity (id text)")
        n8n.execute("CREATE TABLE instance_version_history (id serial, major int, minor int, patch int)")
        n8n.execute("INSERT INTO workflow_entity VALUES ('invoices-inbox')")
    yield
    with psycopg.connect(f"{server}/postgres", autocommit=True) as superuser:
        superuser.execute("DROP DATABASE n8n WITH (FORCE)")


@pytest.mark.usefixtures("with_n8n")
def test_a_server_with_n8n_hands_over_what_that_holds_as_well(handed_over):
    _, report = handed_over()

    assert report["n8n"]["tables"] == {"credentials_entity": 0, "instance_version_history": 0, "workflow_entity": 1}


@pytest.mark.usefixtures("with_n8n")
def test_a_copy_is_compared_with_n8n_s_database_as_well(postgresql_url, tmp_path):
    code, report = compared(postgresql_url, tmp_path, urlsplit(postgresql_url).hostname)

    assert (code, report["sentence"]) == (0, "The copy agrees in every figure, to the cent.")


def test_a_copy_that_lacks_a_workflow_of_n8n_is_refused():
    with pytest.raises(BackupError) as told:
        recovery._refuse_other_n8n(
            N8nFigures("2.40.7", {"workflow_entity": 1}), N8nFigures("2.40.7", {}), "What the copy holds"
        )

    assert str(told.value) == (
        "What the copy holds is not what was there: The table workflow_entity of n8n had 1 row, now 0."
    )


def test_a_copy_on_a_server_that_does_not_answer_is_no_copy(postgresql_url, tmp_path):
    code, report = compared(postgresql_url, tmp_path, "nobody.invalid")

    assert (code, report["ok"]) == (1, False)


def compared(url, tmp_path, host):
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "DATABASE_URL": url, **ARCHIVE}
    done = command_line.run(environment, "recover", "compare", "--host", host)
    return done.returncode, json.loads(done.stdout)


def figures(url, tmp_path, *words):
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "DATABASE_URL": url}
    done = command_line.run(environment, "recover", "figures", *words)
    return done.returncode, json.loads(done.stdout)
