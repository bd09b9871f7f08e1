"""Open items name what is owed invoice by invoice, beside the credit that can be set off."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from support.ledgers import MIDDLE, close_of, days, ledgers
from support.records import invoice_facts, payment_facts

from app.domain.ageing import Bucket
from app.domain.invoice import is_in_scope
from app.domain.open_items import ItemKind, PaymentRequest, open_items
from app.domain.payment import paid_cents

FEBRUARY = invoice_facts(number="1001", issued_on=date(2026, 1, 1), due_on=date(2026, 2, 1), total_cents=2_461_66)
LATER = invoice_facts(id=2, number="1002", issued_on=date(2026, 2, 20), due_on=date(2026, 3, 20), total_cents=500_00)
ADVANCE = invoice_facts(id=3, number="Advance", issued_on=date(2026, 2, 3), due_on=date(2026, 2, 3), total_cents=0)
MONEY = payment_facts(invoice_id=3, paid_on=date(2026, 2, 3), amount_cents=300_00)


def on(day, *entries):
    return open_items(entries, close_of(day), "USD")


def told(items):
    return [(item.invoice.number, item.kind.value, item.days_late, item.paid_cents, item.open_cents) for item in items]


def test_what_is_open_is_named_with_how_late_it_is_and_what_was_paid():
    part = payment_facts(amount_cents=61_66)

    found = on(MIDDLE, (LATER, []), (FEBRUARY, [part]))

    assert told(found.owed) == [("1001", "invoice", 29, 61_66, 2_400_00), ("1002", "invoice", -18, 0, 500_00)]
    assert (found.outstanding_cents, found.credit_cents, found.balance_cents) == (2_900_00, 0, 2_900_00)
    assert found.ageing.buckets[Bucket.TO_30] == 2_400_00


def test_what_is_settled_or_not_yet_issued_is_no_open_item():
    paid = payment_facts(amount_cents=2_461_66, paid_on=date(2026, 2, 19))

    assert told(on(date(2026, 2, 19), (FEBRUARY, [paid]), (LATER, [])).owed) == []


def test_what_was_paid_after_the_day_was_open_on_it():
    paid = payment_facts(amount_cents=2_461_66, paid_on=date(2026, 2, 20))

    assert told(on(date(2026, 2, 19), (FEBRUARY, [paid])).owed) == [("1001", "invoice", 18, 0, 2_461_66)]


def test_an_advance_payment_a_credit_note_and_what_was_overpaid_stand_as_credit():
    note = replace(LATER, id=4, number="CN 1", total_cents=-50_00)
    overpaid = replace(FEBRUARY, id=5, number="1003", total_cents=10_00)
    too_much = payment_facts(invoice_id=5, amount_cents=12_00)

    found = on(MIDDLE, (ADVANCE, [MONEY]), (note, []), (overpaid, [too_much]))

    assert [(item.kind, item.open_cents) for item in found.credits] == [
        (ItemKind.OVERPAID, -2_00),
        (ItemKind.ADVANCE, -300_00),
        (ItemKind.CREDIT_NOTE, -50_00),
    ]
    assert (found.outstanding_cents, found.credit_cents, found.balance_cents) == (0, 352_00, -352_00)


def test_what_is_overdue_is_asked_for_at_once_and_what_is_due_next_by_its_day():
    much_later = replace(LATER, id=4, number="1004", due_on=date(2026, 4, 30))

    found = on(MIDDLE, (FEBRUARY, []), (LATER, []), (much_later, []))

    assert found.request == PaymentRequest(2_461_66, date(2026, 3, 20), 500_00)


def test_credit_is_set_off_against_what_was_due_first():
    same_day = replace(LATER, id=4, number="1004", total_cents=7_00)

    found = on(MIDDLE, (replace(FEBRUARY, total_cents=100_00), []), (LATER, []), (same_day, []), (ADVANCE, [MONEY]))

    assert found.request == PaymentRequest(0, date(2026, 3, 20), 307_00)


def test_credit_that_covers_the_first_of_two_invoices_due_on_a_day_is_not_asked_for_again():
    small = replace(LATER, id=4, number="0999", total_cents=300_00)

    assert on(MIDDLE, (small, []), (LATER, []), (ADVANCE, [MONEY])).request.due_cents == 500_00


def test_what_is_disputed_is_open_and_not_asked_for():
    found = on(MIDDLE, (replace(FEBRUARY, disputed=True), []))

    assert found.outstanding_cents == 2_461_66
    assert found.request == PaymentRequest()


def test_what_is_due_today_is_asked_for_by_today():
    assert on(date(2026, 2, 1), (FEBRUARY, [])).request == PaymentRequest(0, date(2026, 2, 1), 2_461_66)


def test_where_nothing_is_open_every_age_is_nothing():
    found = on(MIDDLE)

    assert (found.ageing.currency, found.ageing.outstanding_cents) == ("USD", 0)


@given(ledger=ledgers(), day=days)
def test_open_items_add_up_to_what_is_owed_on_the_day(ledger, day):
    ledger = [replace(entry, invoice=replace(entry.invoice, currency="USD")) for entry in ledger]
    as_of = close_of(day)

    found = open_items([(entry.invoice, entry.payments) for entry in ledger], as_of, "USD")

    assert found.balance_cents == sum(
        entry.invoice.total_cents - paid_cents(entry.payments, as_of)
        for entry in ledger
        if is_in_scope(entry.invoice, as_of)
    )
    assert found.ageing.outstanding_cents == found.outstanding_cents
    assert found.ageing.credit_cents == found.credit_cents
    assert found.request.overdue_cents <= found.ageing.overdue_cents
    assert found.request.due_on is None or day <= found.request.due_on <= day + timedelta(days=220)
