"""Every balance falls into exactly one bucket, on every day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ledgers import MIDDLE, days

from app.domain.ageing import Balances, Bucket, ageing_by_currency, bucket, nothing_owed

balances = st.builds(
    Balances,
    currency=st.sampled_from(["EUR", "USD"]),
    due_on=days,
    open_invoices=st.integers(0, 5),
    open_cents=st.integers(0, 10**12),
    credit_cents=st.integers(0, 10**12),
)


@pytest.mark.parametrize(
    ("days_late", "expected"),
    [
        (-1, "not_due"),
        (0, "not_due"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "over_90"),
        (5_000, "over_90"),
    ],
)
def test_an_edge_belongs_to_the_lower_bucket(days_late, expected):
    assert bucket(days_late) == expected


def test_an_invoice_due_on_the_day_is_not_overdue():
    (report,) = ageing_by_currency([Balances("USD", MIDDLE, 1, 5_00, 0)], MIDDLE)

    assert report.overdue_cents == 0
    assert report.overdue_invoices == 0


def test_an_invoice_is_overdue_the_day_after_its_due_date():
    (report,) = ageing_by_currency([Balances("USD", MIDDLE, 1, 5_00, 0)], MIDDLE + timedelta(days=1))

    assert report.overdue_cents == 5_00
    assert report.overdue_invoices == 1
    assert report.buckets[Bucket.TO_30] == 5_00


def test_currencies_are_reported_side_by_side():
    reports = ageing_by_currency([Balances("USD", MIDDLE, 1, 5_00, 0), Balances("EUR", MIDDLE, 2, 7_00, 1_00)], MIDDLE)

    assert [(report.currency, report.outstanding_cents, report.credit_cents) for report in reports] == [
        ("EUR", 7_00, 1_00),
        ("USD", 5_00, 0),
    ]


def test_nothing_is_owed_in_a_currency_without_invoices():
    report = nothing_owed("USD", date(2026, 3, 2))

    assert report.outstanding_cents == 0
    assert set(report.buckets.values()) == {0}


@given(rows=st.lists(balances), day=days)
def test_the_buckets_add_up_to_what_is_outstanding_on_any_day(rows, day):
    reports = ageing_by_currency(rows, day)

    for report in reports:
        open_cents = sum(row.open_cents for row in rows if row.currency == report.currency)
        assert sum(report.buckets.values()) == report.outstanding_cents == open_cents


@given(rows=st.lists(balances), day=days)
def test_overdue_never_exceeds_outstanding(rows, day):
    for report in ageing_by_currency(rows, day):
        assert 0 <= report.overdue_cents <= report.outstanding_cents
        assert 0 <= report.overdue_invoices <= report.open_invoices
