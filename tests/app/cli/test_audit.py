"""`invoices audit verify`: 0 and the seal where the record holds, 1 and the first entry where it does not."""

import json

import pytest
from support.audit_entries import audit_entries_removable
from support.records import a_user
from typer.testing import CliRunner

from app.cli import commands
from app.store.access import audit, audit_chain
from app.store.db import tables
from app.store.db.transactions import transaction


@pytest.fixture
def invoke(database, database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    # The command opens the database that the test has open: opening it again would close it below the fixture.
    monkeypatch.setattr("app.cli.opening.database.open_database", lambda _, **_options: None)
    return lambda *words: CliRunner().invoke(commands, ["audit", "verify", *words])


@pytest.fixture
def head(database, now):
    user = a_user()
    with transaction():
        for number in range(3):
            audit.append(user, "invoice.edited", f"invoice:{number}", before={}, after={}, now=now)
    return audit_chain.verify().head


def test_a_record_that_holds_is_told_with_its_seal(invoke, head):
    result = invoke()

    assert result.exit_code == 0
    assert result.stdout == f"All 3 entries are as they were written. The seal of the last:\n{head}\n"


def test_the_first_entry_that_breaks_the_record_is_named(invoke, head, database):
    with audit_entries_removable(database):
        tables.AuditEntryModel.update(actor="Bob").where(tables.AuditEntryModel.id == 2).execute()

    result = invoke()

    assert result.exit_code == 1
    assert result.stderr == "Entry 2 breaks the record: what it says is not what was sealed.\n"


def test_a_seal_that_was_noted_is_looked_for(invoke, head, database):
    assert invoke("--head", head.upper()).exit_code == 0
    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id == 3).execute()

    result = invoke("--head", head)

    assert result.exit_code == 1
    assert result.stderr.startswith("The seal that was noted is no part of the record")


def test_a_program_reads_the_same_as_json(invoke, head, database):
    assert json.loads(invoke("--json").stdout) == {
        "holds": True,
        "entries": 3,
        "head": head,
        "broken": None,
        "has_noted_head": True,
    }
    with audit_entries_removable(database):
        tables.AuditEntryModel.delete().where(tables.AuditEntryModel.id == 1).execute()

    broken = invoke("--json")

    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["broken"] == {
        "entry": 2,
        "reason": "it does not follow the entry before it: one was removed, added or moved",
    }
