"""Making tokens on the command line."""

import re

import pytest
from typer.testing import CliRunner

from app import clock
from app.cli import commands
from app.domain.permissions import TokenRight
from app.store.access import api_tokens
from app.store.db.database import connection


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    """Run a command of `invoices` over a data folder of this test's own, in which Ann is a user."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run(*arguments):
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    run("create-user", "--email", "ann@example.com", "--role", "accountant")
    return run


def test_a_token_is_printed_once_and_asks_in_the_users_name(invoices):
    result = invoices(
        "create-token", "--email", "ann@example.com", "--name", "n8n", "--rights", "read", "--rights", "import"
    )

    token = re.search(r"shown only now: (\S+)", result.output)[1]
    with connection():
        found = api_tokens.find_active(token, clock.utc_now())
    assert (found.user.email, found.facts.name) == ("ann@example.com", "n8n")
    assert found.facts.rights == {TokenRight.READ, TokenRight.IMPORT}


def test_nobody_gets_a_token_who_is_no_user(invoices):
    result = invoices("create-token", "--email", "bob@example.com", "--name", "n8n", "--rights", "read")

    assert result.exit_code == 1
    assert "There is no user bob@example.com." in result.output


def test_a_right_that_there_is_not_is_refused(invoices):
    result = invoices("create-token", "--email", "ann@example.com", "--name", "n8n", "--rights", "everything")

    assert result.exit_code == 2


def test_a_token_for_feeds_is_refused_another_right(invoices):
    result = invoices(
        "create-token", "--email", "ann@example.com", "--name", "Excel", "--rights", "feeds", "--rights", "read"
    )

    assert result.exit_code == 1
    assert "A token with the right to feeds has no other right: make a second one for the rest." in result.output
