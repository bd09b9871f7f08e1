"""Ledgers made up by hypothesis: any data that the tables can hold, around any day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from support.records import a_customer, a_payment, an_invoice, invoice_facts, payment_facts

from app.domain.as_of import AsOf
from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.store.db import tables

MIDDLE = date(2026, 3, 2)


@dataclass(frozen=True)
class Entry:
    """An invoice with its payments."""

    invoice: Invoice
    payments: tuple[Payment, ...]


def close_of(day):
    return AsOf(day, datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC))


# Close around one day, so that edges (0, 30, 31, 90, 91 days late) are met often.
days = st.integers(-130, 130).map(lambda offset: MIDDLE + timedelta(days=offset))
closes = days.map(close_of)
moments = st.builds(
    lambda day, seconds: datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=seconds),
    days,
    st.sampled_from([0, 1, 43_200, 86_399]),
)
seldom_moments = st.one_of(st.none(), st.none(), st.none(), moments)
# Few different ones, so that some invoices are paid to the cent.
cents = st.integers(-500, 2_000) | st.sampled_from([-100, 100, 200, 300])


@st.composite
def invoices(draw, invoice_id=1, issued=days, voided=seldom_moments, written_off=seldom_moments):
    issued_on = draw(issued)
    return invoice_facts(
        id=invoice_id,
        number=str(invoice_id),
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=draw(st.sampled_from([0, 1, 14, 29, 30, 31, 60, 61, 90, 91]))),
        currency=draw(st.sampled_from(["EUR", "USD"])),
        total_cents=draw(cents),
        draft=draw(st.sampled_from([False, False, False, True])),
        voided_at=draw(voided),
        written_off_at=draw(written_off),
    )


@st.composite
def payments(draw, invoice_id=1, paid=days, voided=seldom_moments):
    return payment_facts(
        id=0,
        invoice_id=invoice_id,
        paid_on=draw(paid),
        amount_cents=draw(cents),
        voided_at=draw(voided),
        moves_credit=draw(st.sampled_from([False, False, True])),
        batch_key=draw(st.sampled_from([None, None, "a", "b"])),
    )


@st.composite
def ledgers(draw, max_size=8):
    count = draw(st.integers(0, max_size))
    return [
        Entry(draw(invoices(number)), tuple(draw(st.lists(payments(number), max_size=4))))
        for number in range(1, count + 1)
    ]


def write(ledger):
    """Make the ledger all that is stored; invoices keep their ids."""
    for table in (tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel):
        table.delete().execute()
    customer = a_customer()
    for entry in ledger:
        facts = entry.invoice
        row = an_invoice(
            facts.number,
            customer,
            id=facts.id,
            issued_on=facts.issued_on,
            due_on=facts.due_on,
            currency=facts.currency,
            total_cents=facts.total_cents,
            draft=facts.draft,
            voided_at=facts.voided_at,
            written_off_at=facts.written_off_at,
        )
        for payment in entry.payments:
            a_payment(row, payment.amount_cents, paid_on=payment.paid_on, voided_at=payment.voided_at)
