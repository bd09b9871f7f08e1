"""A column is asked about where neither its heading nor its figures say what it is, and is read as was answered."""

from datetime import date

import pytest
from support.workbooks import CUSTOMERS, INVOICES, PAYMENTS, asked, check, questions

from app.workbook.meaning.columns.own_columns import FIGURES_OF_CUSTOMER
from app.workbook.meaning.results.records import Example, Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
PLACES = INVOICES[:4]


def row(number, *rest, customer="Acme"):
    return [number, customer, ISSUED, DUE, *rest]


def tab(headings, *rows):
    return {"2026": [headings, *rows]}


def fields(checked, table=0):
    """Return the field of each column of a table by its letter, of those that are read."""
    return {one["column"]: one["field"] for one in checked.tabs[table].columns if one["field"]}


def confidences(checked):
    return {one["column"]: one["confidence"] for one in checked.tabs[0].columns if one["field"]}


# --- unread columns of money


def test_an_unread_column_of_money_is_asked_about_with_what_it_would_make_of_the_debt():
    checked = check(tab([*INVOICES, "Bank"], row("1", 100, 40), row("2", 100, 0), row("3", 10, None)))

    assert asked(checked) == [
        Question(
            id="column:2026!F",
            subject="column",
            tab="2026",
            text="column F 'Bank' of tab '2026' holds amounts (40.00 in all), and its heading does not say what they "
            "are. What are they?",
            choices=("paid", "balance", "total", "ignore"),
            examples=(Example("F2", "40.00", {}), Example("F3", "0.00", {})),
            labels={
                "paid": "what was paid of it",
                "balance": "what is still open",
                "total": "the total of the invoice",
                "ignore": "none of these: keep it as it is",
            },
            effects={
                "paid": "170.00 would be owed",
                "balance": "40.00 would be owed",
                "total": "40.00 would be owed",
                "ignore": "210.00 would be owed",
            },
            shape="column:<headings>:F",
        )
    ]


def test_an_unread_column_of_a_list_of_payments_can_only_be_its_amount():
    checked = check(tab(INVOICES, row("1", 100)) | {"Payments": [[*PAYMENTS, "Fee"], ["1", PAID, 97, 3]]})

    assert asked(checked) == [
        Question(
            id="column:Payments!D",
            subject="column",
            tab="Payments",
            text="column D 'Fee' of tab 'Payments' holds amounts (3.00 in all), and its heading does not say what they "
            "are. What are they?",
            choices=("ignore", "amount"),
            examples=(Example("D2", "3.00", {}),),
            labels={"ignore": "none of these: keep it as it is", "amount": "the amount of the payment"},
            shape="column:<headings>:D",
        )
    ]


def test_a_column_may_be_the_amount_without_tax_that_its_heading_says():
    checked = check(tab([*INVOICES, "Net Amount"], row("1", 119, 100)), by_question={"column:2026!E": "total"})

    assert asked(checked)[0].labels == {
        "net": "the amount without tax",
        "total": "the total of the invoice",
        "paid": "what was paid of it",
        "balance": "what is still open",
        "ignore": "none of these: keep it as it is",
    }


def test_a_column_without_a_heading_is_called_by_its_letter():
    assert questions(check(tab([*INVOICES, None], row("1", 100, 40.5))))[0].startswith("column F of tab '2026' holds")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("paid", {"E": "total_cents", "F": "paid_cents"}),
        ("balance", {"E": "total_cents", "F": "balance_cents"}),
        ("total", {"F": "total_cents"}),
        ("ignore", {"E": "total_cents"}),
    ],
)
def test_an_unread_column_is_what_was_answered(answer, read):
    checked = check(tab([*INVOICES, "Bank"], row("1", 100, 40)), undated="due", by_question={"column:2026!F": answer})

    assert {letter: field for letter, field in fields(checked).items() if letter in "EF"} == read
    assert [one.id for one in checked.questions if one.id == "column:2026!F"] == []


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        (["Bank"], [[0], [0]]),
        (["Balance", "Still"], [[60, 60], [40, 40]]),
        (["Balance", "Till"], [[60, 40], [40, 60]]),
        (["Paid", "Rest"], [[60, 40], [40, 60]]),
        (["Balance", "Bank", "Till"], [[60, 40, 20], [40, 35, 5]]),
        (["Running"], [[100], [200], [300]]),
    ],
    ids=["zeros", "the balance again", "total less balance", "total less paid", "two that are the balance", "a run"],
)
def test_a_column_that_repeats_or_follows_from_others_is_not_asked_about(headings, rows):
    tabs = tab([*INVOICES, *headings], *(row(str(number), 100, *cells) for number, cells in enumerate(rows)))

    assert [text for text in questions(check(tabs, undated="due")) if "holds amounts" in text] == []


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        (["Bank"], [[100], [100]]),
        (["Balance", "Bank"], [[60, 40], [40, 61]]),
        (["Balance", "Bank", "Till"], [[60, 40, 20], [40, 35, 6]]),
        (["Bank", "Till"], [[60, 40], [40, 60]]),
    ],
    ids=["the total again", "not quite the rest", "not quite the balance", "two that are the total"],
)
def test_a_column_that_may_be_what_was_paid_is_asked_about(headings, rows):
    tabs = tab([*INVOICES, *headings], *(row(str(number), 100, *cells) for number, cells in enumerate(rows)))

    assert any("holds amounts" in text for text in questions(check(tabs, undated="due")))


