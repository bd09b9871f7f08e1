"""Columns that nobody knows are kept as they are shown, under their headings; they are never a problem."""

from decimal import Decimal

import pytest
from support.workbooks import (
    AN_INVOICE,
    ANOTHER_INVOICE,
    INVOICES,
    NOTHING_STORED,
    PAYMENTS,
    Shown,
    book,
    check,
    in_excel,
    notices,
    problems,
    say_nothing,
)

from app.workbook.meaning import checking
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.columns.own_columns import FIGURES_OF_CUSTOMER, heading, named
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.tables.headers import IGNORED, ChosenMapping, ListKind
from app.workbook.meaning.tables.tables import tables
from app.workbook.reading.cells import Duration, ErrorValue, Merged, UncalculatedFormula


def own(checked, number=0):
    return checked.invoices[number].values.get("own_fields")


def invoices(*headings):
    """A tab with one invoice and columns of these headings, each with what stands in it."""
    return {"Invoices": [[*INVOICES, *(head for head, _ in headings)], [*AN_INVOICE, *(cell for _, cell in headings)]]}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Bob", "Bob"),
        ("first\nsecond", "first\nsecond"),
        ("0017", "0017"),
        (17, "17"),
        (Decimal("0.333333333333333"), "0.333333333333333"),
        (Decimal("12.50"), "12.5"),
        (Shown(17, "00000"), "00017"),
        (Shown(Decimal("0.19"), "0%"), "0.19"),
        (True, "Yes"),
        (False, "No"),
        (in_excel(2026, 1, 5), "2026-01-05"),
        (in_excel(2026, 1, 5, 14, 30), "2026-01-05 14:30"),
        (Duration("1:30"), "1:30"),
        (Merged("North"), "North"),
        ("'=1+1", "=1+1"),
        (None, ""),
    ],
)
def test_a_cell_is_kept_as_it_is_shown(cell, text):
    assert own(check(invoices(("Salesman", cell)))) == {"Salesman": text}


def test_a_tab_without_such_columns_says_nothing_of_them():
    assert own(check(invoices())) is None


def test_customers_keep_their_columns_too():
    checked = check(
        {"Customers": [["Customer ID", "Name", "E-mail", "District"], ["C1", "Acme", "a@b.example", "North"]]}
    )

    assert checked.customers[0].values["own_fields"] == {"District": "North"}


def test_a_list_of_payments_keeps_none():
    checked = check({**invoices(), "Payments": [[*PAYMENTS, "Clerk"], ["1001", in_excel(2026, 1, 9), 5, "Bob"]]})

    assert notices(checked) == ["Columns not read: D 'Clerk'."]
    assert "own_fields" not in checked.payments[0].values


def test_headings_that_are_repeated_are_numbered():
    checked = check(invoices(("District", "a"), ("District (2)", "b"), ("District", "c"), ("district", "d")))

    assert own(checked) == {"District": "a", "District (2)": "b", "District (3)": "c", "district": "d"}


def test_a_second_column_of_a_known_heading_is_kept_under_it():
    assert own(check(invoices(("Notes", "read"), ("Notes", "kept")))) == {"Notes": "kept"}


def test_a_column_without_a_heading_is_called_by_its_letter_if_it_holds_anything():
    tabs = {
        "Invoices": [
            [*INVOICES, None, None, "Salesman"],
            [*AN_INVOICE, None, None, "Bob"],
            [*ANOTHER_INVOICE, None, "x"],
        ]
    }

    checked = check(tabs)

    assert own(checked) == {"Column G": "", "Salesman": "Bob"}
    assert notices(checked) == ["Columns kept as they are: G 'Column G', H 'Salesman'."]


@pytest.mark.parametrize("cell", [ErrorValue("#N/A"), UncalculatedFormula(), "x" * 10_001])
def test_a_cell_that_cannot_be_read_is_a_notice_and_says_nothing(cell):
    checked = check(invoices(("Salesman", cell), ("District", "North")))

    assert own(checked) == {"District": "North"}
    assert problems(checked) == []
    assert notices(checked) == [
        "Columns kept as they are: F 'Salesman', G 'District'.",
        "1 cell of these could not be read and changed nothing (F2).",
    ]


def test_the_same_invoice_with_other_own_columns_is_read_once():
    tabs = {
        "2025": [[*INVOICES, "Line"], [*AN_INVOICE, 1]],
        "Open": [[*INVOICES, "Line"], [*AN_INVOICE, 7], [*ANOTHER_INVOICE, 8]],
    }

    checked = check(tabs)

    assert problems(checked) == []
    assert [own(checked, number) for number in (0, 1)] == [{"Line": "1"}, {"Line": "8"}]


def test_a_column_that_is_marked_as_ignored_is_neither_read_nor_kept():
    made = book(invoices(("Salesman", "Bob"), ("District", "North"), ("Notes", "x")))
    header = tables(made.sheets[0], {})[0].header
    fields = {column.index: column.field for column in header.columns if column.field != "notes"}
    fingerprint = header.fingerprint
    mapping = ChosenMapping(ListKind.INVOICE, {**fields, 5: IGNORED, 7: IGNORED})

    checked = checking.check(
        made, {fingerprint: mapping}, Answers(), NOTHING_STORED, ReadingContext("USD"), say_nothing
    )

    assert own(checked) == {"District": "North"}
    assert "notes" not in checked.invoices[0].values
    assert notices(checked) == ["Columns kept as they are: G 'District'.", "Columns not read: F 'Salesman', H 'Notes'."]
    assert [(column["column"], column["field"]) for column in checked.tabs[0].columns[5:]] == [
        ("F", "ignored"), ("G", None), ("H", "ignored"),
    ]  # fmt: skip


def test_figures_that_a_list_of_ours_has_beside_the_fields_are_not_kept():
    customers = {
        "Customers": [["Customer ID", "Name", *FIGURES_OF_CUSTOMER, "District"], ["C1", "Acme", *"12345678", "North"]]
    }
    tabs = {**customers, **invoices(("As of 2026-03-02: paid", 5), ("As of 2026-03-02: late", 30))}

    checked = check(tabs)

    assert checked.customers[0].values["own_fields"] == {"District": "North"}
    assert own(checked) is None


def test_a_column_of_their_own_that_is_headed_like_one_of_these_figures_is_kept():
    checked = check({"Customers": [["Customer ID", "Name", "Currency"], ["C1", "Acme", "EUR"]]})

    assert checked.customers[0].values["own_fields"] == {"Currency": "EUR"}


@pytest.mark.parametrize(
    "name", ["Amount", "Invoice total", "E-mail", "Total (EUR)", "Outstanding", "As of 2026-03-02: paid"]
)
def test_a_heading_that_an_import_would_take_for_something_else_is_marked_in_an_export(name):
    assert heading(name) == f"Own field: {name}"
    assert named(heading(name)) == name


def test_any_other_heading_is_exported_as_it_stands():
    assert heading("Salesman") == "Salesman"
