"""A statement tells every change of what is owed between two days, and adds up on each of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from support.ledgers import close_of, days, ledgers
from support.records import invoice_facts, payment_facts

from app.domain.invoice import is_in_scope
from app.domain.payment import paid_cents
from app.domain.statement import statement

UTC_ZONE = ZoneInfo("UTC")
INVOICE = invoice_facts(issued_on=date(2026, 1, 10), due_on=date(2026, 2, 9), reference="PO 7")
PAYMENT = payment_facts(paid_on=date(2026, 1, 20), amount_cents=40_00, method="Card", reference="R 1")
NEW_YEAR, END = date(2026, 1, 1), date(2026, 3, 31)


def told(found):
    return [
        (line.change.day.isoformat(), line.change.kind.value, line.change.cents, line.balance_cents)
        for line in found.lines
    ]


def test_invoices_and_payments_are_lines_with_the_balance_after_each():
    refund = replace(PAYMENT, id=2, paid_on=date(2026, 2, 1), amount_cents=-10_00)

    found = statement([(INVOICE, [PAYMENT, refund])], NEW_YEAR, END, UTC_ZONE)

    assert told(found) == [
        ("2026-01-10", "invoice", 100_00, 100_00),
        ("2026-01-20", "payment", -40_00, 60_00),
        ("2026-02-01", "refund", 10_00, 70_00),
    ]
    assert (found.opening_cents, found.closing_cents) == (0, 70_00)
    assert [(line.change.method, line.change.reference) for line in found.lines] == [
        ("", "PO 7"),
        ("Card", "R 1"),
        ("Card", "R 1"),
    ]


def test_an_advance_payment_is_told_without_an_invoice_and_ends_with_its_payment():
    voided_at = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
    entry = replace(INVOICE, total_cents=0, issued_on=PAYMENT.paid_on, voided_at=voided_at)

    found = statement([(entry, [replace(PAYMENT, voided_at=voided_at)])], NEW_YEAR, END, UTC_ZONE)

    assert told(found) == [("2026-01-20", "payment", -40_00, -40_00), ("2026-02-03", "payment voided", 40_00, 0)]


def test_what_lies_before_the_period_is_its_opening_balance_and_what_lies_after_is_not_told():
    late = replace(PAYMENT, id=2, paid_on=date(2026, 2, 20), amount_cents=60_00)

    found = statement([(INVOICE, [PAYMENT, late])], date(2026, 1, 11), date(2026, 2, 19), UTC_ZONE)

    assert told(found) == [("2026-01-20", "payment", -40_00, 60_00)]
    assert (found.opening_cents, found.closing_cents) == (100_00, 60_00)


def test_a_void_takes_away_what_was_left_to_pay_and_later_payments_change_nothing():
    voided = replace(INVOICE, voided_at=datetime(2026, 2, 1, 12, tzinfo=UTC), void_reason="wrong address")
    late = replace(PAYMENT, id=2, paid_on=date(2026, 2, 20))

    found = statement([(voided, [PAYMENT, late])], NEW_YEAR, END, UTC_ZONE)

    assert told(found)[2:] == [("2026-02-01", "invoice voided", -60_00, 0)]
    assert found.lines[2].change.reference == ""  # the reason is for the firm alone


def test_a_write_off_takes_away_what_was_left_to_pay():
    given_up = replace(INVOICE, written_off_at=datetime(2026, 2, 1, 12, tzinfo=UTC))

    assert told(statement([(given_up, [PAYMENT])], NEW_YEAR, END, UTC_ZONE))[2:] == [
        ("2026-02-01", "written off", -60_00, 0)
    ]


def test_a_voided_payment_is_taken_back_on_the_day_of_its_void():
    voided = replace(PAYMENT, voided_at=datetime(2026, 1, 25, 12, tzinfo=UTC), void_reason="bounced")

    found = statement([(INVOICE, [voided])], NEW_YEAR, END, UTC_ZONE)

    assert told(found)[1:] == [
        ("2026-01-20", "payment", -40_00, 60_00),
        ("2026-01-25", "payment voided", 40_00, 100_00),
    ]
    assert found.lines[2].change.reference == "R 1"


def test_what_was_voided_on_its_own_day_never_counted():
    voided = replace(INVOICE, voided_at=datetime(2026, 1, 10, 12, tzinfo=UTC))
    payment = replace(PAYMENT, voided_at=datetime(2026, 1, 20, 12, tzinfo=UTC))

    assert statement([(voided, [])], NEW_YEAR, END, UTC_ZONE).lines == ()
    assert len(statement([(INVOICE, [payment])], NEW_YEAR, END, UTC_ZONE).lines) == 1


def test_an_advance_counts_from_the_issue_and_keeps_its_own_day():
    advance = replace(PAYMENT, paid_on=date(2026, 1, 5))

    found = statement([(INVOICE, [advance])], NEW_YEAR, END, UTC_ZONE)

    assert told(found)[1] == ("2026-01-10", "payment", -40_00, 60_00)
    assert found.lines[1].change.happened_on == date(2026, 1, 5)


def test_a_void_lies_on_its_day_where_the_business_is():
    voided = replace(INVOICE, voided_at=datetime(2026, 2, 1, 3, tzinfo=UTC))

    found = statement([(voided, [])], NEW_YEAR, END, ZoneInfo("America/New_York"))

    assert told(found)[1][0] == "2026-01-31"


def test_a_credit_note_is_called_one():
    assert told(statement([(replace(INVOICE, total_cents=-5_00), [])], NEW_YEAR, END, UTC_ZONE)) == [
        ("2026-01-10", "credit note", -5_00, -5_00)
    ]


CREDIT_TAKEN = replace(PAYMENT, id=2, paid_on=date(2026, 2, 1), amount_cents=-20_00, moves_credit=True)
CREDIT_USED = replace(CREDIT_TAKEN, id=3, invoice_id=2, amount_cents=20_00)
OTHER = replace(INVOICE, id=2, number="1002", total_cents=50_00)


def test_credit_that_moves_to_another_invoice_is_no_line():
    overpaid = replace(PAYMENT, amount_cents=120_00)

    found = statement([(INVOICE, [overpaid, CREDIT_TAKEN]), (OTHER, [CREDIT_USED])], NEW_YEAR, END, UTC_ZONE)

    assert [(kind, cents) for _, kind, cents, _ in told(found)] == [
        ("invoice", 100_00),
        ("invoice", 50_00),
        ("payment", -120_00),
    ]
    assert found.closing_cents == 30_00


def test_a_voided_move_of_credit_is_no_line():
    taken, used = (replace(one, voided_at=datetime(2026, 2, 5, tzinfo=UTC)) for one in (CREDIT_TAKEN, CREDIT_USED))

    found = statement([(INVOICE, [PAYMENT, taken]), (OTHER, [used])], NEW_YEAR, END, UTC_ZONE)

    assert [kind for _, kind, _, _ in told(found)] == ["invoice", "invoice", "payment"]


def test_credit_of_an_invoice_that_counts_later_is_told_as_moved_so_that_each_day_adds_up():
    later = replace(OTHER, issued_on=date(2026, 2, 10))

    found = statement([(INVOICE, [CREDIT_TAKEN]), (later, [CREDIT_USED])], NEW_YEAR, END, UTC_ZONE)

    assert told(found)[1:] == [
        ("2026-02-01", "moved credit", 20_00, 120_00),
        ("2026-02-10", "invoice", 50_00, 170_00),
        ("2026-02-10", "moved credit", -20_00, 150_00),
    ]


@given(ledger=ledgers(), first=days, length=st.integers(0, 90))
def test_a_statement_opens_and_closes_with_what_was_owed_less_what_was_overpaid(ledger, first, length):
    last = first + timedelta(days=length)

    found = statement([(entry.invoice, entry.payments) for entry in ledger], first, last, UTC_ZONE)

    assert found.opening_cents == _position(ledger, first - timedelta(days=1))
    assert found.closing_cents == _position(ledger, last)
    assert found.closing_cents == found.opening_cents + sum(line.change.cents for line in found.lines)
    assert all(first <= line.change.day <= last for line in found.lines)
    for line, following in zip(found.lines, found.lines[1:], strict=False):
        if following.change.day > line.change.day:
            assert line.balance_cents == _position(ledger, line.change.day)


def _position(ledger, day):
    as_of = close_of(day)
    return sum(
        entry.invoice.total_cents - paid_cents(entry.payments, as_of)
        for entry in ledger
        if is_in_scope(entry.invoice, as_of)
    )


def test_lines_of_one_day_are_what_is_owed_then_what_was_paid_then_what_was_taken_back():
    day = date(2026, 1, 10)
    noon = datetime(2026, 1, 10, 12, tzinfo=UTC)
    credit_note = replace(INVOICE, id=2, number="0900", total_cents=-30_00)
    written_off = replace(INVOICE, id=3, number="0800", issued_on=date(2026, 1, 9), written_off_at=noon)
    paid = replace(PAYMENT, paid_on=day)
    refund = replace(PAYMENT, id=2, paid_on=day, amount_cents=-10_00)

    found = statement([(written_off, []), (credit_note, []), (INVOICE, [refund, paid])], day, END, UTC_ZONE)

    assert [line.change.kind.value for line in found.lines] == [
        "invoice", "credit note", "payment", "refund", "written off",
    ]  # fmt: skip


def test_a_statement_says_its_days_and_on_which_day_each_thing_happened():
    voided = replace(PAYMENT, voided_at=datetime(2026, 1, 25, 12, tzinfo=UTC))
    given_up = replace(INVOICE, written_off_at=datetime(2026, 2, 1, 12, tzinfo=UTC), write_off_reason="bankrupt")

    found = statement([(given_up, [voided])], NEW_YEAR, END, UTC_ZONE)

    assert (found.opened_on, found.closed_on) == (NEW_YEAR, END)
    assert [(line.change.kind.value, line.change.happened_on.isoformat()) for line in found.lines] == [
        ("invoice", "2026-01-10"),
        ("payment", "2026-01-20"),
        ("payment voided", "2026-01-25"),
        ("written off", "2026-02-01"),
    ]
    assert found.lines[3].change.reference == ""


def test_what_happened_late_in_the_evening_belongs_to_the_day_of_the_business():
    berlin = ZoneInfo("Europe/Berlin")
    voided = replace(PAYMENT, voided_at=datetime(2026, 1, 25, 23, 30, tzinfo=UTC))
    given_up = replace(INVOICE, written_off_at=datetime(2026, 2, 1, 23, 30, tzinfo=UTC))

    found = statement([(given_up, [voided])], NEW_YEAR, END, berlin)

    assert [line.change.day.isoformat() for line in found.lines[2:]] == ["2026-01-26", "2026-02-02"]


def test_an_invoice_over_nothing_is_an_invoice():
    found = statement([(replace(INVOICE, total_cents=0), [])], NEW_YEAR, END, UTC_ZONE)

    assert told(found) == [("2026-01-10", "invoice", 0, 0)]


def test_an_invoice_over_a_cent_and_its_payment_are_no_credit_note_and_no_refund():
    paid = replace(PAYMENT, amount_cents=1)

    found = statement([(replace(INVOICE, total_cents=1), [paid])], NEW_YEAR, END, UTC_ZONE)

    assert [line.change.kind.value for line in found.lines] == ["invoice", "payment"]


def test_a_payment_on_the_day_of_the_void_is_part_of_what_is_voided():
    voided = replace(INVOICE, voided_at=datetime(2026, 1, 20, 12, tzinfo=UTC))

    found = statement([(voided, [PAYMENT])], NEW_YEAR, END, UTC_ZONE)

    assert found.closing_cents == 0
    assert told(found)[-1] == ("2026-01-20", "invoice voided", -100_00, 0)


TOGETHER = replace(PAYMENT, batch_key="k", amount_cents=100_00)
BESIDE = replace(TOGETHER, id=2, invoice_id=2, amount_cents=50_00)


def test_a_payment_of_two_invoices_is_one_line():
    alone = replace(PAYMENT, id=3, invoice_id=2, amount_cents=1_00)

    found = statement([(OTHER, [BESIDE, alone]), (INVOICE, [TOGETHER])], NEW_YEAR, END, UTC_ZONE)

    assert [(line.change.title, line.change.cents, line.balance_cents) for line in found.lines[2:]] == [
        ("payment for 2 invoices", -150_00, 0),
        ("payment", -1_00, -1_00),
    ]
    assert [invoice.number for invoice in found.lines[2].change.invoices] == [INVOICE.number, "1002"]


def test_a_payment_of_two_invoices_is_taken_back_in_one_line():
    voided = {"voided_at": datetime(2026, 1, 25, 12, tzinfo=UTC)}

    found = statement(
        [(INVOICE, [replace(TOGETHER, **voided)]), (OTHER, [replace(BESIDE, **voided)])], NEW_YEAR, END, UTC_ZONE
    )

    assert [(line.change.title, line.balance_cents) for line in found.lines[2:]] == [
        ("payment for 2 invoices", 0),
        ("payment voided for 2 invoices", 150_00),
    ]


def test_a_payment_that_counts_from_two_days_is_a_line_on_each_so_that_each_day_adds_up():
    later = replace(OTHER, issued_on=date(2026, 2, 10))

    found = statement([(INVOICE, [TOGETHER]), (later, [BESIDE])], NEW_YEAR, END, UTC_ZONE)

    assert told(found)[1:] == [
        ("2026-01-20", "payment", -100_00, 0),
        ("2026-02-10", "invoice", 50_00, 50_00),
        ("2026-02-10", "payment", -50_00, 0),
    ]


def test_only_an_invoice_has_a_due_date():
    found = statement([(INVOICE, [PAYMENT])], NEW_YEAR, END, UTC_ZONE)

    assert [line.change.due_on for line in found.lines] == [date(2026, 2, 9), None]
