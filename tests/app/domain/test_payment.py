"""What has been paid depends on which payments count, never on their order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.ledgers import close_of, closes, payments
from support.records import payment_facts

from app.domain.payment import counts, paid_cents

CLOSE = close_of(date(2026, 3, 2))
PAYMENT = payment_facts(paid_on=date(2026, 3, 2), amount_cents=10_00)


def test_a_payment_counts_on_the_day_it_was_made():
    assert counts(PAYMENT, CLOSE)


def test_a_payment_made_the_day_after_does_not_count_yet():
    assert not counts(replace(PAYMENT, paid_on=date(2026, 3, 3)), CLOSE)


def test_a_voided_payment_counts_until_the_day_of_the_void():
    payment = replace(PAYMENT, voided_at=datetime(2026, 3, 3, 0, 0, tzinfo=UTC))

    assert counts(payment, CLOSE)
    assert not counts(payment, close_of(date(2026, 3, 3)))


def test_a_refund_is_taken_off():
    assert paid_cents([PAYMENT, replace(PAYMENT, amount_cents=-4_00)], CLOSE) == 6_00


@given(data=st.data(), found=st.lists(payments(), max_size=6), as_of=closes)
def test_payments_in_any_order_come_to_the_same(data, found, as_of):
    shuffled = data.draw(st.permutations(found))

    assert paid_cents(shuffled, as_of) == paid_cents(found, as_of)


@given(found=st.lists(payments(), max_size=6), as_of=closes, data=st.data())
def test_a_payment_dated_later_leaves_the_past_as_it_was(found, as_of, data):
    later = st.integers(1, 100).map(lambda days: as_of.day + timedelta(days=days))

    added = data.draw(st.lists(payments(paid=later), max_size=3))

    assert paid_cents([*found, *added], as_of) == paid_cents(found, as_of)
