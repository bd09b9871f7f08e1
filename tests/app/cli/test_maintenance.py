"""`invoices maintenance on, off`: with or without a database."""

import pytest
from typer.testing import CliRunner

from app.cli import commands
from app.maintenance import MaintenanceMode


@pytest.fixture
def maintenance(tmp_path):
    return MaintenanceMode(tmp_path / "data")


@pytest.fixture
def invoices(maintenance, monkeypatch):
    """Run `invoices maintenance` where no database answers."""
    monkeypatch.setenv("DATA_DIR", str(maintenance.data_dir))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    def run(*words):
        result = CliRunner().invoke(commands, ["maintenance", *words], catch_exceptions=False)
        return result.exit_code, result.output

    return run


def test_it_is_said_that_nothing_is_written_and_until_when(invoices, maintenance):
    code, printed = invoices("on", "--minutes", "15", "--why", " a  restore ")

    until = maintenance.current.until
    assert (code, printed) == (
        0,
        f"Nothing is written from now on. Users are told that it is over at about {until:%H:%M} UTC.\n",
    )
    assert maintenance.current.why == "a restore"


def test_it_ends(invoices, maintenance):
    invoices("on", "--minutes", "15")

    assert invoices("off") == (0, "Everything can be written again.\n")
    assert maintenance.current is None


def test_to_end_what_has_not_begun_is_no_failure(invoices):
    assert invoices("off") == (0, "There was no maintenance.\n")


def test_it_does_not_begin_while_something_is_written(invoices, maintenance):
    with maintenance.writing():
        code, printed = invoices("on", "--minutes", "15", "--wait", "0")

    assert (code, printed) == (
        1,
        "A request or a job was still writing after that time, so nothing was changed: wait until it has ended, or "
        "give it more by --wait.\n",
    )
    assert maintenance.current is None
