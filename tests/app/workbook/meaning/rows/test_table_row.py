"""A row is read by what its columns mean; each cell that cannot be read is a problem at its place."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from support.workbooks import INVOICES, asked, check, invoice_values, notices, problems, questions

from app.workbook.meaning.results.records import Question
from app.workbook.reading.cells import Merged

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
PLACES = INVOICES[:4]


def row(amount, *rest, number="1"):
    return [number, "Acme", ISSUED, DUE, amount, *rest]


def tab(*rows, headings=("Amount", "Currency")):
    return {"A": [[*PLACES, *headings], *rows]}


# --- currencies


@pytest.mark.parametrize(
    ("cells", "headings", "own", "currency"),
    [
        ((5, None), ["Amount", "Currency"], "USD", "USD"),
        ((5, None), ["Amount", "Currency"], "EUR", "EUR"),
        ((5, "GBP"), ["Amount", "Currency"], "USD", "GBP"),
        ((5, "kes"), ["Amount", "Currency"], "USD", "KES"),
        (("€5.00", None), ["Amount", "Currency"], "USD", "EUR"),
        (("$5.00", "CAD"), ["Amount", "Currency"], "USD", "CAD"),
        (("$5.00", None), ["Amount", "Currency"], "CAD", "CAD"),
        (("$5.00", None), ["Amount", "Currency"], "EUR", "USD"),
        ((5, None), ["Amount (EUR)", "Currency"], "USD", "EUR"),
        (("$5.00", None), ["Amount (CAD)", "Currency"], "USD", "CAD"),
        ((5, "EUR"), ["Amount (XYZ)", "Currency"], "USD", "EUR"),
        (("€5.00", None), ["Amount (XYZ)", "Currency"], "USD", "EUR"),
        (("5 kr", None), ["Amount", "Currency"], "SEK", "SEK"),
    ],
)
def test_the_currency_is_that_of_the_row_then_of_the_amount_then_of_the_heading(cells, headings, own, currency):
    checked = check(tab(row(*cells), headings=headings), currency=own)

    assert (invoice_values(checked, "currency"), problems(checked)) == ([(currency,)], [])


@pytest.mark.parametrize(
    ("cells", "headings", "problem"),
    [
        ((5, "XYZ1"), ["Amount", "Currency"], "F2 says 'XYZ1', which is not a currency code such as USD."),
        (("€5.00", "GBP"), ["Amount", "Currency"], "F2 says GBP, but the amount is written in EUR."),
        (("$5.00", "GBP"), ["Amount", "Currency"], "F2 says GBP, but the amount is written in USD."),
        ((5, "GBP"), ["Amount (EUR)", "Currency"], "F2 says GBP, but the column of amounts is headed EUR."),
        (("£5.00", None), ["Amount (EUR)", "Currency"], "E2 is written in GBP, but its column is headed EUR."),
        ((5, None), ["Amount (XYZ)", "Currency"],
         "E2 is headed 'XYZ', a currency that is not known: add a column Currency with the code."),
        (("5 kr", None), ["Amount", "Currency"],
         "E2 is in kr, which several countries have: add a column Currency with the code."),
        ((5, "KWD"), ["Amount", "Currency"],
         "E2 is in KWD, whose thousandths cannot be kept: leave this row out."),
    ],
)  # fmt: skip
def test_a_currency_that_is_not_clear_is_a_problem(cells, headings, problem):
    checked = check(tab(row(*cells), headings=headings))

    assert problems(checked) == [f"A!{problem}"]
    assert checked.error_rows == {("A", 2)}


def test_rows_without_a_currency_are_asked_about_where_others_have_another():
    tabs = {"A": [INVOICES, row("€5.00"), row("£5.00", number="2")], "B": [INVOICES, *(row(1, number=n) for n in "34")]}

    assert asked(check(tabs)) == [
        Question(
            id="currency:B!1",
            subject="currency",
            tab="B",
            text="2 rows of tab 'B' name no currency, while others are in EUR, GBP: which are they in?",
            choices=("USD", "EUR", "GBP"),
            labels={"USD": "USD", "EUR": "EUR", "GBP": "GBP"},
            shape="currency:<headings>",
        )
    ]


@pytest.mark.parametrize("other", ["$5.00", "USD 5.00", 5])
def test_rows_without_a_currency_are_not_asked_about_among_those_of_the_own_one(other):
    assert questions(check({"A": [INVOICES, row(other)], "B": [INVOICES, row(1, number="2")]})) == []


def test_only_tables_with_rows_without_a_currency_are_asked_about():
    tabs = {"A": [INVOICES, row("€5.00")], "B": [INVOICES, row(1, number="2")], "C": [INVOICES, row("£1", number="3")]}

    assert [one.id for one in check(tabs).questions] == ["currency:B!1"]


@pytest.mark.parametrize(("answer", "currency"), [("CHF", "CHF"), ("nonsense", "USD")])
def test_a_currency_can_be_said_of_a_table_that_names_none(answer, currency):
    checked = check({"A": [INVOICES, row(5)]}, by_question={"currency:A!1": answer})

    assert invoice_values(checked, "currency") == [(currency,)]


# --- amounts


@pytest.mark.parametrize(("amount", "is_kept"), [("9,999,999,999.99", True), ("10,000,000,000.00", False)])
def test_an_amount_is_kept_to_its_limit(amount, is_kept):
    checked = check(tab(row(amount)))

    assert len(checked.invoices) == is_kept
    assert problems(checked) == (
        [] if is_kept else ["A!E2 is more than one record can hold: at most 9,999,999,999.99, so split it."]
    )


@pytest.mark.parametrize(("cents", "is_kept"), [("9,999,999,999.98", True), ("9,999,999,999.99", False)])
def test_amounts_of_several_columns_are_kept_to_the_limit_together(cents, is_kept):
    tabs = tab(row(0, 0.01, cents), headings=["Amount", "Deposit", "Payments"])
    chosen = {"column:A!F": "paid", "column:A!G": "paid"}

    checked = check(tabs, undated="due", by_question=chosen)

    assert [text.startswith("A!F2 is more than one record can hold") for text in problems(checked)] == (
        [] if is_kept else [True]
    )


def test_a_merged_amount_counts_for_no_row_and_other_merged_cells_for_each():
    moments = [Merged(datetime.combine(day, time.min)) for day in (ISSUED, DUE)]

    checked = check(tab(row(Merged(5)), [Merged("2"), Merged("Acme"), *moments, 6]))

    assert problems(checked) == [
        "A!E2 is merged with the cell above, and an amount cannot count for several rows: unmerge the cells in Excel "
        "and give each row its own amount."
    ]
    assert invoice_values(checked, "number", "issued_on", "due_on") == [("2", ISSUED, DUE)]


# --- texts


def test_texts_notes_and_marks_are_kept_also_where_they_are_empty():
    headings = ["Amount", "Notes", "Reference", "Disputed"]

    checked = check(tab(row(5, "a\nb", "R 7", "yes"), row(5, None, None, None, number="2"), headings=headings))

    assert invoice_values(checked, "notes", "reference", "disputed") == [("a\nb", "R 7", True), ("", "", False)]


@pytest.mark.parametrize(
    ("heading", "cell", "problem"),
    [
        ("Notes", "x" * 10_001, "F2 holds 10,001 characters, and at most 10,000 are kept."),
        ("Reference", "x" * 256, "F2 holds 256 characters, and at most 255 are kept."),
        ("Disputed", "perhaps", "F2 says 'perhaps', which is neither yes nor no."),
    ],
)
def test_a_text_that_cannot_be_kept_is_a_problem(heading, cell, problem):
    assert problems(check(tab(row(5, cell), headings=["Amount", heading]))) == [f"A!{problem}"]


@pytest.mark.parametrize(("heading", "length"), [("Notes", 10_000), ("Reference", 255)])
def test_a_text_is_kept_to_its_limit(heading, length):
    assert problems(check(tab(row(5, "x" * length), headings=["Amount", heading]))) == []


# --- days


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-03-31T22:30:00.000Z", "UTC", date(2026, 3, 31)),
        ("2026-03-31T22:30:00.000Z", "Europe/Berlin", date(2026, 4, 1)),
        ("2026-01-05T00:00:00-08:00", "Europe/Berlin", date(2026, 1, 5)),
        ("2026-01-05T01:00:00-08:00", "Pacific/Kiritimati", date(2026, 1, 5)),
    ],
)
def test_a_moment_is_a_day_where_the_business_is_unless_all_are_midnights(text, zone, day):
    tabs = {"A": [INVOICES, ["1", "Acme", text, date(2026, 5, 1), 5]]}

    assert invoice_values(check(tabs, zone=ZoneInfo(zone)), "issued_on") == [(day,)]


@pytest.mark.parametrize(("epoch_1904", "day"), [(False, date(2026, 1, 5)), (True, date(2030, 1, 6))])
def test_a_number_is_a_day_by_the_epoch_of_the_workbook(epoch_1904, day):
    tabs = {"A": [INVOICES, ["1", "Acme", 46027, date(2035, 5, 1), 5]]}

    checked = check(tabs, epoch_1904=epoch_1904)

    assert invoice_values(checked, "issued_on") == [(day,)]


def test_the_identifier_of_a_row_with_a_problem_is_remembered():
    checked = check(tab(row("lots"), headings=["Amount"]))

    assert checked.broken == {("invoice", "1")}
    assert notices(checked) == []
