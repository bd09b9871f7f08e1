"""What the database keeps of an invoice is always what its payments add up to."""

from datetime import UTC, date, datetime
from threading import Barrier, Thread

from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import fn
from support.records import LONG_AGO, a_payment, an_invoice

from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.transactions import transaction

VOIDED = datetime(2026, 2, 1, tzinfo=UTC)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 2), st.integers(-500, 500)),
        st.tuples(st.just("record voided"), st.integers(0, 2), st.integers(-500, 500)),
        st.tuples(st.just("void"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("unvoid"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("change"), st.integers(0, 9), st.integers(-500, 500)),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("void all"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(steps=steps)
def test_whatever_is_done_to_payments_what_is_kept_is_what_they_add_up_to(database, steps):
    tables.PaymentModel.delete().execute()
    tables.InvoiceModel.delete().execute()
    invoices = [an_invoice(str(number)) for number in range(3)]

    for step, index, number in steps:
        _take(step, index, number, invoices)

    assert _kept() == _derived()


def test_two_payments_recorded_at_once_are_both_kept(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        invoice = an_invoice(total_cents=100_00)
    start = Barrier(8)

    def record():
        start.wait()
        for _ in range(5):
            with transaction():
                a_payment(invoice, 1_00)

    threads = [Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store_database.connection():
        assert tables.InvoiceModel.get().paid_cents == 40_00
    getattr(opened, "close_all", opened.close)()


def test_a_change_of_the_ledger_changes_its_mark(database):
    marks = [_mark()]
    invoice = an_invoice()
    marks.append(_mark())
    payment = a_payment(invoice)
    marks.append(_mark())
    tables.PaymentModel.update(voided_at=LONG_AGO).where(tables.PaymentModel.id == payment.id).execute()
    marks.append(_mark())
    tables.CustomerModel.update(name="Other").execute()
    marks.append(_mark())
    tables.PaymentModel.delete().execute()
    marks.append(_mark())

    assert len(set(marks)) == 6


def _take(step, index, number, invoices):
    payment = tables.PaymentModel.select().order_by(tables.PaymentModel.id).offset(index).first()
    if step.startswith("record"):
        a_payment(invoices[index], number, voided_at=VOIDED if "voided" in step else None)
    elif step == "void all":
        tables.PaymentModel.update(voided_at=VOIDED).execute()
    elif payment is None:
        return
    elif step == "delete":
        payment.delete_instance()
    else:
        values = {
            "void": {"voided_at": VOIDED},
            "unvoid": {"voided_at": None},
            "change": {"amount_cents": number, "paid_on": date(2026, 1, 20)},
            "move": {"invoice": invoices[number % 3]},
        }[step]
        tables.PaymentModel.update(values).where(tables.PaymentModel.id == payment.id).execute()


def _kept():
    return {invoice.id: invoice.paid_cents for invoice in tables.InvoiceModel.select()}


def _derived():
    sums = (
        tables.PaymentModel.select(tables.PaymentModel.invoice, fn.SUM(tables.PaymentModel.amount_cents))
        .where(tables.PaymentModel.voided_at.is_null())
        .group_by(tables.PaymentModel.invoice)
        .tuples()
    )
    return {invoice.id: 0 for invoice in tables.InvoiceModel.select()} | {number: int(cents) for number, cents in sums}


def _mark():
    return tables.LedgerVersionModel.get().version
