"""The firm's data are one row, also when several users save them at once."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from support.at_once import all_at_once
from support.records import a_user

from app.actions import firm as firm_actions
from app.domain.firm import Firm
from app.store.access import audit_entries
from app.store.db.tables import FirmModel
from app.store.ledger import firm
from app.store.ledger.firm import FirmConflictError

UNSAVED = Firm("USD", ZoneInfo("UTC"))
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_of_two_who_save_it_first_at_once_one_is_told_of_the_other(database):
    ann, bob = a_user("ann@example.com"), a_user("bob@example.com")

    raised = all_at_once(
        lambda: firm_actions.edit(Firm("USD", ZoneInfo("UTC"), "Acme"), UNSAVED, ann, NOW),
        lambda: firm_actions.edit(Firm("USD", ZoneInfo("UTC"), "Bolt"), UNSAVED, bob, NOW),
    )

    assert [type(error) for error in raised] == [FirmConflictError]
    assert FirmModel.select().count() == 1
    assert len(audit_entries.of_subject("firm:1")) == 1


def test_what_was_saved_takes_the_place_of_what_the_server_says(database):
    berlin = Firm("EUR", ZoneInfo("Europe/Berlin"), "Acme", "1 Main St\nSpringfield", bank_details="DE89 3704")

    firm_actions.edit(berlin, UNSAVED, None, NOW)

    found = firm.current(UNSAVED)
    assert (found.currency, found.zone.key, found.name, found.version) == ("EUR", "Europe/Berlin", "Acme", 1)
    assert (found.address, found.bank_details) == ("1 Main St\nSpringfield", "DE89 3704")


def test_a_currency_that_there_is_not_is_refused(sqlite):
    with pytest.raises(
        firm_actions.UnknownCurrencyError, match=r"There is no currency ABC: write its code, such as USD\."
    ):
        firm_actions.edit(Firm("ABC", ZoneInfo("UTC")), UNSAVED, None, NOW)