# --- answers without a question


@pytest.mark.parametrize(
    ("column", "answer", "read"),
    [
        ("F", "paid", {"E": "total_cents", "F": "paid_cents"}),
        ("F", "paid_cents", {"E": "total_cents", "F": "paid_cents"}),
        ("F", "ignore", {"E": "total_cents"}),
        ("F", "total_cents", {"F": "total_cents"}),
        ("F", "nonsense", {"E": "total_cents", "F": "balance_cents"}),
    ],
)
def test_what_a_column_is_can_be_said_by_short_or_by_full_name(column, answer, read):
    tabs = tab([*INVOICES, "Balance"], row("1", 100, 100))

    checked = check(tabs, undated="due", by_question={f"column:2026!{column}": answer})

    assert {letter: field for letter, field in fields(checked).items() if letter in "EF"} == read


def test_what_was_said_of_a_column_is_chosen_and_recorded_with_the_question():
    checked = check(tab([*INVOICES, "Balance"], row("1", 100, 0)), by_question={"column:2026!F": "paid"})

    (answered,) = checked.answered
    assert (answered.answer, answered.is_remembered) == ("paid", False)
    assert (answered.question.id, answered.question.subject, answered.question.tab) == (
        "column:2026!F", "column", "2026",
    )  # fmt: skip
    assert answered.question.text == "What is column F 'Balance' of tab '2026'?"
    assert answered.question.shape == f"column:{checked.tabs[0].fingerprint}:F"
    assert answered.question.labels["paid"] == "what was paid of it"
    assert confidences(checked)["F"] == "chosen"


# --- guesses


@pytest.mark.parametrize(
    ("headings", "letter", "choice", "words"),
    [
        (["Invoice Nummber", *INVOICES[1:]], "A", "number", "number of the invoice"),
        (["Invoice No", "Custommer", *INVOICES[2:]], "B", "customer_name", "customer"),
        (["Invoice No", "Custommer No", *INVOICES[2:]], "B", "customer_code", "customer's number"),
        (["Invoice No", "Customer", "Invoice Day foo", "Due Date", "Amount"], "C", "issued_on", "invoice date"),
        ([*INVOICES[:3], "Due date foo", "Amount"], "D", "due_on", "due date"),
        ([*PLACES, "Amount foo"], "E", "total", "total of the invoice"),
        ([*INVOICES, "Paid amount foo"], "F", "paid", "amount that was paid"),
        ([*INVOICES, "Balance foo"], "F", "balance", "amount that is still open"),
        ([*INVOICES, "Paid date foo"], "F", "paid_on", "date of payment"),
    ],
)
def test_a_heading_with_an_unknown_word_is_asked_about(headings, letter, choice, words):
    cell = PAID if "Paid date" in headings[-1] else 100
    cells = row("1", 100, cell)[: len(headings)]
    found = [one for one in asked(check(tab(headings, cells), undated="due")) if one.subject == "column"]

    assert [(one.id, one.tab, one.shape) for one in found] == [
        (f"column:2026!{letter}", "2026", f"column:<headings>:{letter}")
    ]
    heading = headings["ABCDEF".index(letter)]
    assert found[0].text == f"Is column {letter} '{heading}' of tab '2026' the {words}?"
    assert found[0].labels == {choice: f"yes, the {words}", "ignore": "no, leave it unread"}


@pytest.mark.parametrize(
    ("headings", "letter", "words"),
    [
        (["Invoice Nummber", "Payment Date", "Amount"], "A", "number of the invoice that is paid"),
        (["Invoice No", "Payment Date foo", "Amount"], "B", "date of payment"),
        (["Invoice No", "Payment Date", "Amount foo"], "C", "amount of the payment"),
    ],
)
def test_a_guess_in_a_list_of_payments_is_asked_about(headings, letter, words):
    checked = check(tab(INVOICES, row("1", 100)) | {"Payments": [headings, ["1", PAID, 97]]})

    heading = headings["ABC".index(letter)]
    assert questions(checked) == [f"Is column {letter} '{heading}' of tab 'Payments' the {words}?"]


