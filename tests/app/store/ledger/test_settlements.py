"""The database finds the same settlements as the rules of the domain, for any data and any day."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.ledgers import close_of, closes, ledgers, write
from support.records import a_customer, a_payment, an_invoice

from app.domain.settlement import DaysToPay, settled_on
from app.store.db.tables import InvoiceModel
from app.store.ledger import receivables, settlements
from app.store.ledger.partition_totals import everything

property_test = settings(max_examples=80)


def test_days_to_pay_are_added_up_by_currency(database):
    a_payment(an_invoice("1", total_cents=100_00), 100_00, paid_on=date(2026, 1, 11))
    a_payment(an_invoice("2", total_cents=300_00), 300_00, paid_on=date(2026, 1, 21))
    a_payment(an_invoice("3", total_cents=5_00, currency="EUR"), 9_00, paid_on=date(2026, 2, 1))
    an_invoice("4")

    found = settlements.days_to_pay(close_of(date(2026, 3, 2)))

    assert found == [
        DaysToPay("EUR", invoices=1, days=31, cents=5_00, cent_days=31 * 5_00),
        DaysToPay("USD", invoices=2, days=30, cents=400_00, cent_days=10 * 100_00 + 20 * 300_00),
    ]
    assert [one.mean for one in found] == [31, 15]
    assert [one.weighted_mean for one in found] == [31, 18]


def test_the_largest_amounts_settled_after_the_longest_time_are_added_up(database):
    acme, most = a_customer(), 999_999_999_999_99
    for number in range(3):
        long_ago = an_invoice(str(number), acme, total_cents=most, issued_on=date(1900, 1, 1), due_on=date(1900, 1, 1))
        a_payment(long_ago, most, paid_on=date(2999, 1, 1))

    (found,) = settlements.days_to_pay(close_of(date(2999, 1, 1)))

    assert (found.invoices, found.cent_days, found.weighted_mean) == (3, 3 * 401_402 * most, 401_402)


def test_what_was_settled_before_the_period_is_left_out(database):
    a_payment(an_invoice("1", total_cents=100_00), 100_00, paid_on=date(2026, 1, 11))

    assert len(settlements.days_to_pay(close_of(date(2026, 4, 10)))) == 1
    assert settlements.days_to_pay(close_of(date(2026, 4, 11))) == []


def test_days_late_are_counted_by_customer_and_currency(database):
    bolt = a_customer("C2", "Bolt")
    for number, paid_on in (("1", date(2026, 2, 10)), ("2", date(2026, 2, 10)), ("3", date(2026, 1, 21))):
        a_payment(an_invoice(number, bolt), 100_00, paid_on=paid_on)

    found = settlements.counts_by_days_late(close_of(date(2026, 3, 2)), 730)

    assert found == {(bolt.id, "USD", -10): 1, (bolt.id, "USD", 10): 2}
    assert settlements.counts_of_customer(bolt.id, close_of(date(2026, 3, 2)), 730) == ((-10, 1), (10, 2))


@property_test
@given(ledger=ledgers(), as_of=closes, length=st.sampled_from([0, 5, 30, 90, 400]))
def test_the_database_and_the_rules_agree_on_every_settlement(sqlite, ledger, as_of, length):
    since = as_of.day - timedelta(days=length)
    write(ledger)

    assert _settled_in_database(as_of, since) == _settled(ledger, as_of, since)


@property_test
@given(ledger=ledgers(), as_of=closes)
def test_counts_and_days_are_those_of_the_settlements(sqlite, ledger, as_of):
    write(ledger)
    since = as_of.day - timedelta(days=89)
    invoices = {entry.invoice.id: entry.invoice for entry in ledger}
    settled = _settled_entries(ledger, as_of, since)

    days = Counter()
    for invoice, day in settled:
        days[invoice.currency] += (day - invoice.issued_on).days

    assert {one.currency: one.days for one in settlements.days_to_pay(as_of)} == dict(days)
    assert sum(settlements.counts_by_days_late(as_of, 90).values()) == len(settled)
    assert len(invoices) >= len(settled)


def _settled_in_database(as_of, since):
    settled = settlements._settled(as_of, since, everything, for_good=receivables.is_for_good(as_of))
    rows = settled.select_from(settled.c.id, settled.c.settled_on).tuples()
    return {invoice_id: InvoiceModel.issued_on.python_value(settled_on) for invoice_id, settled_on in rows}


def _settled(ledger, as_of, since):
    return {invoice.id: day for invoice, day in _settled_entries(ledger, as_of, since)}


def _settled_entries(ledger, as_of, since):
    found = ((entry.invoice, settled_on(entry.invoice, entry.payments, as_of)) for entry in ledger)
    return [(invoice, day) for invoice, day in found if day and day >= since]
