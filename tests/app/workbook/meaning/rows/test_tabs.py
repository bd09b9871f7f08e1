"""A table is reported with its columns, what they hold, and where it ends."""

from datetime import date
from string import ascii_letters

import pytest
from support.workbooks import INVOICES, check

from app.domain.sentences import day_text
from app.workbook.meaning.results.records import Held
from app.workbook.meaning.tables.tables import header_line
from app.workbook.reading.cells import Row

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)


def report(headings, *rows):
    return check({"2026": [["A title"], [*INVOICES, *headings], *rows]}, undated="due").tabs[0]


def row(number, amount=100, *rest, issued=ISSUED):
    return [number, "Acme", issued, DUE, amount, *rest]


def test_a_table_is_reported_with_its_place_and_its_columns():
    found = report(["Clerk", "Total"], row("1", 99, "Jo", 100), row("2", 49, "Al", 50), ["Total", *[None] * 5, 150])

    assert (found.name, found.kind, found.header_row, found.last_row, found.rows) == ("2026", "invoice", 2, 5, 2)
    assert found.fingerprint == header_line(Row(1, (*INVOICES, "Clerk", "Total"))).fingerprint
    assert found.columns[3:6] == [
        {"column": "D", "header": "Due Date", "field": "due_on", "confidence": "said"},
        {"column": "E", "header": "Amount", "field": None, "confidence": None, "own_field": "Amount"},
        {"column": "F", "header": "Clerk", "field": None, "confidence": None, "own_field": "Clerk"},
    ]


def test_the_columns_beyond_z_stand_behind_it():
    found = report([f"Own {letter}" for letter in ascii_letters[:25]], row("1", 100, *["x"] * 25))

    assert [one["column"] for one in found.columns][-6:] == ["Y", "Z", "AA", "AB", "AC", "AD"]


def test_a_table_says_what_each_column_holds():
    found = report(["Clerk"], row("1", 99.5, "Jo"), row("2", 0.5, "Al", issued=PAID), row("3", 1, "Jo"))

    assert found.held["A"] == Held(("1", "2", "3"), "", "")
    first, last = map(day_text, (date(2026, 1, 5), date(2026, 3, 20)))
    assert found.held["C"] == Held((first, last), "", f"{first} to {last}")
    assert found.held["E"].samples == ("99.5", "0.5", "1")
    assert found.held["F"] == Held(("Jo", "Al"), "", "")


def test_five_samples_of_a_column_are_shown():
    found = report([], *(row(str(number)) for number in range(6)))

    assert found.held["A"].samples == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [([], [], False), (["Paid"], [0], True), (["Balance"], [100], True), (["Paid On"], [PAID], True),
     (["Status"], ["Open"], True), (["Clerk"], ["Jo"], False)],
)  # fmt: skip
def test_a_table_says_whether_its_rows_tell_what_was_paid(headings, cells, expected):
    assert report(headings, row("1", 100, *cells)).has_payment_columns is expected


@pytest.mark.parametrize(
    ("headings", "rows", "is_dropped"),
    [
        (["Balance"], [["Acme", 100, 100], ["Bolt", 50, 50], ["Acme", 70, 170], ["Bolt", 5, 55]], True),
        (["Balance"], [["Acme", 100, 100], ["Bolt", 50, 50], ["Cord", 70, 170], ["Dale", 5, 55]], False),
    ],
    ids=["of each customer", "of nobody"],
)
def test_a_balance_may_run_for_each_customer(headings, rows, is_dropped):
    made = [[str(number), name, ISSUED, DUE, *cells] for number, (name, *cells) in enumerate(rows)]

    fields = [one["field"] for one in report(headings, *made).columns]

    assert ("balance_cents" not in fields) is is_dropped


def test_a_balance_may_run_for_each_customer_named_in_headings():
    headings = ["Invoice No", "Invoice Date", "Due Date", "Amount", "Balance"]
    rows = [["Acme"], ["1", ISSUED, DUE, 100, 100], ["2", ISSUED, DUE, 70, 170]]
    rows += [["Bolt"], ["3", ISSUED, DUE, 50, 50], ["4", ISSUED, DUE, 5, 55]]

    fields = [one["field"] for one in check({"A": [headings, *rows]}).tabs[0].columns]

    assert "balance_cents" not in fields
