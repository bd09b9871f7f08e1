"""What a receipt may hold."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.records import invoice_facts

from app.domain.confirmation import Confirmation
from app.domain.payment_batch import (
    BatchRefusal,
    EarlierPayment,
    PaymentBatch,
    overpaid,
    questions,
    spread,
    why_not,
    why_not_move,
)
from app.domain.sentences import plain

TODAY = date(2026, 3, 2)
ISSUED = invoice_facts(customer_id=7)
OTHER = replace(ISSUED, id=2, number="1002")
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)


def receipt(amounts, paid_on=TODAY):
    return PaymentBatch("key", paid_on, amounts)


def test_money_is_spread_over_invoices_in_their_order():
    assert spread(150_00, {1: 100_00, 2: 30_00, 3: 50_00}) == {1: 100_00, 2: 30_00, 3: 20_00}


def test_money_that_is_left_over_is_placed_nowhere():
    assert spread(150_00, {1: 100_00}) == {1: 100_00}


def test_an_invoice_for_which_no_money_is_left_gets_none():
    assert spread(100_00, {1: 100_00, 2: 30_00}) == {1: 100_00}


def test_the_last_cent_is_placed():
    assert spread(100_01, {1: 100_00, 2: 30_00}) == {1: 100_00, 2: 1}


def test_a_payment_of_today_on_an_issued_invoice_can_be_recorded():
    assert why_not(receipt({1: 40_00}), {1: (ISSUED, 0)}, TODAY) is None


@pytest.mark.parametrize(
    ("invoice", "paid_cents", "cents", "refusal"),
    [
        (replace(ISSUED, draft=True), 0, 40_00, ("Invoice 1001 is a draft: reinstate it first.", 1)),
        (replace(ISSUED, voided_at=MOMENT), 0, 40_00, ("Invoice 1001 is void: reinstate it first.", 1)),
        (replace(ISSUED, written_off_at=MOMENT), 0, 4_00, ("Invoice 1001 is written off: reinstate it first.", 1)),
        (ISSUED, 0, 0, ("Nothing was placed on invoice 1001.", 1)),
        (ISSUED, 30_00, -30_01, ("No more can be refunded than was paid for invoice 1001.", 1, 30_00)),
        (ISSUED, 0, -1, ("No more can be refunded than was paid for invoice 1001.", 1, 0)),
    ],
)
def test_a_refusal_names_the_invoice_and_the_most_that_can_be_recorded(invoice, paid_cents, cents, refusal):
    assert why_not(receipt({1: cents}), {1: (invoice, paid_cents)}, TODAY) == BatchRefusal(*refusal)


def test_a_payment_of_tomorrow_cannot_be_recorded():
    refusal = why_not(receipt({1: 40_00}, date(2026, 3, 3)), {1: (ISSUED, 0)}, TODAY)

    assert refusal == BatchRefusal("The day lies in the future: record money when it has come in.", field="paid_on")


def test_all_that_was_paid_can_be_refunded():
    assert why_not(receipt({1: -30_00}), {1: (ISSUED, 30_00)}, TODAY) is None


def test_one_receipt_is_not_in_two_currencies():
    euros = replace(OTHER, currency="EUR")

    refusal = why_not(receipt({1: 1_00, 2: 1_00}), {1: (ISSUED, 0), 2: (euros, 0)}, TODAY)

    assert refusal.sentence == "One payment is in one currency: these invoices are in several."


def test_what_is_more_than_open_is_counted_by_invoice():
    found = overpaid(receipt({1: 120_00, 2: 50_00}), {1: (ISSUED, 0), 2: (OTHER, 0)})

    assert found == {1: 20_00}


def test_what_is_paid_to_the_cent_is_not_more_than_open_and_a_cent_more_is():
    found = overpaid(receipt({1: 100_00, 2: 100_01}), {1: (ISSUED, 0), 2: (OTHER, 0)})

    assert found == {2: 1}


def test_on_a_settled_invoice_all_is_more_than_open():
    assert overpaid(receipt({1: 5_00}), {1: (ISSUED, 110_00)}) == {1: 5_00}


def test_an_amount_that_was_seen_in_another_currency_is_refused():
    batch = PaymentBatch("key", TODAY, {ISSUED.id: 40_00}, currency="USD")
    euros = replace(ISSUED, currency="EUR")

    refusal = why_not(batch, {ISSUED.id: (euros, 0)}, TODAY)

    assert refusal.sentence == "Invoice 1001 is in EUR, not in USD: check the amount."


def earlier(cents, number="0900", customer_id=7, receipt_id="9", currency="USD"):
    return EarlierPayment(receipt_id, customer_id, currency, cents, number)


@pytest.mark.parametrize(
    "recorded",
    [
        [earlier(60_00)],
        [earlier(40_00, "0900"), earlier(20_00, "0901")],
        [earlier(1_00, receipt_id="8"), earlier(60_00)],
    ],
)
def test_the_same_sum_of_the_same_customer_is_asked_about_wherever_it_was_placed(recorded):
    found = questions(receipt({1: 50_00, 2: 10_00}), {1: (ISSUED, 0), 2: (OTHER, 0)}, recorded)

    assert [question.confirmation for question in found] == [Confirmation.REPEAT_PAYMENT]


@pytest.mark.parametrize(
    "recorded", [[], [earlier(60_01)], [earlier(60_00, customer_id=8)], [earlier(60_00, currency="EUR")]]
)
def test_another_sum_customer_or_currency_is_another_payment(recorded):
    assert list(questions(receipt({1: 60_00}), {1: (ISSUED, 0)}, recorded)) == []


def test_what_is_recorded_already_is_said_with_its_invoices():
    (question,) = questions(receipt({1: 60_00}), {1: (ISSUED, 0)}, [earlier(40_00), earlier(20_00, "0901")])

    assert plain(question.sentence) == (
        "A payment of 60.00 USD of the same day and with the same reference is recorded already, for 0900, 0901: "
        "is this the same payment? If it is not, record it all the same."
    )


def test_several_receipts_that_are_recorded_at_once_may_be_in_several_currencies():
    euros = replace(OTHER, currency="EUR")
    receipts = PaymentBatch("key", TODAY, {1: 1_00, 2: 1_00}, is_one_receipt=False)

    assert why_not(receipts, {1: (ISSUED, 0), 2: (euros, 0)}, TODAY) is None


def test_a_payment_of_another_age_cannot_be_recorded():
    refusal = why_not(receipt({1: 40_00}, date(1900, 1, 1)), {1: (ISSUED, 0)}, TODAY)

    assert plain(refusal.sentence) == "1900-01-01 is too far from today to be right: correct the day."
    assert refusal.field == "paid_on"


def test_credit_can_be_used_for_another_invoice_of_the_customer():
    assert why_not_move(receipt({1: -20_00, 2: 20_00}), {1: (ISSUED, 120_00), 2: (OTHER, 0)}, TODAY) is None


@pytest.mark.parametrize(
    ("amounts", "other", "paid", "refusal"),
    [
        ({1: -20_01, 2: 20_01}, OTHER, 0, ("Invoice 1001 has less credit than that.", 1, 20_00)),
        ({2: -1, 1: 1}, OTHER, 1, ("Invoice 1002 has less credit than that.", 2, 0)),
        ({1: -20_00, 2: 20_00}, OTHER, 90_00, ("Less than that is open on invoice 1002.", 2, 10_00)),
        ({1: -1, 2: 1}, OTHER, 110_00, ("Less than that is open on invoice 1002.", 2, 0)),
        ({1: -20_00, 2: 10_00}, OTHER, 0, ("What is taken from one invoice must be what is placed on the others.",)),
        (
            {1: -20_00, 2: 20_00},
            replace(OTHER, customer_id=8),
            0,
            ("Credit can only be used for invoices of the same customer.",),
        ),
    ],
)
def test_credit_that_is_not_there_or_not_owed_cannot_be_moved(amounts, other, paid, refusal):
    found = why_not_move(receipt(amounts), {1: (ISSUED, 120_00), 2: (other, paid)}, TODAY)

    assert found == BatchRefusal(*refusal)


def test_a_balance_can_be_paid_by_credit_to_the_last_cent():
    assert why_not_move(receipt({1: -20_00, 2: 20_00}), {1: (ISSUED, 120_00), 2: (OTHER, 80_00)}, TODAY) is None


def test_credit_moves_by_the_rules_of_payments():
    refusal = why_not_move(receipt({1: -1, 2: 1}, date(2026, 3, 3)), {1: (ISSUED, 120_00), 2: (OTHER, 0)}, TODAY)

    assert refusal == BatchRefusal("The day lies in the future: record money when it has come in.", field="paid_on")
