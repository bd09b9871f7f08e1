"""Tabs that are lists are read; others with money are asked about, and none is left out without a word."""

from datetime import date

import pytest
from support.workbooks import INVOICES, NOTHING_STORED, PAYMENTS, asked, book, check, notices, questions, say_nothing

from app.workbook.meaning import checking
from app.workbook.meaning.checking import NothingRecognisedError, ReadingContext
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import Question
from app.workbook.meaning.tables.headers import ChosenMapping, ListKind
from app.workbook.meaning.tables.tables import tables

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
AN_INVOICE = ["1", "Acme", ISSUED, DUE, 100]
READ = {"Invoices": [INVOICES, AN_INVOICE]}
LEAVE_OUT = {"skip": "yes, leave it out", "read": "no, read it as invoices or payments"}
LEFT_OUT = "The tab was left out, as was chosen."


def beside(name, headings, *rows):
    """Return a tab of invoices and another of these rows."""
    return READ | {name: [headings, *rows]}


def kinds(checked):
    return [one.kind for one in checked.tabs]


# --- tabs that look like invoices and may be none


def test_a_tab_of_offers_is_asked_about():
    checked = check(beside("Offers 2026", INVOICES, ["Q1", "Acme", ISSUED, DUE, 50.25]))

    assert asked(checked) == [
        Question(
            id="tab:Offers 2026",
            subject="tab",
            tab="Offers 2026",
            text="Tab 'Offers 2026' looks like offers, which are not owed (50.25 in column E). Is it to be left out?",
            choices=("skip", "read"),
            labels=LEAVE_OUT,
            shape="tab:offers:<headings>",
        )
    ]
    assert kinds(checked) == [ListKind.INVOICE, None]


@pytest.mark.parametrize(
    ("answer", "count", "told"),
    [("skip", 1, [LEFT_OUT]), ("read", 2, [])],
)
def test_a_tab_of_offers_is_read_as_was_answered(answer, count, told):
    tabs = beside("Offers 2026", INVOICES, ["Q1", "Acme", ISSUED, DUE, 50])

    checked = check(tabs, by_question={"tab:Offers 2026": answer})

    assert (len(checked.invoices), notices(checked), questions(checked)) == (count, told, [])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Offers", "offers, which are not owed"),
        ("Pro forma", "pro forma invoices, which are not owed"),
        ("Orders", "orders, which are not owed before they are invoiced"),
    ],
)
def test_a_tab_that_looks_like_invoices_is_asked_about_by_its_name(name, what):
    tabs = beside(name, INVOICES, ["Q1", "Acme", ISSUED, DUE, 50])

    assert questions(check(tabs)) == [f"Tab '{name}' looks like {what}. Is it to be left out?"]


def test_a_tab_is_asked_about_by_its_title():
    tabs = READ | {"2026": [["Offers"], [], INVOICES, ["Q1", "Acme", ISSUED, DUE, 50]]}

    assert questions(check(tabs)) == ["Tab '2026' looks like offers, which are not owed. Is it to be left out?"]


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("Purchases", ["Invoice No", "Supplier", "Invoice Date", "Due Date", "Amount"]),
        ("2026", ["Invoice No", "Supplier", "Invoice Date", "Due Date", "Amount"]),
    ],
)
def test_a_tab_of_bills_is_told_and_not_read(name, headings):
    checked = check(beside(name, headings, ["Q1", "Shop", ISSUED, DUE, 50]))

    assert [(one.tab, one.message) for one in checked.notices] == [
        (name, "The tab looks like bills that you owe, not what is owed to you: it was not read.")
    ]
    assert (len(checked.invoices), questions(checked)) == (1, [])


def test_a_tab_of_bills_with_invoices_of_customers_is_asked_about():
    checked = check(beside("Purchases", INVOICES, ["Q1", "Acme", ISSUED, DUE, 50]))

    assert questions(checked) == [
        "Tab 'Purchases' looks like bills that you owe, not what is owed to you. Is it to be left out?"
    ]


