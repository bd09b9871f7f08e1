"""What is told of a tab as a whole, and its own totals beside the sums of its rows."""

from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal

import pytest
from support.workbooks import INVOICES, NOTHING_STORED, book, check, notices, say_nothing

from app.workbook.meaning import checking
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import OwnTotal

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)


def row(number, amount=100, *rest, issued=ISSUED, due=DUE):
    return [number, "Acme", issued, due, amount, *rest]


def total(amount, *rest, label="Total"):
    return [label, None, None, None, amount, *rest]


def tab(*rows, headings=()):
    return {"2026": [[*INVOICES, *headings], *rows]}


def own_totals(*rows, headings=()):
    return check(tab(*rows, headings=headings), undated="due").tabs[0].own_totals


# --- the tab's own totals


def test_each_total_is_compared_with_the_sum_of_its_own_column():
    found = own_totals(
        row("1", 100, 20, 30, 50), row("2", 80, 0, 80, 0), total(180, 20, 110, 50),
        headings=["Deposit", "Payments", "Balance"],
    )  # fmt: skip

    assert found == [
        OwnTotal("E4", "Amount", 180_00, 180_00),
        OwnTotal("F4", "Deposit", 20_00, 20_00),
        OwnTotal("G4", "Payments", 110_00, 110_00),
        OwnTotal("H4", "Balance", 50_00, 50_00),
    ]


def test_a_total_of_one_of_several_columns_that_is_wrong_is_shown_at_its_cell():
    found = own_totals(
        row("1", 100, 20, 30, 50), row("2", 80, 0, 80, 0), total(180, 20, 111, 50),
        headings=["Deposit", "Payments", "Balance"],
    )  # fmt: skip

    assert found[2] == OwnTotal("G4", "Payments", 111_00, 110_00)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("1", 10), total(10), row("2", 20), total(20), total(30)], [(10, 10), (20, 20), (30, 30)]),
        ([row("1", 10), total(10), row("2", 20), total(30)], [(10, 10), (30, 30)]),
        ([row("1", 10), total(10), row("2", 20), total(25), total(30)], [(10, 10), (25, 20), (30, 30)]),
        ([row("1", 10), total(11)], [(11, 10)]),
        ([row("1", 10), total(10), total(12), row("2", 5)], [(10, 10), (12, 10)]),
        ([row("1", 10), total(10), row("2", 20), total(20), row("3", 5), total(99)], [(10, 10), (20, 20), (99, 35)]),
        ([row("1", 10), total(10), row("2", 20), total(20), row("3", 5), total(25)], [(10, 10), (20, 20), (25, 25)]),
        ([row("1", 10), row("2", 20)], []),
    ],
    ids=[
        "sections and a grand total",
        "a total so far",
        "a wrong section",
        "one wrong total",
        "a total below a total",
        "a wrong grand total",
        "a total of two sections",
        "none",
    ],
)
def test_a_total_is_that_of_its_section_or_of_several_above_it_or_of_all(rows, expected):
    assert [(one.stated, one.read) for one in own_totals(*rows)] == [
        (stated * 100, read * 100) for stated, read in expected
    ]


def test_the_first_row_of_a_tab_counts_in_its_totals_and_a_row_below_the_last_in_none():
    assert [(one.stated, one.read) for one in own_totals(row("1", 10), row("2", 5), total(15), row("3", 7))] == [
        (15_00, 15_00)
    ]


def test_a_total_that_cannot_be_read_is_not_compared():
    assert own_totals(row("1", 10), total("all of it")) == []


def test_a_total_is_written_as_its_column_is():
    (own,) = own_totals(row("1", "1.234,50"), row("2", "2.000,50"), total("3.235,00"))

    assert own == OwnTotal("E4", "Amount", 3235_00, 3235_00)


# --- notices


def test_a_total_row_is_told():
    assert notices(check(tab(row("1"), total(100)))) == ["Row 3 was read as a total and compared, not imported."]


