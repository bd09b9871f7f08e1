"""Sums that are kept in parts are always those of all invoices, whatever happens to which of them."""

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import fn
from support.ledgers import close_of
from support.records import a_customer, a_payment, an_invoice

from app.store.db import tables
from app.store.db.compiled_queries import CompiledQuery
from app.store.db.tables import InvoiceModel, PartitionModel, PaymentModel
from app.store.db.transactions import transaction
from app.store.ledger import partition_totals, positions, settlements, turnover
from app.store.ledger.partition_totals import INVOICES_PER_PARTITION, partition, totals_by_partition

VOIDED = datetime(2026, 2, 1, tzinfo=UTC)
TODAY, BEFORE = close_of(date(2026, 3, 2)), close_of(date(2026, 1, 20))
# On both sides of the edges between parts.
IDS = [
    1,
    INVOICES_PER_PARTITION - 1,
    INVOICES_PER_PARTITION,
    3 * INVOICES_PER_PARTITION,
    3 * INVOICES_PER_PARTITION + 1,
]


@totals_by_partition(columns=1)
def totals(within, day):
    part = partition(InvoiceModel.id)
    rows = InvoiceModel.select(part, InvoiceModel.currency, fn.COUNT(InvoiceModel.id), fn.SUM(InvoiceModel.total_cents))
    return rows.where(within(InvoiceModel.id)).group_by(part, InvoiceModel.currency).tuples()


def test_sums_of_several_parts_are_added_up_by_key(database):
    for number, total in zip(IDS, (1, 2, 4, 8, 16), strict=True):
        an_invoice(str(number), id=number, total_cents=total, currency="EUR" if number == 1 else "USD")

    assert totals(1) == {("EUR",): (1, 1), ("USD",): (4, 30)}


def test_the_database_is_asked_again_only_after_a_change(database, monkeypatch):
    asked = []
    rows = CompiledQuery.rows
    monkeypatch.setattr(CompiledQuery, "rows", lambda *args, **kwargs: asked.append(args) or rows(*args, **kwargs))
    invoice = an_invoice("1")
    assert totals(2) == {("USD",): (1, 100_00)}
    assert len(asked) == 1

    totals(2)
    assert len(asked) == 1
    a_payment(invoice)
    totals(2)
    assert len(asked) == 2


def test_only_the_part_that_changed_is_asked_for(database):
    for number in IDS:
        an_invoice(str(number), id=number)
    totals(3)
    before = {row.id: row.version for row in PartitionModel.select()}

    InvoiceModel.update(total_cents=1).where(InvoiceModel.id == INVOICES_PER_PARTITION).execute()

    after = {row.id: row.version for row in PartitionModel.select()}
    assert [part for part in before if before[part] != after[part]] == [1]
    assert totals(3) == {("USD",): (5, 400_01)}


def test_what_adds_up_to_nothing_is_not_told(database):
    an_invoice("1", total_cents=5)
    other = an_invoice("2", id=INVOICES_PER_PARTITION, total_cents=7)
    assert totals(4) == {("USD",): (2, 12)}

    InvoiceModel.delete().execute()

    assert totals(4) == {}
    assert other.id == INVOICES_PER_PARTITION


def test_a_transaction_sees_its_own_changes_and_nobody_keeps_them(database):
    an_invoice("1", total_cents=5)
    totals(5)

    with transaction():
        InvoiceModel.update(total_cents=9).execute()
        assert totals(5) == {("USD",): (1, 9)}
        InvoiceModel.update(total_cents=5).execute()

    assert totals(5) == {("USD",): (1, 5)}


def test_emptying_the_tables_changes_the_marks(database):
    for number in IDS:
        a_payment(an_invoice(str(number), id=number))
    totals(6)

    PaymentModel.delete().execute()
    InvoiceModel.delete().execute()

    assert totals(6) == {}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("issue"), st.sampled_from(IDS), st.integers(1, 300)),
        st.tuples(st.just("pay"), st.sampled_from(IDS), st.integers(-300, 300)),
        st.tuples(st.just("void payments"), st.sampled_from(IDS), st.just(0)),
        st.tuples(st.just("move payments"), st.sampled_from(IDS), st.sampled_from(IDS)),
        st.tuples(st.just("change"), st.sampled_from(IDS), st.integers(1, 300)),
        st.tuples(st.just("void"), st.sampled_from(IDS), st.just(0)),
        st.tuples(st.just("date"), st.sampled_from(IDS), st.integers(0, 80)),
        st.tuples(st.just("delete"), st.sampled_from(IDS), st.just(0)),
    ),
    max_size=10,
)


@settings(max_examples=60)
@given(steps=steps)
def test_what_is_kept_is_what_adding_everything_up_would_say(database, steps):
    PaymentModel.delete().execute()
    InvoiceModel.delete().execute()
    tables.CustomerModel.delete().execute()
    customer = a_customer()

    for step, number, value in steps:
        _take(customer, step, number, value)
        kept = _figures()

    if steps:
        partition_totals._kept.clear()
        assert kept == _figures()


def _take(customer, step, number, value):
    exists = InvoiceModel.get_or_none(InvoiceModel.id == number)
    if step == "issue" and not exists:
        an_invoice(str(number), customer, id=number, total_cents=value)
    elif step == "pay" and exists:
        a_payment(exists, value, paid_on=date(2026, 1, 15))
    elif step == "void payments":
        PaymentModel.update(voided_at=VOIDED).where(PaymentModel.invoice == number).execute()
    elif step == "move payments" and InvoiceModel.get_or_none(InvoiceModel.id == value):
        PaymentModel.update(invoice=value).where(PaymentModel.invoice == number).execute()
    elif step == "change":
        InvoiceModel.update(total_cents=value, currency="EUR").where(InvoiceModel.id == number).execute()
    elif step == "void":
        InvoiceModel.update(voided_at=VOIDED).where(InvoiceModel.id == number).execute()
    elif step == "date":
        day = date.fromordinal(date(2025, 12, 1).toordinal() + value)
        PaymentModel.update(paid_on=day).where(PaymentModel.invoice == number).execute()
    elif step == "delete":
        PaymentModel.delete().where(PaymentModel.invoice == number).execute()
        InvoiceModel.delete().where(InvoiceModel.id == number).execute()


def _figures():
    return [
        (
            positions.by_due_date(as_of),
            positions.by_customer(as_of),
            settlements.days_to_pay(as_of),
            settlements.counts_by_days_late(as_of, 90),
            turnover.by_day(as_of, date(2025, 12, 1)),
            turnover.invoiced_by_customer(as_of, date(2025, 12, 1)),
        )
        for as_of in (TODAY, BEFORE)
    ]