def test_a_guess_of_money_says_what_would_be_owed_and_another_guess_does_not():
    of_money = asked(check(tab([*INVOICES, "Paid amount foo"], row("1", 100, 40)), undated="due"))
    of_number = asked(check(tab(["Invoice Nummber", *INVOICES[1:]], row("1", 100))))

    assert of_money[0].effects == {"paid": "60.00 would be owed", "ignore": "100.00 would be owed"}
    assert of_number[0].effects == {}


@pytest.mark.parametrize(("answer", "has_paid"), [("paid", True), ("ignore", False)])
def test_a_guess_is_read_as_was_answered(answer, has_paid):
    tabs = tab([*INVOICES, "Paid amount foo"], row("1", 100, 40))

    checked = check(tabs, undated="due", by_question={"column:2026!F": answer})

    assert (fields(checked).get("F") == "paid_cents") is has_paid
    assert questions(checked) == []


# --- balances in a list of customers


@pytest.mark.parametrize("heading", ["Opening Balance", "Total", "Paid"])
def test_money_in_a_list_of_customers_is_asked_about(heading):
    tabs = {"Customers": [[*CUSTOMERS, heading], ["C1", "Acme", 250], ["C2", "Bolt", None]]}

    checked = check(tabs)

    assert asked(checked) == [
        Question(
            id="column:Customers!C",
            subject="column",
            tab="Customers",
            text=f"column C '{heading}' of tab 'Customers' holds 250.00 of amounts, which a list of customers does not "
            "bring in: only invoices do. Is it to be left out?",
            choices=("ignore",),
            examples=(Example("C2", "250.00", {}),),
            labels={"ignore": "yes, leave it unread"},
            shape="column:<headings>:C",
        )
    ]
    assert questions(check(tabs, by_question={"column:Customers!C": "ignore"})) == []


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["Opening Balance"], [0]),
        (["Opening Balance"], ["none yet"]),
        (["Credit limit"], [500]),
        (list(FIGURES_OF_CUSTOMER), ["EUR", 1, 250, 0, 0, 30, 2, "no"]),
    ],
    ids=["nothing", "words", "no debt", "a list of ours"],
)
def test_what_is_no_debt_in_a_list_of_customers_is_not_asked_about(headings, cells):
    assert questions(check({"Customers": [[*CUSTOMERS, *headings], ["C1", "Acme", *cells]]})) == []


def test_a_list_of_customers_is_asked_about_all_its_balances_though_the_first_is_empty():
    tabs = {"Customers": [[*CUSTOMERS, "Paid", "Balance"], ["C1", "Acme", 0, 250]]}

    assert [one.id for one in check(tabs).questions] == ["column:Customers!D"]


# --- headings that repeat

REPEATED = tab([*INVOICES, "Invoice Date", "Amount"], row("1", 100, PAID, 40))


def test_headings_that_repeat_are_asked_about_as_the_payments():
    assert asked(check(REPEATED)) == [
        Question(
            id="repeated:2026!F",
            subject="repeated",
            tab="2026",
            text="Columns F and G of tab '2026' are headed as C and E are: which are the payment's?",
            choices=("second", "first", "ignore"),
            examples=(Example("G2", "40.00", {}),),
            labels={
                "second": "F and G are the payment's",
                "first": "C and E are the payment's",
                "ignore": "neither: leave F and G unread",
            },
            effects={
                "second": "60.00 would be owed",
                "first": "-60.00 would be owed",
                "ignore": "100.00 would be owed",
            },
            shape="repeated:<headings>:F",
        )
    ]


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("second", {"C": "issued_on", "E": "total_cents", "F": "paid_on", "G": "paid_cents"}),
        ("first", {"C": "paid_on", "E": "paid_cents", "F": "issued_on", "G": "total_cents"}),
        ("ignore", {"C": "issued_on", "E": "total_cents"}),
    ],
)
def test_headings_that_repeat_are_read_as_was_answered(answer, read):
    checked = check(REPEATED, repeated=answer, overpaid="credit")

    assert {letter: field for letter, field in fields(checked).items() if letter in "CEFG"} == read
    assert questions(checked) == []
    assert {confidences(checked)[letter] for letter in read if letter in "FG"} <= {"chosen"}


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["Invoice Date"], [PAID]),
        (["Amount"], [None]),
        (["Customer"], ["Bolt"]),
    ],
    ids=["a day alone", "an empty column", "a name"],
)
def test_other_headings_that_repeat_are_not_the_payments(headings, cells):
    checked = check(tab([*INVOICES, *headings], row("1", 100, *cells)))

    assert [one.subject for one in checked.questions if one.subject == "repeated"] == []
