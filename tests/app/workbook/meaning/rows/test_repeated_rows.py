"""Rows that repeat an invoice's number: read once if they say the same, else asked about or problems."""

from datetime import date

import pytest
from support.workbooks import INVOICES, asked, check, invoice_values, notices, payment_values, problems, questions

from app.workbook.meaning.results.records import Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
LINES = [*INVOICES, "Item", "Paid", "Paid On"]


def row(number, amount=100, *rest, issued=ISSUED):
    return [number, "Acme", issued, DUE, amount, *rest]


def lines(*rows):
    return {"2026": [LINES, *rows]}


@pytest.mark.parametrize(
    ("count", "notice"),
    [
        (1, "1 row says the same as another and was read once: row 2 as 2026, row 2."),
        (3, "3 rows say the same as another and were read once: "
         "row 2 as 2026, row 2; row 3 as 2026, row 3; row 4 as 2026, row 4."),
        (5, "5 rows say the same as another and were read once: "
         "row 2 as 2026, row 2; row 3 as 2026, row 3; row 4 as 2026, row 4; and 2 more."),
    ],
)  # fmt: skip
def test_rows_that_stand_in_two_tables_are_read_once_and_told(count, notice):
    rows = [row(str(number)) for number in range(count)]

    checked = check({"2026": [INVOICES, *rows], "Open": [INVOICES, *rows]})

    assert (len(checked.invoices), checked.duplicate_rows) == (count, count)
    assert [(one.tab, one.message) for one in checked.notices] == [("Open", notice)]


@pytest.mark.parametrize(
    ("other", "is_once"),
    [
        ({}, True),
        ({"Notes": "x"}, True),
        ({"Reference": "x"}, True),
        ({"Amount": 99}, False),
        ({"Due Date": PAID}, False),
        ({"Paid": 5, "Paid On": PAID}, False),
    ],
    ids=["all the same", "with notes", "with a reference", "another amount", "another day", "a payment"],
)
def test_a_row_in_another_table_may_have_more_columns_but_no_other_values(other, is_once):
    values = dict(zip(INVOICES, row("1"), strict=True)) | other

    checked = check({"All": [INVOICES, row("1")], "Some": [list(values), list(values.values())]})

    assert [text[:14] for text in problems(checked)] == ([] if is_once else ["Some!A2 repeat"])


def test_the_same_row_twice_in_one_table_is_read_once():
    checked = check({"2026": [INVOICES, row("1"), row("1")]})

    assert (len(checked.invoices), checked.duplicate_rows, questions(checked)) == (1, 1, [])


def test_rows_of_one_table_that_differ_are_asked_about():
    assert asked(check(lines(row("1", 50, "Desk"), row("1", 60, "Lamp"), row("1", 50, "Desk"), row("2", 9)))) == [
        Question(
            id="lines:2026",
            subject="lines",
            tab="2026",
            text="1 invoice stands in several rows of tab '2026' that differ (1 in rows 2, 3): "
            "are they lines of one invoice?",
            choices=("add", "mistake"),
            labels={"add": "yes, their amounts add up", "mistake": "no, they are mistakes: name them as problems"},
            effects={"add": "110.00 invoiced by them"},
            shape="lines:<headings>",
        )
    ]


def test_rows_of_one_table_with_the_same_amount_may_each_repeat_the_total():
    rows = [row(str(number), 50, item) for number in range(4) for item in ("Desk", "Lamp")]

    assert asked(check(lines(*rows))) == [
        Question(
            id="lines:2026",
            subject="lines",
            tab="2026",
            text="4 invoices stand in several rows of tab '2026' that differ (0 in rows 2, 3; 1 in rows 4, 5; "
            "2 in rows 6, 7; and 1 more): are they lines of one invoice?",
            choices=("add", "once", "mistake"),
            labels={
                "add": "yes, their amounts add up",
                "once": "yes, and each row repeats the total",
                "mistake": "no, they are mistakes: name them as problems",
            },
            effects={"add": "400.00 invoiced by them", "once": "200.00 invoiced by them"},
            shape="lines:<headings>",
        )
    ]


def test_a_row_in_another_currency_is_no_line():
    checked = check(lines(row("1", "€50.00", "Desk"), row("1", "$50.00", "Lamp")))

    assert problems(checked) == ["2026!A3 repeats invoice '1' of 2026, row 2 with other values: keep one."]
    assert checked.error_rows == {("2026", 3)}


@pytest.mark.parametrize("answers", [{}, {"lines": "mistake"}], ids=["no answer", "mistakes"])
def test_rows_that_are_no_lines_are_problems(answers):
    checked = check(lines(row("1", 50, "Desk"), row("1", 60, "Lamp"), row("1", 70, "Bed")), **answers)

    assert problems(checked) == [
        "2026!A3 repeats invoice '1' of 2026, row 2 with other values: keep one.",
        "2026!A4 repeats invoice '1' of 2026, row 2 with other values: keep one.",
    ]
    assert checked.error_rows == {("2026", 3), ("2026", 4)}
    assert invoice_values(checked, "total_cents") == [(50_00,)]


@pytest.mark.parametrize(
    ("rows", "total", "paid", "payments"),
    [
        ([row("1", 50, "a"), row("1", 60, "b"), row("1", 1, "c")], 111_00, 0, 0),
        ([row("1", 50, "a", 10, PAID), row("1", 60, "b", 5, PAID)], 110_00, 15_00, 1),
        ([row("1", 50, "a"), row("1", 60, "b", 5, PAID), row("1", 1, "c", 1, PAID)], 111_00, 6_00, 1),
    ],
    ids=["no payments", "a payment in each", "payments in later ones"],
)
def test_lines_add_up_with_their_payments(rows, total, paid, payments):
    checked = check(lines(*rows), lines="add")

    assert invoice_values(checked, "total_cents") == [(total,)]
    found = [cents for (cents,) in payment_values(checked, "amount_cents")]
    assert (sum(found), len(found)) == (paid, payments)
    assert (checked.duplicate_rows, problems(checked), checked.error_rows) == (len(rows) - 1, [], set())


@pytest.mark.parametrize(
    ("second", "third"),
    [([None, None], [None, None]), ([10, PAID], [10, PAID])],
    ids=["nothing", "the same payment"],
)
def test_lines_that_repeat_the_total_count_once_with_the_payment_that_they_repeat(second, third):
    rows = [row("1", 50, "a", 10, PAID), row("1", 50, "b", *second), row("1", 50, "c", *third)]

    checked = check(lines(*rows), lines="once")

    assert invoice_values(checked, "total_cents") == [(50_00,)]
    assert payment_values(checked, "amount_cents") == [(10_00,)]
    assert (checked.duplicate_rows, problems(checked)) == (2, [])


@pytest.mark.parametrize("first", [[10, PAID], [None, None]], ids=["another", "the first"])
def test_a_line_that_repeats_the_total_with_a_payment_of_its_own_is_a_problem(first):
    checked = check(lines(row("1", 50, "a", *first), row("1", 50, "b", 40, PAID)), lines="once")

    assert problems(checked) == ["2026!G3 has another payment than 2026, row 2: list payments on a tab of their own."]
    assert checked.error_rows == {("2026", 3)}


def test_what_was_read_once_is_told_of_each_tab():
    tabs = {"2025": [INVOICES, row("1"), row("2")], "A": [INVOICES, row("1")], "B": [INVOICES, row("2")]}

    assert notices(check(tabs)) == [
        "1 row says the same as another and was read once: row 2 as 2025, row 2.",
        "1 row says the same as another and was read once: row 2 as 2025, row 3.",
    ]
