"""Starting the product: what `invoices demo` and `invoices serve` say and refuse."""

import re
import socket
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from app.cli import commands
from app.domain.firm import Firm
from app.store.db import database
from app.store.ledger import firm

DATA_OF_SOMEBODY = "This database is in use: the demo only fills an empty one (choose another DATA_DIR)."


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    """Run a command of `invoices` over a data folder of this test's own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run(*arguments):
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    return run


@pytest.fixture
def taken_port(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        monkeypatch.setenv("PORT", str(listener.getsockname()[1]))
        yield listener.getsockname()[1]


def password_in(output):
    return re.search(r"with the password (\S+)", output)[1]


def test_the_demo_fills_an_empty_database_and_prints_a_sign_in(invoices):
    result = invoices("demo")

    assert result.exit_code == 0
    assert "Imported demo-receivables.xlsx: 491 rows." in result.output
    assert "as demo@example.com with the password" in result.output


def test_the_demo_is_of_a_firm_with_an_address_and_an_account(invoices, tmp_path):
    invoices("demo")

    opened = database.open_database(f"sqlite:///{tmp_path}/data/invoices.sqlite3")
    with database.connection():
        found = firm.current(Firm("USD", ZoneInfo("UTC")))
    opened.close()
    assert (found.name, found.address) == ("Harbor Lane Supplies", "12 Harbor Lane\nPort Example, ME 04100")


def test_the_second_demo_imports_nothing_and_makes_a_new_password(invoices):
    first = invoices("demo")

    second = invoices("demo")

    assert "Imported" not in second.output
    assert password_in(second.output) != password_in(first.output)


def test_the_demo_leaves_a_database_in_use_alone(invoices):
    invoices("create-user", "--email", "ann@example.com", "--role", "admin")

    result = invoices("demo")

    assert result.exit_code == 1
    assert DATA_OF_SOMEBODY in result.output


@pytest.mark.parametrize("command", [["serve"], ["demo", "--serve"]], ids=["serve", "demo"])
def test_a_taken_port_is_said_plainly(invoices, taken_port, command):
    result = invoices(*command)

    assert result.exit_code == 1
    assert f"Port {taken_port} on 127.0.0.1 is taken by another program: stop that program" in result.output
    assert "with the password" not in result.output


def test_health_says_that_a_new_database_is_not_up_to_date(invoices):
    result = invoices("health")

    assert result.exit_code == 1
    assert "run `invoices migrate`" in result.output


def test_health_after_migrating(invoices):
    invoices("migrate")

    assert invoices("health").output == "The database answers and is up to date.\n"


def test_migrations_that_are_still_to_come_are_listed_and_not_applied(invoices):
    first, again = invoices("migrate", "--pending"), invoices("migrate", "--pending")

    assert first.output.splitlines() == ["0001_tables"]
    assert again.output == first.output


def test_nothing_is_listed_once_every_migration_is_applied(invoices):
    invoices("migrate")

    assert invoices("migrate", "--pending").output == ""


def test_migrations_that_were_applied_are_listed(invoices):
    before = invoices("migrate", "--applied").output
    invoices("migrate")

    assert (before, invoices("migrate", "--applied").output) == ("", "0001_tables\n")


def test_what_is_to_come_and_what_was_applied_are_not_listed_at_once(invoices):
    refused = invoices("migrate", "--pending", "--applied")

    assert (refused.exit_code, refused.output) == (1, "Say only one of --pending and --applied.\n")


def test_a_user_without_a_given_password_gets_one_that_is_shown_once(invoices):
    result = invoices("create-user", "--email", "ann@example.com", "--role", "viewer")

    assert "ann@example.com can sign in as viewer." in result.output
    assert len(result.output.split("shown only now: ")[1].strip()) == 20


def test_a_short_password_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    arguments = ["create-user", "--email", "ann@example.com", "--role", "viewer", "--password-stdin"]

    result = CliRunner().invoke(commands, arguments, input="short\n")

    assert result.exit_code == 1
    assert "A password must have at least 12 characters." in result.output


def test_the_users_are_listed(invoices):
    invoices("create-user", "--email", "ann@example.com", "--role", "admin", "--name", "Ann")

    assert re.search(r"ann@example\.com\s+Ann\s+admin\s+yes", invoices("users").output)


def test_a_reset_password_is_another_one(invoices):
    invoices("create-user", "--email", "ann@example.com", "--role", "admin")

    result = invoices("reset-password", "--email", "ann@example.com")

    assert "ann@example.com has a new password and is signed out everywhere." in result.output


def test_the_password_of_nobody_cannot_be_reset(invoices):
    result = invoices("reset-password", "--email", "bob@example.com")

    assert result.exit_code == 1
    assert "There is no user bob@example.com." in result.output