@pytest.mark.parametrize(
    ("values", "notice"),
    [
        ({"hidden": True}, "The tab is hidden in Excel; it was read all the same."),
        ({"merged_down": 1}, "1 cell is merged with the one above; its value was read for each row."),
        ({"merged_down": 2}, "2 cells are merged with the one above; its value was read for each row."),
        ({"stopped_after_empty_row": 900}, "Nothing but empty rows stood above row 900; reading stopped there."),
        ({"cut_after_column": "ZZ"}, "Nothing right of column ZZ was read."),
    ],
)
def test_what_was_unusual_of_a_sheet_is_told(values, notice):
    assert notices(check_sheet(values)) == [notice]


@pytest.mark.parametrize(
    ("rows", "values", "notice"),
    [
        ([2], {}, "1 row is hidden in Excel and was read all the same."),
        ([2, 3], {}, "2 rows are hidden in Excel and were read all the same."),
        ([2, 3], {"filtered": True}, "2 rows are hidden by a filter and were read all the same."),
    ],
)
def test_hidden_rows_are_counted(rows, values, notice):
    assert notices(check_sheet(values, hidden=rows)) == [notice]


def check_sheet(values, hidden=()):
    """Check two invoices on a sheet with these values and hidden rows."""
    made = book(tab(row("1"), row("2")))
    (sheet,) = made.sheets
    rows = [replace(one, hidden=one.number in hidden) for one in sheet.rows]
    changed = replace(made, sheets=[replace(sheet, rows=rows, **values)])
    return checking.check(changed, {}, Answers(), NOTHING_STORED, ReadingContext("USD", UTC), say_nothing)


@pytest.mark.parametrize(
    ("amounts", "notice"),
    [
        (["1.005"], "1 amount has fractions of a cent and was rounded to the nearest cent."),
        (["1.005", "2.125", "3"], "2 amounts have fractions of a cent and were rounded to the nearest cent."),
    ],
)
def test_rounded_amounts_are_counted(amounts, notice):
    assert notices(check(tab(*(row(str(n), Decimal(one)) for n, one in enumerate(amounts))))) == [notice]


@pytest.mark.parametrize(
    ("rows", "notice"),
    [
        ([row("1", due=None)], "1 row is paid and has no due date: the day of payment was taken for it (F2)."),
        (
            [row("1", due=None), row("2", due=None)],
            "2 rows are paid and have no due date: the day of payment was taken for it (F2, F3).",
        ),
    ],
)
def test_paid_invoices_without_a_due_date_are_told(rows, notice):
    assert notices(check(tab(*([*one, PAID] for one in rows), headings=["Paid On"]))) == [notice]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([(ISSUED, ISSUED)], []),
        ([(DUE, ISSUED)], ["1 row is due before the day of issue (D2)."]),
        ([(DUE, ISSUED), (DUE, ISSUED)], ["2 rows are due before the day of issue (D2, D3)."]),
    ],
)
def test_invoices_due_before_their_day_are_told(days, expected):
    rows = [row(str(number), issued=issued, due=due) for number, (issued, due) in enumerate(days)]

    assert notices(check(tab(*rows))) == expected


def test_a_status_that_is_not_known_is_told_with_its_first_forty_letters():
    long = "with the lawyers since the second reminder of May"

    assert notices(check(tab(row("1", 100, 0, long), row("2", 100, 0, long), headings=["Paid", "Status"]))) == [
        "The status 'with the lawyers since the second remind' is not known and was not used (G2, G3)."
    ]


def test_a_list_without_totals_is_told_unless_it_is_one_of_net_amounts():
    headings = INVOICES[:4]

    assert notices(check({"A": [[*headings, "Open Balance"], row("1")]})) == [
        "There is no column of totals: what is open was taken for the total of each invoice."
    ]
    assert notices(check({"A": [[*headings, "Net Amount", "VAT"], row("1", 100, 19)]})) == []


def test_rows_that_hold_nothing_that_is_read_are_told():
    assert notices(check(tab(row("1"), [None] * 5 + ["x"], headings=["Clerk"]))) == [
        "Row 3 was left out: x.",
        "Columns kept as they are: F 'Clerk'.",
    ]


def test_columns_that_are_not_read_are_told_beside_those_that_are_kept():
    checked = check(tab(row("1")) | {"P": [["Invoice No", "Payment Date", "Amount", "Clerk"], ["1", PAID, 1, "Jo"]]})

    assert notices(checked) == ["Columns not read: D 'Clerk'."]
