"""An invoice is settled from the first day on which nothing was left to pay, and stayed so."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ledgers import close_of, closes, ledgers

from app.domain.invoice import is_in_scope
from app.domain.payment import paid_cents
from app.domain.settlement import DaysToPay, days_sales_outstanding, settled_on, whole_days

INVOICE = SimpleNamespace(
    issued_on=date(2026, 1, 10), total_cents=100, draft=False, voided_at=None, written_off_at=None
)
END = close_of(date(2026, 3, 31))


def paid(day, cents, voided_at=None):
    return SimpleNamespace(paid_on=date(2026, *day), amount_cents=cents, voided_at=voided_at)


def test_an_invoice_is_settled_on_the_day_of_the_payment_that_leaves_nothing():
    assert settled_on(INVOICE, [paid((2, 20), 60), paid((2, 1), 40)], END) == date(2026, 2, 20)


def test_an_invoice_with_a_balance_is_not_settled():
    assert settled_on(INVOICE, [paid((2, 1), 99)], END) is None
    assert settled_on(INVOICE, [], END) is None


def test_a_refund_that_is_paid_again_settles_anew():
    payments = [paid((2, 1), 100), paid((2, 10), -30), paid((3, 1), 30)]

    assert settled_on(INVOICE, payments, END) == date(2026, 3, 1)
    assert settled_on(INVOICE, payments, close_of(date(2026, 2, 9))) == date(2026, 2, 1)
    assert settled_on(INVOICE, payments, close_of(date(2026, 2, 28))) is None


def test_a_refund_on_the_day_of_its_payment_leaves_no_trace():
    assert settled_on(INVOICE, [paid((2, 1), 100), paid((2, 1), -30), paid((2, 5), 30)], END) == date(2026, 2, 5)


def test_what_is_paid_too_much_does_not_settle_later():
    assert settled_on(INVOICE, [paid((2, 1), 100), paid((2, 10), 50)], END) == date(2026, 2, 1)


def test_what_is_paid_in_advance_settles_on_the_issue():
    assert settled_on(INVOICE, [paid((1, 2), 100)], END) == date(2026, 1, 10)


def test_a_payment_counts_until_the_end_of_the_day_before_its_void():
    payments = [paid((2, 1), 100, voided_at=datetime(2026, 2, 15, 12, tzinfo=UTC))]

    assert settled_on(INVOICE, payments, close_of(date(2026, 2, 14))) == date(2026, 2, 1)
    assert settled_on(INVOICE, payments, close_of(date(2026, 2, 15))) is None


@pytest.mark.parametrize("facts", [{"total_cents": -5}, {"total_cents": 0}, {"draft": True}])
def test_what_nobody_had_to_pay_was_never_settled(facts):
    assert settled_on(SimpleNamespace(**{**vars(INVOICE), **facts}), [paid((2, 1), 100)], END) is None


@given(ledger=ledgers(), as_of=closes)
def test_since_its_settlement_nothing_was_left_and_the_day_before_something_was(ledger, as_of):
    for entry in ledger:
        invoice = entry.invoice
        day = settled_on(invoice, entry.payments, as_of)
        counted = [
            payment for payment in entry.payments if payment.voided_at is None or not as_of.has_seen(payment.voided_at)
        ]

        def left(until, invoice=invoice, counted=counted):
            return invoice.total_cents - sum(p.amount_cents for p in counted if p.paid_on <= until)

        if day is None:
            left_at_end = invoice.total_cents - paid_cents(entry.payments, as_of)
            assert left_at_end > 0 or invoice.total_cents <= 0 or not is_in_scope(invoice, as_of)
            continue
        later = {day, as_of.day, *(p.paid_on for p in counted if day <= p.paid_on <= as_of.day)}
        assert all(left(moment) <= 0 for moment in later)
        before = date.fromordinal(day.toordinal() - 1)
        assert day == invoice.issued_on or left(before) > 0


def test_the_mean_counts_each_invoice_the_same_and_the_weighted_mean_each_cent():
    found = DaysToPay("USD", invoices=2, days=10 + 40, cents=300_00 + 100_00, cent_days=10 * 300_00 + 40 * 100_00)

    assert (found.mean, found.weighted_mean) == (25, 18)


def test_days_of_sales_are_rounded_and_undefined_without_sales():
    assert days_sales_outstanding(50_00, 90_00) == 50
    assert days_sales_outstanding(1_00, 60_00) == 2
    assert days_sales_outstanding(0, 60_00) == 0
    assert days_sales_outstanding(50_00, 0) is None
    assert days_sales_outstanding(50_00, -1_00) is None


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_whole_days_are_off_by_half_a_day_at_most(days, count):
    assert abs(whole_days(days, count) * count - days) * 2 <= count
    assert whole_days(-days, count) == -whole_days(days, count)