def test_a_tab_of_offers_whose_columns_were_chosen_is_read():
    made = book(beside("Offers", [*INVOICES[:4], "Sum"], ["Q1", "Acme", ISSUED, DUE, 50]))
    (table,) = tables(made.sheets[1], {})
    fields = {0: "number", 1: "customer_name", 2: "issued_on", 3: "due_on", 4: "total_cents"}
    mapping = {table.line.fingerprint: ChosenMapping(ListKind.INVOICE, fields)}

    checked = checking.check(made, mapping, Answers(), NOTHING_STORED, ReadingContext("USD"), say_nothing)

    assert (len(checked.invoices), checked.questions) == (2, [])


def test_a_tab_that_was_chosen_not_to_be_read_is_told():
    made = book(beside("Old", [*INVOICES[:4], "Sum"], ["Q1", "Acme", ISSUED, DUE, 50]))
    (table,) = tables(made.sheets[1], {})

    checked = checking.check(
        made, {table.line.fingerprint: ChosenMapping(None, {})}, Answers(), NOTHING_STORED, ReadingContext("USD"),
        say_nothing,
    )  # fmt: skip

    assert [(one.tab, one.message) for one in checked.notices] == [("Old", LEFT_OUT)]


def test_a_list_can_be_left_out_without_being_asked():
    tabs = READ | {"Old": [INVOICES, ["2", "Acme", ISSUED, DUE, 50]]}

    checked = check(tabs, by_question={"tab:Old": "skip"})

    assert [(one.tab, one.message) for one in checked.notices] == [("Old", LEFT_OUT)]
    (answered,) = checked.answered
    assert answered.question.text == "Tab 'Old' looks like a list of ours. Is it to be left out?"
    assert answered.question.choices == ("skip", "read")


# --- tabs that are no lists


@pytest.mark.parametrize(
    ("name", "headings", "cells", "what"),
    [
        ("Bank", ["Date", "Text", "Amount"], [PAID, "Acme", 100.5], "a bank or cash book (100.50 in column C)"),
        ("Stuff", ["Customer", "Invoice Date", "Due Date", "Amount"], ["Acme", ISSUED, DUE, 100.5],
         "a list without a column 'invoice number' (100.50 in column D)"),
        ("Stuff", ["Customer", "Date", "Due Date"], ["Acme", ISSUED, DUE],
         "a list without a column 'invoice number' and a column 'amount'"),
        ("Stuff", ["Invoice No", "Customer", "Paid Amount"], ["1", "Acme", 5.5],
         "a list without a column 'amount' (5.50 in column C)"),
        ("Stuff", ["Foo", "Cost"], ["Acme", 100.5],
         "no list of invoices, payments or customers (100.50 in column B)"),
        ("Stuff", ["Foo", "When"], ["Acme", PAID], "no list of invoices, payments or customers"),
        ("Cash", ["Date", "In", "Out", "Left"], [PAID, 100.5, 20.25, 80.25],
         "a bank or cash book (100.50 in column B, 20.25 in column C)"),
    ],
)  # fmt: skip
def test_a_tab_with_money_or_days_is_asked_about_before_it_is_left_out(name, headings, cells, what):
    tabs = beside(name, headings, cells)

    (question,) = asked(check(tabs))

    assert question.text == f"Tab '{name}' looks like {what}. Is it to be left out?"
    assert (question.id, question.choices) == (f"tab:{name}", ("skip",))
    left_out = check(tabs, by_question={f"tab:{name}": "skip"})
    assert notices(left_out) == [f"The tab looks like {what.partition(' (')[0]}: it was left out, as was chosen."]


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("Ideas", [["Buy", "a boat"]], ["We could not tell what this tab holds, so it was skipped."]),
        ("Ideas", [["Foo", "Bar"], ["x", 5]], ["We could not tell what this tab holds, so it was skipped."]),
        ("Expenses", [["Date", "Vendor", "Amount"], [ISSUED, "Shop", 20.5]],
         ["The tab looks like bills that you owe, not what is owed to you: it was not read."]),
        ("Products", [["Code", "Name", "Unit price"], ["P", "Paint", 12.5]],
         ["The tab looks like products: it was not read."]),
        ("Staff", [["Name", "Phone", "Salary"], ["Jo", "123", 2000.5]], ["The tab looks like staff: it was not read."]),
        ("Empty", [], []),
    ],
)  # fmt: skip
def test_a_tab_that_is_clearly_no_list_is_told(name, rows, told):
    checked = check(READ | {name: rows})

    assert [(one.tab, one.message) for one in checked.notices] == [(name, text) for text in told]
    assert questions(checked) == []
    assert kinds(checked) == [ListKind.INVOICE, None]


