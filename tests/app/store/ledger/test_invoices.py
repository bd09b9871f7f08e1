"""Invoices are found, ordered, summed and traced back to their cell by the database."""

from datetime import UTC, date, datetime

import pytest
from support.records import a_customer, a_payment, a_user, an_import, an_invoice

from app.domain.ageing import Bucket
from app.domain.as_of import AsOf
from app.domain.invoice import Status
from app.store.ledger import invoice_payments, invoices
from app.store.ledger.invoices import Filter, InvoiceOrder, InvoiceTotals, Order

BY_NUMBER = Order(InvoiceOrder.NUMBER)


@pytest.fixture
def as_of():
    return AsOf(date(2026, 3, 2), datetime(2026, 3, 3, tzinfo=UTC))


@pytest.fixture
def numbers(database, as_of):
    def found(order=BY_NUMBER, **wanted):
        return [line.invoice.number for line in invoices.matching(Filter(**wanted), as_of, order)]

    return found


@pytest.mark.parametrize(
    ("numbers", "following"),
    [
        (["2026-00215", "2026-00216"], "2026-00217"),
        (["2026-00216", "2026-00219", "2026-00218"], "2026-00220"),
        (["2026-00300", "INV-7", "2026-00216"], "2026-00301"),
        (["2026-0A300", "2026-000300", "2026-00216"], "2026-00217"),
        (["12", "INV 0009", "INV-0011", "INV 0008"], "INV 0010"),
        (["100", "101", "99"], "102"),
        (["A-1", "a-2", "A-1b", "A-1"], "A-3"),
        (["7a"], ""),
        ([], ""),
    ],
)
def test_the_next_number_is_free_and_like_that_of_the_latest_invoice(database, numbers, following):
    for place, number in enumerate(numbers):
        an_invoice(number, a_customer(f"C{place}"), issued_on=date(2026, 1, 1 + place))

    assert invoices.next_number() == following


def test_a_line_says_what_was_paid_and_what_is_left(database, as_of):
    invoice = an_invoice(total_cents=100_00, due_on=date(2026, 2, 20))
    a_payment(invoice, 40_00)
    a_payment(invoice, -5_00)

    (line,) = invoices.matching(Filter(), as_of, BY_NUMBER)

    assert line.paid_cents == 35_00
    assert line.balance_cents == 65_00
    assert line.status is Status.OVERDUE
    assert line.days_late == 10
    assert line.customer_name == "Acme"


@pytest.mark.parametrize("text", ["0042", "ACME", "acm", "c1", "po-7"])
def test_text_is_looked_for_in_number_customer_and_reference(numbers, text):
    an_invoice("A-0042", a_customer("C1", "Acme"), reference="PO-7")
    an_invoice("B-1", a_customer("X9", "Other"))

    assert numbers(text=text) == ["A-0042"]


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\"])
def test_signs_that_sql_gives_a_meaning_are_looked_for_as_they_are(numbers, text):
    an_invoice("1")
    an_invoice(f"2{text}")

    assert numbers(text=text) == [f"2{text}"]


def test_an_amount_finds_totals_and_balances(numbers):
    an_invoice("1", total_cents=75_00)
    a_payment(an_invoice("2", total_cents=100_00), 25_00)
    an_invoice("3", total_cents=75_01)

    assert numbers(text="75.00", text_cents=75_00) == ["1", "2"]


def test_statuses_and_buckets_narrow(numbers):
    an_invoice("late", due_on=date(2026, 1, 31))
    an_invoice("due", due_on=date(2026, 3, 2))
    a_payment(an_invoice("partial", due_on=date(2026, 4, 1)), 1)
    a_payment(an_invoice("settled"), 100_00)

    assert numbers(statuses=frozenset({Status.OVERDUE})) == ["late"]
    assert numbers(statuses=frozenset({Status.OPEN, Status.PARTIAL})) == ["due", "partial"]
    assert numbers(bucket=Bucket.TO_30) == ["late"]
    assert numbers(bucket=Bucket.NOT_DUE) == ["due", "partial"]


def test_an_invoice_issued_after_the_day_is_counted_apart(numbers, as_of):
    an_invoice("now")
    an_invoice("soon", issued_on=date(2026, 3, 3))

    assert numbers() == ["now"]
    assert invoices.issued_later(Filter(), as_of) == 1
    assert invoices.issued_later(Filter(text="now"), as_of) == 0


@pytest.mark.parametrize("column", InvoiceOrder)
def test_every_column_orders_both_ways(numbers, column):
    first = an_invoice(
        "1", a_customer("A", "alpha"), issued_on=date(2026, 1, 1), due_on=date(2026, 1, 2), total_cents=10_00
    )
    second = an_invoice(
        "2", a_customer("B", "Beta"), issued_on=date(2026, 1, 3), due_on=date(2026, 1, 4), total_cents=90_00
    )
    a_payment(first, 1_00)
    a_payment(second, 2_00)

    assert numbers(Order(column)) == ["1", "2"]
    assert numbers(Order(column, descending=True)) == ["2", "1"]


def test_pages_follow_one_another_without_gap_or_overlap(database, as_of):
    for number in range(7):
        an_invoice(str(number))

    pages = [invoices.matching(Filter(), as_of, Order(InvoiceOrder.TOTAL), page=page, length=3) for page in (1, 2, 3)]

    assert [[line.invoice.number for line in page] for page in pages] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_totals_keep_currencies_and_credit_apart(database, as_of):
    an_invoice("1", total_cents=100_00)
    a_payment(an_invoice("2", total_cents=50_00), 60_00)
    an_invoice("3", currency="EUR", total_cents=7_00)
    an_invoice("4", total_cents=1_00, voided_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert invoices.totals(Filter(), as_of) == (
        InvoiceTotals("EUR", 1, 7_00, 0, 7_00, 0),
        InvoiceTotals("USD", 3, 151_00, 60_00, 100_00, 10_00),
    )


def test_payments_tell_who_recorded_them_and_whether_they_count(database, as_of):
    invoice = an_invoice()
    source = an_import()
    a_payment(invoice, 10_00, paid_on=date(2026, 1, 10), origin=source, import_tab="Payments", import_row=3)
    a_payment(
        invoice, 20_00, paid_on=date(2026, 1, 20), voided_at=datetime(2026, 2, 1, tzinfo=UTC), void_reason="twice"
    )
    a_payment(invoice, 30_00, paid_on=date(2026, 3, 3), recorded_by=a_user(name="Ann").id)

    receipts = invoice_payments.payments_of(invoice.id, as_of)

    assert [receipt.payment.amount_cents for receipt in receipts] == [10_00, 20_00, 30_00]
    assert [receipt.counts for receipt in receipts] == [True, False, False]
    assert receipts[0].origin.row == 3
    assert receipts[1].payment.void_reason == "twice"
    assert (receipts[2].origin, receipts[2].recorded_by) == (None, "Ann")


def test_a_missing_invoice_is_none(database, as_of):
    assert invoices.get(1, as_of) is None
    assert not invoices.exist()


def test_an_invoice_is_got_as_it_stood_on_the_day(database, as_of):
    invoice = an_invoice(total_cents=100_00)
    a_payment(invoice, 40_00)

    line = invoices.get(invoice.id, as_of)

    assert line.balance_cents == 60_00
    assert invoices.exist()
