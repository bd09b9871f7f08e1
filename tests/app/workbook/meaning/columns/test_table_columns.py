"""The columns of a table while their meanings are decided: which may hold money, and what each answer would make."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, a_stored_invoice, stored
from support.workbooks import INVOICES, PAYMENTS, Shown, asked, check, questions

from app.workbook.meaning.results.records import Example

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)


def tab(headings, *rows):
    return {"2026": [[*INVOICES, *headings], *([str(n), "Acme", ISSUED, DUE, *one] for n, one in enumerate(rows, 1))]}


def asked_about(checked):
    return [one.id for one in checked.questions if one.subject == "column"]


@pytest.mark.parametrize(
    ("heading", "is_asked"),
    [
        ("Bank", True),
        ("Quantity", False),
        ("Quantity paid", True),
        ("Quantity open", True),
        ("% paid", False),
        ("Phone", False),
        ("Address", False),
        ("Reference", False),
        ("Account No", False),
        ("Terms", False),
        ("Order No", False),
        ("VAT No", False),
        ("As of 2026-03-02: paid", False),
        ("As of 2026-03-02: foo", True),
    ],
)
def test_a_column_of_numbers_is_money_unless_its_heading_rules_it_out(heading, is_asked):
    checked = check(tab([heading], [100, 40]), undated="due")

    assert ["holds amounts" in text for text in questions(checked)] == [True] * is_asked


@pytest.mark.parametrize(
    ("cells", "is_asked"),
    [
        (["call", "wait", "12.50"], True),
        (["call", "wait", "12"], False),
        (["call", "wait", Shown(12, "[$€-407]0")], True),
        (["call", 12, 13], True),
        (["call", "wait", 13], False),
        ([None, None, 13], True),
        ([None, None, None], False),
        (["-", "n/a", 13], True),
    ],
)
def test_a_column_may_hold_money_if_most_of_it_are_numbers_or_one_is_surely_money(cells, is_asked):
    checked = check(tab(["Foo"], *([100, cell] for cell in cells)))

    assert bool(checked.questions) is is_asked


@pytest.mark.parametrize(("cell", "is_asked"), [(12, False), (Shown(12, "[$€-407]0"), True)])
def test_a_quantity_beside_payments_may_hold_money_if_it_shows_a_currency(cell, is_asked):
    tabs = tab([], [100]) | {"Payments": [[*PAYMENTS, "Quantity"], ["1", PAID, 40, cell]]}

    assert asked_about(check(tabs)) == ["column:Payments!D"] * is_asked


@pytest.mark.parametrize("heading", ["Invoice balance", "Open amount", "Tax"])
def test_what_is_said_of_the_invoice_in_a_list_of_payments_is_not_asked_about(heading):
    tabs = tab([], [100]) | {"Payments": [[*PAYMENTS, heading], ["1", PAID, 40, 100]]}

    assert questions(check(tabs)) == []


def test_the_effects_of_an_answer_are_those_of_the_whole_table():
    tabs = tab(["Paid", "Bank"], [100, 10, 40], [50, 0, 7])

    (question,) = (one for one in asked(check(tabs, undated="due")) if one.subject == "column")

    assert question.effects == {
        "paid": "93.00 would be owed",
        "balance": "47.00 would be owed",
        "total": "37.00 would be owed",
        "ignore": "140.00 would be owed",
    }


def test_the_effects_go_by_the_balance_where_there_is_one():
    tabs = tab(["Balance", "Bank"], [100, 90, 40], [50, 50, 7])

    (question,) = (one for one in asked(check(tabs, undated="due")) if one.subject == "column")

    assert question.effects == {
        "paid": "140.00 would be owed",
        "balance": "47.00 would be owed",
        "total": "140.00 would be owed",
        "ignore": "140.00 would be owed",
    }


def test_the_examples_are_the_first_four_cells_that_say_something():
    rows = [[100, cell] for cell in (None, 40, "12.50", "call " * 20, 7.5, 8, 9)]

    (question,) = asked(check(tab(["Bank"], *rows)))

    assert question.examples == (
        Example("F3", "40.00", {}),
        Example("F4", "12.50", {}),
        Example("F5", "call call call call call call call call ", {}),
        Example("F6", "7.50", {}),
    )


def test_a_table_is_read_by_one_decimal_mark_also_while_its_columns_are_decided():
    tabs = tab(["VAT", "Gross total"], ["100,00", "19,00", "119,00"], ["1.000,00", "190,00", "1.190,00"])

    checked = check(tabs)

    assert [one["field"] for one in checked.tabs[0].columns[4:]] == [None, None, "total_cents"]
    assert questions(checked) == []


def test_a_column_that_was_kept_before_is_not_asked_about():
    kept = stored([a_stored_customer()], [a_stored_invoice("9", own_fields={"Bank": "7"})])

    assert questions(check(tab(["Bank"], [100, 40]), kept)) == []
    assert asked_about(check(tab(["Till"], [100, 40]), kept)) == ["column:2026!F"]
