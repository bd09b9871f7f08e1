"""A customer may stand once for several rows: in a heading above them, or in the first row of a group."""

from datetime import date

import pytest
from support.workbooks import INVOICES, asked, check, notices, problems, questions

from app.workbook.meaning.results.records import Question

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
WITHOUT_CUSTOMER = ["Invoice No", "Invoice Date", "Due Date", "Amount"]
AS_ABOVE = "Rows that name no customer were read as those of the name above them."


def line(number, amount=100):
    return [number, ISSUED, DUE, amount]


def headed(*rows):
    return {"2026": [WITHOUT_CUSTOMER, *rows]}


def row(number, customer=None, amount=100):
    return [number, customer, ISSUED, DUE, amount]


def grouped(*rows):
    return {"2026": [INVOICES, *rows]}


def owners(checked):
    return [one.key for one in checked.invoices]


@pytest.mark.parametrize(
    "rows",
    [
        [["Acme"], line("1"), line("2"), ["Bolt"], line("3")],
        [["Acme"], line("1"), line("2"), ["Total Acme", None, None, 200], ["Bolt"], line("3"),
         ["Total Bolt", None, None, 100]],
        [["Open invoices"], ["Acme"], line("1"), line("2"), ["Bolt"], line("3")],
        [["Acme"], ["January"], line("1"), line("2"), ["Bolt"], line("3")],
        [["Zeta"], ["Acme"], line("1"), line("2"), ["Total Acme", None, None, 200], ["Bolt"], line("3"),
         ["Total Bolt", None, None, 100], ["Total", None, None, 300]],
    ],
    ids=["headings alone", "with totals", "below a title", "with months", "below another heading"],
)  # fmt: skip
def test_a_heading_names_the_customer_of_the_rows_below_it(rows):
    checked = check(headed(*rows))

    assert owners(checked) == [("1", "acme"), ("2", "acme"), ("3", "bolt")]
    assert AS_ABOVE in notices(checked)


def test_a_row_above_the_first_heading_leaves_all_without_customers():
    assert problems(check(headed(line("0"), ["Acme"], line("1")))) == [
        "2026!A2 names no customer: add a column Customer with the code or name.",
        "2026!A4 names no customer: add a column Customer with the code or name.",
    ]


def test_a_total_that_closes_a_section_ends_its_heading():
    rows = [["Acme"], line("1"), ["Total Acme", None, None, 100], line("2")]

    assert owners(check(headed(*rows))) == [("1", "acme")]


def test_a_total_of_another_name_closes_no_section():
    rows = [["Acme"], line("1"), ["Subtotal", None, None, 100], line("2")]

    assert owners(check(headed(*rows))) == [("1", "acme"), ("2", "acme")]


def test_rows_without_a_customer_below_one_that_has_it_are_asked_about():
    rows = [row("1", "Acme"), *(row(str(number)) for number in range(2, 7))]

    checked = check(grouped(*rows))

    assert asked(checked) == [
        Question(
            id="names:2026!1",
            subject="names",
            tab="2026",
            text="5 rows name no customer, each below one that does (B3: Acme; B4: Acme; B5: Acme; and 2 more): does "
            "the name above count for them?",
            choices=("above", "none"),
            labels={"above": "yes, the name above counts", "none": "no, they are mistakes"},
            shape="names:<headings>:4bea80914971257f",
        )
    ]
    assert owners(checked) == [("1", "acme")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("above", [("1", "acme"), ("2", "acme"), ("3", "bolt")]), ("none", [("1", "acme"), ("3", "bolt")])],
)
def test_the_name_above_counts_as_was_answered(answer, expected):
    checked = check(grouped(row("1", "Acme"), row("2"), row("3", "Bolt")), names=answer)

    assert owners(checked) == expected
    assert (AS_ABOVE in notices(checked)) is (answer == "above")
    assert problems(checked) == ([] if answer == "above" else ["2026!B3 names no customer."])


def test_a_subtotal_with_the_name_proves_that_it_counts():
    checked = check(grouped(row("1", "Acme"), row("2"), ["Total Acme", None, None, None, 200], row("3", "Bolt")))

    assert owners(checked) == [("1", "acme"), ("2", "acme"), ("3", "bolt")]
    assert questions(checked) == []


def test_only_the_rows_that_no_subtotal_proves_are_asked_about():
    rows = [row("1", "Acme"), row("2"), ["Total Acme", None, None, None, 200], row("3", "Bolt"), row("4")]

    checked = check(grouped(*rows))

    assert questions(checked) == [
        "1 row names no customer, each below one that does (B6: Bolt): does the name above count for them?"
    ]
    assert owners(checked) == [("1", "acme"), ("2", "acme"), ("3", "bolt")]


def test_no_name_counts_beyond_a_total():
    checked = check(grouped(row("1", "Acme"), ["Total", None, None, None, 100], row("2")))

    assert problems(checked) == ["2026!B4 names no customer."]


def test_a_customer_may_be_a_number():
    assert owners(check(grouped(row("1", 70), row("2")), names="above")) == [("1", "70"), ("2", "70")]


def test_a_table_with_code_and_name_takes_neither_from_above():
    headings = ["Invoice No", "Customer ID", "Customer Name", "Invoice Date", "Due Date", "Amount"]
    tabs = {"2026": [headings, ["1", "C1", "Acme", ISSUED, DUE, 5], ["2", None, None, ISSUED, DUE, 5]]}

    assert problems(check(tabs)) == ["2026!B3 names no customer."]
