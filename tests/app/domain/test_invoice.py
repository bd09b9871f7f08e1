"""The status of an invoice follows from its facts at a day, and the past stays as it was."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ledgers import Entry, close_of, closes, invoices, ledgers, payments
from support.records import invoice_facts

from app.domain.invoice import Status, days_late, is_in_scope, status
from app.domain.payment import paid_cents

DAY = date(2026, 3, 2)
CLOSE = close_of(DAY)
INVOICE = invoice_facts(issued_on=date(2026, 2, 1), due_on=DAY)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEXT_MIDNIGHT = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "paid", "expected"),
    [
        ({}, 0, "open"),
        ({}, 1, "partial"),
        ({}, 99_99, "partial"),
        ({}, 100_00, "paid"),
        ({}, 100_01, "paid"),
        ({}, -1, "open"),
        ({"due_on": date(2026, 3, 1)}, 0, "overdue"),
        ({"due_on": date(2026, 3, 1)}, 99_99, "overdue"),
        ({"due_on": date(2026, 3, 1)}, 100_00, "paid"),
        ({"total_cents": 0}, 0, "paid"),
        ({"total_cents": -5_00}, 0, "paid"),
        ({"disputed": True}, 0, "open"),
        ({"voided_at": NEXT_MIDNIGHT}, 0, "open"),
        ({"written_off_at": NEXT_MIDNIGHT}, 0, "open"),
    ],
)
def test_the_status_follows_from_balance_and_due_date(changes, paid, expected):
    assert status(replace(INVOICE, **changes), paid, CLOSE) == expected


@pytest.mark.parametrize(
    ("draft", "voided", "written_off", "late", "paid"),
    list(product([False, True], [False, True], [False, True], [False, True], [0, 1, 100_00])),
)
def test_what_a_person_said_wins_over_what_the_figures_say(draft, voided, written_off, late, paid):
    invoice = replace(
        INVOICE,
        draft=draft,
        voided_at=NOON if voided else None,
        written_off_at=NOON if written_off else None,
        due_on=DAY - timedelta(days=1) if late else DAY,
    )

    found = status(invoice, paid, CLOSE)

    said = [word for word, holds in (("draft", draft), ("void", voided), ("written off", written_off)) if holds]
    figures = {0: "open", 1: "partial", 100_00: "paid"}[paid]
    follows = "overdue" if late and paid != 100_00 else figures
    assert found == (said[0] if said else follows)
    assert is_in_scope(invoice, CLOSE) is (not said)


def test_an_unpaid_invoice_is_overdue_the_day_after_its_due_date():
    assert status(INVOICE, 0, close_of(DAY)) is Status.OPEN
    assert status(INVOICE, 0, close_of(DAY + timedelta(days=1))) is Status.OVERDUE


def test_an_invoice_is_in_scope_from_the_day_it_is_issued():
    assert not is_in_scope(INVOICE, close_of(date(2026, 1, 31)))
    assert is_in_scope(INVOICE, close_of(date(2026, 2, 1)))


def test_days_late_count_from_the_due_date():
    assert days_late(DAY, DAY) == 0
    assert days_late(DAY, DAY + timedelta(days=30)) == 30
    assert days_late(DAY, DAY - timedelta(days=1)) == -1


@given(ledger=ledgers(), as_of=closes, data=st.data())
def test_the_figures_of_a_past_day_never_change_when_later_facts_arrive(ledger, as_of, data):
    before = _figures(ledger, as_of)

    after = _figures(_with_later_facts(ledger, as_of, data), as_of)

    assert after == before


def _figures(ledger, as_of):
    return [
        (entry.invoice.number, entry.invoice.total_cents - paid_cents(entry.payments, as_of))
        for entry in ledger
        if is_in_scope(entry.invoice, as_of)
    ]


def _with_later_facts(ledger, as_of, data):
    later_days = st.integers(1, 200).map(lambda days: as_of.day + timedelta(days=days))
    later_moments = st.integers(0, 10**7).map(lambda seconds: as_of.ended_at + timedelta(seconds=seconds))
    changed = [
        Entry(
            replace(
                entry.invoice,
                voided_at=entry.invoice.voided_at or data.draw(st.none() | later_moments),
                written_off_at=entry.invoice.written_off_at or data.draw(st.none() | later_moments),
            ),
            (
                *(
                    replace(paid, voided_at=paid.voided_at or data.draw(st.none() | later_moments))
                    for paid in entry.payments
                ),
                *data.draw(st.lists(payments(entry.invoice.id, paid=later_days), max_size=2)),
            ),
        )
        for entry in ledger
    ]
    new = data.draw(st.lists(invoices(99, issued=later_days), max_size=2))
    return [*changed, *(Entry(invoice, ()) for invoice in new)]
