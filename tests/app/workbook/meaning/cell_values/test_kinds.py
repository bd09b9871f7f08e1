"""What kinds of values a column has, and what it can therefore be."""

from decimal import Decimal

import pytest
from support.workbooks import in_excel

from app.workbook.meaning.cell_values.kinds import ColumnValues, column_values, values_of
from app.workbook.reading.cells import Duration, ErrorValue, FormattedNumber, Merged, Row, UncalculatedFormula

ONE = {"filled": 1}


@pytest.mark.parametrize(
    ("cell", "counted"),
    [
        (None, {}),
        ("", {}),
        (" - ", {}),
        ("N/A", {}),
        (True, ONE | {"yes_or_no": 1}),
        (in_excel(2026, 1, 5), ONE | {"days": 1}),
        (5, ONE | {"numbers": 1}),
        (Decimal("5.0"), ONE | {"numbers": 1}),
        (Decimal("5.5"), ONE | {"numbers": 1, "with_cents": 1}),
        (FormattedNumber(5, "0%"), ONE | {"percentages": 1}),
        (FormattedNumber(5, "[$€-407] 0"), ONE | {"numbers": 1, "shows_currency": 1}),
        (FormattedNumber(5, "[$XYZ] 0"), ONE | {"numbers": 1, "shows_currency": 1}),
        (FormattedNumber(Decimal("5.5"), "000"), ONE | {"numbers": 1, "with_cents": 1}),
        ("5", ONE | {"numbers": 1}),
        ("1", ONE | {"numbers": 1, "yes_or_no": 1}),
        ("5.50", ONE | {"numbers": 1, "with_cents": 1}),
        ("5.505", ONE | {"numbers": 1}),
        ("€5", ONE | {"numbers": 1, "shows_currency": 1}),
        ("5 January 2026", ONE | {"days": 1}),
        ("5.1.2026", ONE | {"days": 1}),
        ("20260105", ONE | {"numbers": 1, "days": 1}),
        ("A5", ONE | {"texts": 1}),
        ("yes", ONE | {"texts": 1, "yes_or_no": 1, "statuses": 1}),
        ("Paid", ONE | {"texts": 1, "statuses": 1}),
        ("EUR", ONE | {"texts": 1, "currencies": 1}),
        ("Acme", ONE | {"texts": 1}),
        (Merged("Acme"), ONE | {"texts": 1}),
        (Merged(None), {}),
        (ErrorValue("#N/A"), ONE | {"numbers": 1, "days": 1, "texts": 1}),
        (UncalculatedFormula(), ONE | {"numbers": 1, "days": 1, "texts": 1}),
        (Duration("1:30"), ONE),
    ],
)
def test_a_cell_counts_as_what_it_can_be(cell, counted):
    assert values_of([cell]) == ColumnValues(**counted)


def test_the_cells_of_a_column_are_counted_together():
    assert values_of([5, "5.50", None, "Acme"]) == ColumnValues(filled=3, numbers=2, texts=1, with_cents=1)


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        ("total_cents", {"filled": 4, "numbers": 3}, True),
        ("total_cents", {"filled": 4, "numbers": 2}, False),
        ("issued_on", {"filled": 4, "days": 3}, True),
        ("issued_on", {"filled": 4, "days": 2}, False),
        ("number", {"filled": 4, "days": 2}, True),
        ("number", {"filled": 4, "days": 3}, False),
        ("number", {"filled": 4, "with_cents": 1}, False),
        ("invoice_number", {"filled": 4, "with_cents": 1}, False),
        ("status", {"filled": 4, "statuses": 2, "yes_or_no": 1}, True),
        ("status", {"filled": 4, "statuses": 1, "yes_or_no": 1}, False),
        ("customer_name", {"filled": 4, "texts": 3}, True),
        ("customer_name", {"filled": 4, "texts": 2}, False),
        ("payment_method", {"filled": 4, "texts": 2}, False),
        ("type", {"filled": 4, "texts": 2}, False),
        ("notes", {"filled": 4}, True),
    ],
)
def test_a_column_fits_a_field_if_more_than_half_of_its_cells_do(field, values, expected):
    assert ColumnValues(**values).fits(field) is expected


@pytest.mark.parametrize(
    ("values", "is_money", "may_hold", "is_surely"),
    [
        ({}, False, False, False),
        ({"filled": 4, "numbers": 2}, False, False, False),
        ({"filled": 4, "numbers": 3}, True, True, False),
        ({"filled": 4, "numbers": 3, "with_cents": 1}, True, True, True),
        ({"filled": 4, "numbers": 3, "shows_currency": 1}, True, True, True),
        ({"filled": 4, "numbers": 1, "with_cents": 1}, False, True, False),
        ({"filled": 4, "numbers": 1, "shows_currency": 1}, False, True, False),
    ],
)
def test_a_column_is_money_by_its_numbers_cents_and_signs(values, is_money, may_hold, is_surely):
    column = ColumnValues(**values)

    assert (column.is_money, column.may_hold_money, column.is_surely_money) == (is_money, may_hold, is_surely)


@pytest.mark.parametrize(
    ("count", "looked_at"), [(0, 0), (400, 400), (401, 400 - 200 + 201), (1_000, 200 + 200), (1_001, 200 + 201)]
)
def test_of_many_rows_the_first_half_and_samples_of_the_rest_are_looked_at(count, looked_at):
    rows = [Row(number, (number,)) for number in range(1, count + 1)]

    (only,) = column_values(rows, 1)

    assert only.filled == looked_at


def test_each_column_is_counted_by_itself():
    rows = [Row(1, ("Acme", 5)), Row(2, ("Bolt",))]

    assert column_values(rows, 3) == [
        ColumnValues(filled=2, texts=2), ColumnValues(filled=1, numbers=1), ColumnValues(),
    ]  # fmt: skip
