"""`invoices report statuses, mail-report`: what the server tells of itself each week and month."""

import json

import pytest
from support import records
from support.mail_server import Inbox, mail_server
from typer.testing import CliRunner

from app.cli import commands
from app.domain.permissions import Role
from app.store.access import users


@pytest.fixture
def invoices(sqlite, tmp_path, monkeypatch):
    """Return a function that runs a command on the open database, with text on its standard input."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{sqlite.database}")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def run(*words, text=""):
        done = CliRunner().invoke(commands, words, input=text)
        return done.exit_code, done.output

    return run


def test_invoices_are_counted_by_status(invoices):
    records.a_payment(records.an_invoice("1001"), 40_00)
    records.an_invoice("1002", records.a_customer("C2"))

    _code, printed = invoices("report", "statuses", "--as-of", "2026-01-20", "--json")

    found = json.loads(printed)
    assert found["as_of"] == "2026-01-20"
    assert {name: count for name, count in found["statuses"].items() if count} == {"partial": 1, "open": 1}


def test_statuses_are_printed_as_a_table(invoices):
    records.an_invoice("1001")

    code, printed = invoices("report", "statuses", "--as-of", "2026-01-10")

    assert code == 0
    assert "Overdue" in printed


@pytest.fixture
def inbox(monkeypatch):
    inbox = Inbox()
    with mail_server(inbox) as url:
        monkeypatch.setenv("SMTP_URL", url)
        monkeypatch.setenv("MAIL_FROM", "invoices@example.com")
        yield inbox


def test_a_report_is_mailed_to_each_admin_and_nobody_else(invoices, inbox):
    records.a_user("ann@example.com")
    records.a_user("bob@example.com", role=Role.VIEWER)
    users.set_active(records.a_user("eve@example.com").id, active=False)

    assert invoices("mail-report", "--subject", "Weekly report", text="All is well.\n") == (
        0, "Mailed to ann@example.com.\n",
    )  # fmt: skip
    ((to, mail),) = inbox.mails
    assert (to, mail["Subject"], mail.get_content().strip()) == (["ann@example.com"], "Weekly report", "All is well.")


def test_without_a_mail_server_a_report_is_refused_with_what_to_do(invoices):
    assert invoices("mail-report", "--subject", "x") == (
        1, "No mail server is set up: `fab secrets --mail` asks for one.\n",
    )  # fmt: skip


def test_a_mail_server_that_refuses_is_told(invoices, inbox):
    records.a_user("ann@example.com")
    inbox.answer = "550 no"

    code, printed = invoices("mail-report", "--subject", "x", text="text")

    assert (code, printed.startswith("The report cannot be mailed: ")) == (1, True)
