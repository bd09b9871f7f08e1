"""Payments are found and summed; voided ones only where they are asked for."""

from datetime import UTC, date, datetime

import pytest
from support.records import a_customer, a_payment, an_invoice

from app.store.db import tables
from app.store.ledger import payment_list
from app.store.ledger.payment_list import PaymentFilter, PaymentTotals

VOIDED = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def found(database):
    def amounts(**wanted):
        return [line.payment.amount_cents for line in payment_list.matching(PaymentFilter(**wanted))]

    return amounts


def test_the_latest_day_comes_first(found):
    invoice = an_invoice()
    a_payment(invoice, 1_00, paid_on=date(2026, 1, 10))
    a_payment(invoice, 2_00, paid_on=date(2026, 1, 12))

    assert found() == [2_00, 1_00]


def test_both_ends_of_a_range_of_days_belong_to_it(found):
    invoice = an_invoice()
    for day in (9, 10, 11, 12):
        a_payment(invoice, day * 100, paid_on=date(2026, 1, day))

    assert found(paid_from=date(2026, 1, 10), paid_to=date(2026, 1, 11)) == [11_00, 10_00]


@pytest.mark.parametrize("text", ["10-7", "acme", "C-77", "ref 1", "by phone"])
def test_a_text_finds_number_customer_reference_and_note(found, text):
    a_payment(an_invoice("10-7", a_customer("C-77", "Acme")), 5_00, reference="Ref 1", note="By phone")
    a_payment(an_invoice("2", a_customer("D", "Other")), 6_00)

    assert found(text=text) == [5_00]


def test_an_amount_finds_the_very_amount(found):
    a_payment(an_invoice(), 5_00)
    a_payment(an_invoice("2"), 50_00)

    assert found(text="5.00", text_cents=5_00) == [5_00]


def recorded_together(*amounts, **values):
    customer = a_customer("C-77", "Acme")
    for number, cents in enumerate(amounts, 1):
        key = "key" if number == 1 else None
        a_payment(an_invoice(f"10-{number}", customer), cents, batch_key="key", idempotency_key=key, **values)


def listed(page=1, **wanted):
    return [
        (batch.amount_cents, [line.number for line in batch.lines])
        for batch in payment_list.batches(PaymentFilter(**wanted), page)
    ]


@pytest.mark.parametrize(
    "wanted", [{"text": "1500", "text_cents": 1_500_00}, {"text": "10-2"}, {"text": "381.07", "text_cents": 381_07}, {}]
)
def test_a_payment_of_several_invoices_is_one_and_found_by_its_sum_or_a_part(database, wanted):
    recorded_together(1_118_93, 381_07)

    assert listed(**wanted) == [(1_500_00, ["10-1", "10-2"])]
    assert payment_list.totals(PaymentFilter(**wanted)) == (PaymentTotals("USD", 1, 1_500_00),)


def test_payments_recorded_alone_and_together_are_listed_by_day(database):
    recorded_together(1_118_93, 381_07, paid_on=date(2026, 1, 11))
    for day in (10, 12):
        a_payment(an_invoice(f"20-{day}", tables.CustomerModel.get()), day * 100, paid_on=date(2026, 1, day))

    assert listed() == [(12_00, ["20-12"]), (1_500_00, ["10-1", "10-2"]), (10_00, ["20-10"])]
    assert listed(text="nothing of it") == []


def test_pages_of_payments_have_each_once(database):
    recorded_together(1_118_93, 381_07, paid_on=date(2026, 1, 1))
    invoice = an_invoice("20-1", tables.CustomerModel.get())
    for _ in range(50):
        a_payment(invoice, 1_00, paid_on=date(2026, 1, 2))

    assert (len(listed(1)), listed(2)) == (50, [(1_500_00, ["10-1", "10-2"])])


def test_voided_payments_are_found_when_asked_for_and_never_summed(found):
    invoice = an_invoice()
    a_payment(invoice, 5_00)
    a_payment(invoice, 7_00, voided_at=VOIDED)

    assert found() == [5_00]
    assert sorted(found(with_voided=True)) == [5_00, 7_00]
    assert payment_list.totals(PaymentFilter(with_voided=True)) == (PaymentTotals("USD", 2, 5_00),)


def test_sums_of_currencies_stay_apart(database):
    a_payment(an_invoice("1"), 5_00)
    a_payment(an_invoice("2", currency="EUR"), 7_00)

    assert payment_list.totals(PaymentFilter()) == (PaymentTotals("EUR", 1, 7_00), PaymentTotals("USD", 1, 5_00))


def test_a_form_offers_the_methods_that_were_used(database):
    invoice = an_invoice()
    for method in ("Card", "Bank transfer", "Card", ""):
        a_payment(invoice, 1_00, method=method)

    assert payment_list.methods() == ("Bank transfer", "Card")