# --- several tables in a tab

TWO_TABLES = {
    "2026": [
        INVOICES, AN_INVOICE, [], ["Reminders"],
        ["Customer", "Reminded on", "Charge", "Sent by"], ["Acme", DUE, 5.5, "Jo"],
    ]
}  # fmt: skip


def test_another_table_of_a_tab_is_asked_about_by_its_row():
    (question,) = asked(check(TWO_TABLES))

    assert (question.id, question.choices, question.shape) == ("tab:2026!5", ("skip",), "tab::<headings>")
    assert question.text == (
        "The table below row 5 of tab '2026' looks like a list without a column 'invoice number' (5.50 in column C). "
        "Is it to be left out?"
    )


@pytest.mark.parametrize(
    ("answer", "count"), [({"tab:2026!5": "skip"}, 1), ({"tab:2026!1": "skip"}, 0), ({"tab:2026": "skip"}, 0)]
)
def test_a_table_can_be_left_out_alone_or_with_its_tab(answer, count):
    more = {"More": [INVOICES, ["2", "Acme", ISSUED, DUE, 1]]}

    assert len(check(TWO_TABLES | more, by_question=answer).invoices) == count + 1


# --- what is reported of each table


def test_an_unread_table_is_reported_with_its_columns_and_what_they_hold():
    report = check(beside("Stuff", ["Foo", "Cost"], ["Acme", 100.5], ["Bolt", 20])).tabs[1]

    assert (report.name, report.kind, report.header_row, report.last_row) == ("Stuff", None, 1, 3)
    assert [(one["column"], one["header"], one["field"]) for one in report.columns] == [
        ("A", "Foo", None), ("B", "Cost", None),
    ]  # fmt: skip
    assert report.held["A"].samples == ("Acme", "Bolt")
    assert report.fingerprint == tables(book({"x": [["Foo", "Cost"]]}).sheets[0], {})[0].line.fingerprint


def test_a_tab_without_any_row_is_reported_too():
    report = check(READ | {"Empty": []}).tabs[1]

    assert (report.name, report.kind, report.header_row, report.last_row, report.columns) == (
        "Empty", None, None, None, [],
    )  # fmt: skip


# --- workbooks without a list


@pytest.mark.parametrize(
    ("tabs", "nearest"),
    [
        ({"Ideas": [["Buy", "a boat"]]}, ""),
        ({"Stuff": [["Customer", "Invoice Date", "Due Date", "Amount"], ["Acme", ISSUED, DUE, 5]]},
         "Row 1 of tab 'Stuff' comes nearest, without a column 'invoice number'. "),
        ({"Stuff": [["Customer", "Invoice Date", "Due Date", "Balance"], ["Acme", ISSUED, DUE, 5]]},
         "Row 1 of tab 'Stuff' comes nearest, without a column 'invoice number'. "),
        ({"A": [["x", "y"]], "Stuff": [[], ["Invoice No", "Customer", "Due Date"], ["1", "Acme", DUE]]},
         "Row 2 of tab 'Stuff' comes nearest, without a column 'amount'. "),
    ],
)  # fmt: skip
def test_a_workbook_without_a_list_is_refused_with_what_comes_nearest(tabs, nearest):
    with pytest.raises(NothingRecognisedError) as refused:
        check(tabs)

    names = ", ".join(f"'{name}'" for name in tabs)
    assert str(refused.value) == (
        f"No list of invoices, payments or customers was found in the tabs {names}. {nearest}"
        "Each list needs a row of headers, such as Invoice No, Customer, Invoice Date, Due Date, Amount."
    )
    assert [one.name for one in refused.value.checked.tabs] == list(tabs)
    assert refused.value.checked.questions == []


def test_a_workbook_without_a_list_names_five_tabs():
    with pytest.raises(NothingRecognisedError, match=r"in the tabs 'T0', 'T1', 'T2', 'T3', 'T4'\. Each"):
        check({f"T{number}": [["x", "y"]] for number in range(6)})


def test_a_list_of_payments_alone_is_a_list():
    checked = check({"Payments": [PAYMENTS, ["1", PAID, 5]]})

    assert kinds(checked) == [ListKind.PAYMENT]
