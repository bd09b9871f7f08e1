"""What is remembered is what would be answered anew."""

from datetime import date

import pytest
from support.ledgers import close_of
from support.records import a_payment, an_invoice

from app.store.db import tables
from app.store.db.cache import cached, pin_version, use_version
from app.store.db.rehearsal import rehearse
from app.store.ledger import invoices, positions
from app.store.ledger.invoices import NEWEST_FIRST, Filter

AS_OF = close_of(date(2026, 3, 2))


@pytest.fixture
def asked():
    """A question that counts how often it is answered anew."""
    times = []

    @cached
    def count(of):
        times.append(of)
        return tables.InvoiceModel.select().count()

    count.times = times
    return count


def test_what_is_asked_twice_is_answered_once(database, asked):
    an_invoice()

    assert (asked("a"), asked("a"), asked.times) == (1, 1, ["a"])


def test_what_is_asked_of_something_else_is_answered_anew(database, asked):
    asked("a")
    asked("b")

    assert asked.times == ["a", "b"]


def test_a_change_of_the_ledger_has_it_answered_anew(database, asked):
    an_invoice("1")
    before = asked("a")

    an_invoice("2")

    assert (before, asked("a")) == (1, 2)


def test_inside_a_transaction_nothing_is_remembered(database, asked):
    counted = []

    def look():
        an_invoice()
        counted.append(asked("a"))

    rehearse(look)

    assert (counted, asked("a")) == ([1], 0)


def test_a_look_takes_the_mark_that_came_with_another_question(database, asked, caplog):
    mark = tables.LedgerVersionModel.get().version

    with caplog.at_level("DEBUG", "peewee"), pin_version():
        use_version(mark)
        asked("a")

    assert [record.msg[0] for record in caplog.records if "ledger_versions" in record.msg[0]] == []


def test_without_a_look_a_mark_is_not_taken(database, asked):
    asked("a")
    use_version("another")
    asked("a")

    assert asked.times == ["a"]


def test_within_one_look_the_mark_is_read_once(database, asked, caplog):
    with caplog.at_level("DEBUG", "peewee"), pin_version():
        asked("a")
        asked("a")
        asked("b")

    assert sum("ledger_versions" in record.getMessage() for record in caplog.records) == 1


def test_after_a_look_the_mark_is_read_anew(database, asked):
    with pin_version():
        asked("a")
    an_invoice()

    with pin_version():
        assert asked("a") == 1


def test_a_payment_shows_in_balances_and_in_the_list_at_once(database):
    invoice = an_invoice(total_cents=100_00)
    positions.by_due_date(AS_OF)
    invoices.matching(Filter(), AS_OF, NEWEST_FIRST)

    a_payment(invoice, 40_00)

    assert [row.open_cents for row in positions.by_due_date(AS_OF)] == [60_00]
    assert [line.paid_cents for line in invoices.matching(Filter(), AS_OF, NEWEST_FIRST)] == [40_00]


def test_who_alters_a_list_alters_nothing_that_is_remembered(database):
    an_invoice()
    invoices.matching(Filter(), AS_OF, NEWEST_FIRST).clear()

    assert len(invoices.matching(Filter(), AS_OF, NEWEST_FIRST)) == 1
