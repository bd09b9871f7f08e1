"""What the database computes is what the rules of the domain say, for any data and any day."""

from collections import defaultdict
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from support.ledgers import close_of, closes, ledgers, write
from support.records import a_payment, an_invoice

from app.domain.ageing import Balances, Bucket, ageing_by_currency, bucket
from app.domain.as_of import AsOf
from app.domain.invoice import Status, days_late, is_in_scope, status
from app.domain.payment import paid_cents
from app.store.db.tables import InvoiceModel
from app.store.ledger import invoices, positions
from app.store.ledger.invoices import Filter, InvoiceOrder, Order
from app.store.ledger.receivables import Position

# The database is emptied by each example itself, so it may be shared by all of them.
property_test = settings(max_examples=60)


def test_open_balances_and_credit_are_grouped_by_currency_and_due_date(database):
    a_payment(an_invoice("1", total_cents=100_00), 40_00)
    an_invoice("2", total_cents=5_00)
    a_payment(an_invoice("3", total_cents=10_00), 12_00)
    an_invoice("4", currency="EUR", total_cents=7_00, due_on=date(2026, 2, 1))

    assert positions.by_due_date(close_of(date(2026, 3, 2))) == [
        Balances("EUR", date(2026, 2, 1), 1, 7_00, 0),
        Balances("USD", date(2026, 1, 31), 2, 65_00, 2_00),
    ]


def test_a_void_counts_from_the_end_of_its_day_where_the_business_is(database):
    evening_in_new_york = datetime(2026, 3, 3, 4, 59, tzinfo=UTC)
    an_invoice(voided_at=evening_in_new_york)

    before = AsOf(date(2026, 3, 1), datetime(2026, 3, 2, 5, 0, tzinfo=UTC))
    after = AsOf(date(2026, 3, 2), datetime(2026, 3, 3, 5, 0, tzinfo=UTC))

    assert [row.open_cents for row in positions.by_due_date(before)] == [100_00]
    assert positions.by_due_date(after) == []


@property_test
@given(ledger=ledgers(), as_of=closes)
def test_the_database_and_the_rules_agree_on_every_balance(sqlite, ledger, as_of):
    write(ledger)

    assert _non_empty(positions.by_due_date(as_of)) == _non_empty(_balances(ledger, as_of))


@property_test
@given(ledger=ledgers(), as_of=closes, wanted=st.sampled_from(Status))
def test_the_database_and_the_rules_agree_on_every_status(sqlite, ledger, as_of, wanted):
    write(ledger)

    found = invoices.matching(Filter(statuses=frozenset({wanted})), as_of, Order(InvoiceOrder.NUMBER))

    assert {line.invoice.number for line in found} == {
        entry.invoice.number
        for entry in ledger
        if entry.invoice.issued_on <= as_of.day
        and status(entry.invoice, paid_cents(entry.payments, as_of), as_of) is wanted
    }


@property_test
@given(ledger=ledgers(), as_of=closes)
def test_the_database_and_the_rules_agree_on_every_credit(sqlite, ledger, as_of):
    write(ledger)

    found = invoices.matching(Filter(has_credit=True), as_of, Order(InvoiceOrder.NUMBER))

    assert {line.invoice.number for line in found} == {
        entry.invoice.number
        for entry in ledger
        if is_in_scope(entry.invoice, as_of) and paid_cents(entry.payments, as_of) > entry.invoice.total_cents
    }


def test_credit_is_looked_for_among_what_is_not_settled_which_has_an_index(database):
    position = Position(close_of(date(2026, 3, 2)), for_good=True)

    sql, _ = position.joined(InvoiceModel.select(InvoiceModel.id)).where(position.has_credit).sql()

    assert '("t1"."paid_cents" != "t1"."total_cents")' in sql


@property_test
@given(ledger=ledgers(), as_of=closes, wanted=st.sampled_from(Bucket))
def test_the_list_behind_a_bucket_adds_up_to_the_bucket(sqlite, ledger, as_of, wanted):
    write(ledger)

    listed = {row.currency: row.outstanding_cents for row in invoices.totals(Filter(bucket=wanted), as_of)}

    for ageing in ageing_by_currency(positions.by_due_date(as_of), as_of.day):
        assert ageing.buckets[wanted] == listed.get(ageing.currency, 0)


@property_test
@given(ledger=ledgers(), as_of=closes)
def test_the_totals_of_all_invoices_are_the_outstanding_and_credit_of_the_dashboard(sqlite, ledger, as_of):
    write(ledger)

    totals = {row.currency: (row.outstanding_cents, row.credit_cents) for row in invoices.totals(Filter(), as_of)}

    for ageing in ageing_by_currency(positions.by_due_date(as_of), as_of.day):
        assert totals[ageing.currency] == (ageing.outstanding_cents, ageing.credit_cents)


def _balances(ledger, as_of):
    groups = defaultdict(list)
    for entry in ledger:
        if is_in_scope(entry.invoice, as_of):
            key = (entry.invoice.currency, entry.invoice.due_on)
            groups[key].append(entry.invoice.total_cents - paid_cents(entry.payments, as_of))
    return [
        Balances(
            currency,
            due_on,
            sum(balance > 0 for balance in found),
            sum(balance for balance in found if balance > 0),
            -sum(balance for balance in found if balance < 0),
        )
        for (currency, due_on), found in sorted(groups.items())
    ]


def _non_empty(rows):
    return [row for row in rows if row.open_cents or row.credit_cents]


def test_the_buckets_of_the_list_have_the_edges_of_the_rules(database):
    as_of = close_of(date(2026, 3, 2))
    for days in (0, 1, 30, 31, 60, 61, 90, 91):
        an_invoice(str(days), due_on=date.fromordinal(as_of.day.toordinal() - days), issued_on=date(2025, 1, 1))

    for wanted in Bucket:
        for line in invoices.matching(Filter(bucket=wanted), as_of, Order(InvoiceOrder.NUMBER)):
            assert bucket(days_late(line.invoice.due_on, as_of.day)) is wanted
    assert sum(row.invoices for wanted in Bucket for row in invoices.totals(Filter(bucket=wanted), as_of)) == 8
