"""The user and the token of n8n: made from the hash of the secret, revoked, and never a way to sign in."""

import pytest
from typer.testing import CliRunner

from app import clock
from app.actions import passwords
from app.actions.automation.program_accounts import ProgramAccountError
from app.cli import commands
from app.domain.permissions import Role, TokenRight
from app.store.access import api_tokens, users
from app.store.access.hashes import hash_of
from app.store.access.one_time_links import Purpose
from app.store.access.users import AUTOMATION_EMAIL
from app.store.db.database import connection


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    """Run a command of `invoices` over a data folder of this test's own; its secret is the hash of `first`."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AUTOMATION_TOKEN_HASH_FILE", str(tmp_path / "hash"))
    (tmp_path / "hash").write_text(hash_of("first"))

    def run(*arguments):
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    return run


def token(text):
    with connection():
        return api_tokens.find_active(text, clock.utc_now())


def test_n_04_n8n_s_token_reads_imports_and_records_payments_in_its_own_name_and_no_more(invoices):
    assert invoices("automation", "enable").output == "n8n may use the API with its token.\n"

    found = token("first")
    assert (found.user.email, found.user.name, found.user.role) == (AUTOMATION_EMAIL, "Automation", Role.ACCOUNTANT)
    assert found.facts.name == "n8n"
    assert found.facts.rights == {TokenRight.READ, TokenRight.PAYMENTS, TokenRight.IMPORT}
    assert found.facts.expires_at is None


def test_enabling_it_again_changes_nothing(invoices):
    invoices("automation", "enable")
    before = token("first")

    assert invoices("automation", "enable").output == "n8n may use the API already.\n"
    assert token("first") == before


def test_a_token_that_was_rotated_takes_the_place_of_the_one_before(invoices, tmp_path):
    invoices("automation", "enable")
    (tmp_path / "hash").write_text(hash_of("second"))

    invoices("automation", "enable")

    assert token("first") is None
    assert token("second").facts.name == "n8n"


def test_n_04_a_token_that_was_revoked_does_not_come_back(invoices):
    invoices("automation", "enable")

    assert invoices("automation", "disable").output == "1 token of n8n no longer counts.\n"

    refused = invoices("automation", "enable")
    assert refused.exit_code == 1
    assert "make another with `invoices secrets --rotate automation-token` first" in refused.output
    assert token("first") is None


def test_what_was_never_enabled_has_no_token_to_revoke(invoices):
    assert invoices("automation", "disable").output == "No token counted.\n"


def test_without_the_secret_the_command_says_what_makes_it(invoices, tmp_path):
    (tmp_path / "hash").unlink()

    refused = invoices("automation", "enable")

    assert refused.exit_code == 1
    assert "hash cannot be read (No such file or directory): `invoices secrets` makes it." in refused.output


def test_nobody_signs_in_as_automation(invoices):
    invoices("automation", "enable")

    with connection():
        user = users.find_by_email(AUTOMATION_EMAIL)
        assert users.password_hash_of(user.id) == users.HASH_OF_NONE
        for purpose in Purpose:
            with pytest.raises(ProgramAccountError):
                passwords.make_link(user.id, purpose, None, clock.utc_now())
            with pytest.raises(ProgramAccountError):
                passwords.make_mailed_link(user.id, purpose, clock.utc_now())
        with pytest.raises(ProgramAccountError):
            passwords.reset(user, "a hash", clock.utc_now())
