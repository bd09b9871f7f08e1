"""A column of dates or amounts is read by its own cells, or asked about."""

from datetime import date

import pytest
from support.workbooks import INVOICES, asked, check, invoice_values, questions

from app.workbook.meaning.results.records import Example, Question

DUE = date(2026, 12, 31)
SWAPPED = [date(2026, 2, 5), "21/05/2026", date(2026, 1, 5), "28/05/2026"]


def dated(*days):
    return {"2026": [INVOICES, *([str(number), "Acme", day, DUE, 5] for number, day in enumerate(days))]}


def priced(*amounts):
    return {"2026": [INVOICES, *([str(n), "Acme", date(2026, 1, 5), DUE, one] for n, one in enumerate(amounts))]}


def test_dates_that_can_be_read_two_ways_are_asked_about():
    checked = check(dated(date(2026, 1, 1), "03/04/2026", "05/05/2026", "04/03/2026", "06/07/2026", "01/02/2026"))

    assert asked(checked) == [
        Question(
            id="dates:2026!C",
            subject="dates",
            tab="2026",
            text="Column C 'Invoice Date' of tab '2026' has dates that can be read two ways: which number is the day?",
            choices=("dmy", "mdy"),
            examples=(
                Example("C3", "03/04/2026", {"dmy": "3 April 2026", "mdy": "4 March 2026"}),
                Example("C5", "04/03/2026", {"dmy": "4 March 2026", "mdy": "3 April 2026"}),
                Example("C6", "06/07/2026", {"dmy": "6 July 2026", "mdy": "7 June 2026"}),
            ),
            shape="dates:<headings>:C",
        )
    ]


def test_dates_that_may_begin_with_the_year_have_that_choice_too():
    (question,) = asked(check(dated("26-04-03")))

    assert question.choices == ("dmy", "ymd")
    assert question.examples == (Example("C2", "26-04-03", {"dmy": "26 April 2003", "ymd": "3 April 2026"}),)


def test_amounts_that_can_be_read_two_ways_are_asked_about():
    assert asked(check(priced("1.234", " 2.500 ", 7, "1.000", "3.000"))) == [
        Question(
            id="decimal:2026!E",
            subject="decimal",
            tab="2026",
            text="Column E 'Amount' of tab '2026' has amounts that can be read two ways: how are decimals written?",
            choices=("point", "comma"),
            examples=(
                Example("E2", "1.234", {"point": "1.234", "comma": "1,234.00"}),
                Example("E3", "2.500", {"point": "2.50", "comma": "2,500.00"}),
                Example("E5", "1.000", {"point": "1.00", "comma": "1,000.00"}),
            ),
            shape="decimal:<headings>:E",
        )
    ]


@pytest.mark.parametrize(("answer", "cents"), [("point", 1_23), ("comma", 1234_00)])
def test_amounts_are_read_as_was_answered(answer, cents):
    checked = check(priced("1.234"), by_question={"decimal:2026!E": answer})

    assert (invoice_values(checked, "total_cents"), questions(checked)) == ([(cents,)], [])


def test_a_column_without_an_unclear_cell_is_not_asked_about():
    assert questions(check(dated("2026-01-05", "6 January 2026") | {"B": priced("soon", "5")["2026"]})) == []


def test_swapped_days_are_asked_about():
    assert asked(check(dated(*SWAPPED, date(2026, 3, 4), date(2026, 5, 6)))) == [
        Question(
            id="swapped:2026!C",
            subject="swapped",
            tab="2026",
            text="Column C 'Invoice Date' of tab '2026' has dates up to the 12th and texts such as '21/05/2026' for "
            "all later days, as if a program had taken days for months: were day and month of the dates swapped?",
            choices=("swapped", "right"),
            examples=(
                Example("C2", "2026-02-05", {"swapped": "2 May 2026", "right": "5 February 2026"}),
                Example("C4", "2026-01-05", {"swapped": "1 May 2026", "right": "5 January 2026"}),
                Example("C6", "2026-03-04", {"swapped": "3 April 2026", "right": "4 March 2026"}),
            ),
            labels={"swapped": "they were swapped: turn them back", "right": "the dates are right as they are"},
            shape="swapped:<headings>:C",
        )
    ]


@pytest.mark.parametrize(("answer", "first"), [("swapped", date(2026, 5, 2)), ("right", date(2026, 2, 5))])
def test_swapped_days_are_read_as_was_answered(answer, first):
    checked = check(dated(*SWAPPED), swapped=answer)

    assert (invoice_values(checked, "issued_on")[0], questions(checked)) == ((first,), [])


@pytest.mark.parametrize(
    ("days", "is_asked"),
    [
        ([date(2026, 2, 5), date(2026, 1, 12), "21/05/2026", "28/05/2026"], True),
        ([date(2026, 2, 5), date(2026, 1, 13), "21/05/2026", "28/05/2026"], False),
        ([date(2026, 2, 5), "21/05/2026", "28/05/2026"], False),
        ([date(2026, 2, 5), date(2026, 1, 5), "21/05/2026"], False),
        ([date(2026, 2, 5), date(2026, 1, 5), "21/05/2026", "2026-05-28"], False),
        ([date(2026, 2, 2), date(2026, 1, 1), "21/05/2026", "28/05/2026"], False),
        ([date(2026, 2, 2), date(2026, 1, 3), "21/05/2026", "28/05/2026"], True),
    ],
    ids=[
        "up to the 12th",
        "the 13th",
        "one day",
        "one text",
        "a clear text",
        "days equal to their months",
        "one equal",
    ],
)
def test_days_look_swapped_if_none_is_late_in_its_month_and_all_texts_are(days, is_asked):
    assert [one.subject for one in check(dated(*days)).questions] == ["swapped"] * is_asked
