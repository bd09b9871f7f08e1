"""Days are read as people write them; what can be read two ways is asked about, what cannot be read is refused."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workbooks import in_excel

from app.domain.sentences import plain
from app.workbook.meaning.cell_values import dates
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.reading.cells import Duration, ErrorValue, FormattedNumber, UncalculatedFormula


def read(cell, order=None, *, epoch_1904=False, **how):
    return dates.read_day(cell, order, epoch_1904=epoch_1904, **how)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-23",
        "2026/4/23",
        "2026.04.23",
        "20260423",
        "23/04/2026",
        "04/23/2026",
        "23.04.2026",
        "23-4-26",
        "4/23/26",
        "23 April 2026",
        "23rd of April 2026",
        "April 23, 2026",
        "Apr 23 2026",
        "23-Apr-26",
        "23Apr2026",
        "Thu 23 Apr 2026",
        "Thursday, April 23, 2026",
        "23. April 2026",
        "23 avril 2026",
        "23 de abril de 2026",
        "23 aprile 2026",
        "2026-04-23 00:00:00",
        "2026-04-23T09:30:00Z",
        "23/04/2026 14:05",
        "04/23/2026 2:05 PM",
        "\u00a023/04/2026 ",
    ],
)
def test_a_text_date_is_read_in_every_form_people_write(text):
    assert read(text) == date(2026, 4, 23)


@pytest.mark.parametrize("text", ["03/04/2026", "3.4.2026", "03-04-26", "03/04/2026 10:00"])
def test_a_date_that_can_be_read_two_ways_is_not_read_without_an_answer(text):
    with pytest.raises(UnreadableError, match="two ways"):
        read(text)


def test_the_answer_says_which_number_is_the_day():
    assert read("03/04/2026", DateOrder.DAY_FIRST) == date(2026, 4, 3)
    assert read("03/04/2026", DateOrder.MONTH_FIRST) == date(2026, 3, 4)


def test_the_same_number_twice_can_only_be_read_one_way():
    assert read("04/04/2026") == date(2026, 4, 4)


@pytest.mark.parametrize(
    "text",
    ["soon", "31/02/2026", "2026-13-01", "April 2026", "Q1 2026", "32/01/2026", "1/2", "12", "0/0/0000", "next week"],
)
def test_what_is_no_date_is_refused_with_the_text_itself(text):
    with pytest.raises(UnreadableError, match=f"says '{text}', which is not a date"):
        read(text, DateOrder.DAY_FIRST)


@pytest.mark.parametrize("cell", [None, "", " ", "-", "n/a", "TBD"])
def test_a_cell_that_says_nothing_is_no_date(cell):
    assert read(cell) is None


def test_a_serial_number_is_the_day_that_excel_shows():
    assert read(46045) == date(2026, 1, 23)
    assert read(Decimal("46045.75")) == date(2026, 1, 23)


def test_a_serial_number_counts_from_1904_where_the_workbook_does():
    assert read(44583, epoch_1904=True) == date(2026, 1, 23)


def test_eight_digits_are_a_day_without_signs():
    assert read(20260403) == date(2026, 4, 3)
    assert read(FormattedNumber(20260403, "00000000")) == date(2026, 4, 3)


def test_the_time_of_a_moment_is_left_out():
    assert read(in_excel(2026, 4, 3, 23, 59)) == date(2026, 4, 3)


def test_one_date_settles_its_column():
    assert dates.settled_order(["03/04/2026", "23/04/2026"]) is DateOrder.DAY_FIRST
    assert dates.settled_order(["03/04/2026", "04/23/2026"]) is DateOrder.MONTH_FIRST


def test_dates_that_contradict_one_another_settle_nothing():
    assert dates.settled_order(["23/04/2026", "04/23/2026"]) is None


DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


@given(DAYS)
def test_a_day_reads_back_from_every_written_form(day):
    forms = {
        "%Y-%m-%d": None,
        "%Y%m%d": None,
        "%d %B %Y": None,
        "%b %d, %Y": None,
        "%d/%m/%Y": DateOrder.DAY_FIRST,
        "%m/%d/%Y": DateOrder.MONTH_FIRST,
        "%d.%m.%Y %H:%M": DateOrder.DAY_FIRST,
    }
    for form, order in forms.items():
        assert read(day.strftime(form), order) == day


@given(st.one_of(st.text(), st.text("0123456789/.-: ")))
def test_any_text_is_a_day_or_unreadable(text):
    try:
        day = read(text, DateOrder.DAY_FIRST)
    except UnreadableError:
        return
    assert day is None or date(1950, 1, 1) <= day <= date(2100, 12, 31)


def test_two_digits_with_hyphens_may_begin_with_the_year():
    assert dates.readings("26-04-03") == {
        DateOrder.DAY_FIRST: date(2003, 4, 26),
        DateOrder.YEAR_FIRST: date(2026, 4, 3),
    }


def test_a_year_that_is_too_far_away_settles_that_it_does_not_come_first():
    assert dates.settled_order(["25-12-26", "31-12-26"]) is DateOrder.DAY_FIRST


def test_slashes_never_begin_with_a_year_of_two_digits():
    assert dates.readings("26/04/03") == {DateOrder.DAY_FIRST: date(2003, 4, 26)}


def test_a_date_that_the_answer_makes_none_of_is_an_error():
    with pytest.raises(UnreadableError, match="which is no date when read as mdy"):
        read("26-04-03", DateOrder.MONTH_FIRST)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (ErrorValue("#VALUE!"), "shows the error #VALUE!: correct the formula in Excel"),
        (
            UncalculatedFormula(),
            "holds a formula without a stored result: open the workbook in Excel, save it and upload it again",
        ),
        (Duration("12:30:00"), "holds a time (12:30:00) where a date belongs"),
        (-5, "holds the number -5, which is not a date"),
        (5_000_000, "holds the number 5000000, which is not a date"),
        (True, "holds TRUE or FALSE where a date belongs"),
        (0, "holds the number 0, which is not a date"),
        (80_000, "holds the number 80000, which is not a date"),
        (1, "says 1, which would be 1899-12-31: too far from today to be right"),
        (79_999, "says 79999, which would be 2119-01-10: too far from today to be right"),
        (21060403, "says 21060403, which would be 2106-04-03: too far from today to be right"),
        (20261340, "holds the number 20261340, which is not a date"),
        (in_excel(1900, 1, 1), "says 1900-01-01, which would be 1900-01-01: too far from today to be right"),
        ("01/01/2206", "says 01/01/2206, which would be 2206-01-01: too far from today to be right"),
        (FormattedNumber(45000, "$#,##0"), "holds the amount or percentage 45000 where a date belongs"),
        (FormattedNumber(45000, "[$XYZ] 0"), "holds the amount or percentage 45000 where a date belongs"),
        (FormattedNumber(Decimal("0.5"), "0%"), "holds the amount or percentage 0.5 where a date belongs"),
        ("soon", "says 'soon', which is not a date"),
        ("x" * 41, f"says '{'x' * 37}...', which is not a date"),
        ("03/04/2026", "says '03/04/2026', which can be read two ways"),
    ],
)
def test_a_cell_that_is_no_day_is_refused_with_the_whole_reason(cell, reason):
    with pytest.raises(UnreadableError) as refused:
        read(cell)

    assert plain(str(refused.value)) == reason


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (None, None),
        (Duration("0:00:00"), None),
        ("none", None),
        ("TBA", None),
        ("–", None),
        (FormattedNumber(46045, "00000"), date(2026, 1, 23)),
        (Decimal("46045.99"), date(2026, 1, 23)),
        (18264, date(1950, 1, 1)),
        (73415, date(2100, 12, 31)),
        ("2026/4/3", date(2026, 4, 3)),
        ("2026.04.03 10:15", date(2026, 4, 3)),
        ("2026-04-03T10:15:30.5Z", date(2026, 4, 3)),
        ("2026-04-03, 10:15 AM", date(2026, 4, 3)),
        ("3rd of April 2026", date(2026, 4, 3)),
        ("3 de abril de 2026", date(2026, 4, 3)),
        ("April 3rd, 2026", date(2026, 4, 3)),
        ("Apr. 3, 26", date(2026, 4, 3)),
        ("Sept 3 2026", date(2026, 9, 3)),
        ("Tues, 3 April 2026", date(2026, 4, 3)),
        ("Mar 3 2026", date(2026, 3, 3)),
        ("mardi 3 mars 2026", date(2026, 3, 3)),
        ("Di., 3. März 2026", date(2026, 3, 3)),
        ("31.12.29", date(2029, 12, 31)),
        ("31.12.80", date(1980, 12, 31)),
        ("13.01.2026", date(2026, 1, 13)),
        ("12.12.2026", date(2026, 12, 12)),
    ],
)
def test_a_cell_is_the_day_that_people_mean(cell, day):
    assert read(cell) == day


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-03-31T22:30:00Z", "UTC", date(2026, 3, 31)),
        ("2026-03-31T22:30:00Z", "Europe/Berlin", date(2026, 4, 1)),
        ("2026-03-31T22:30:00+02:00", "UTC", date(2026, 3, 31)),
        ("2026-03-31T22:30:00", "Europe/Berlin", date(2026, 3, 31)),
        ("2026-03-31 22:30:00", "Europe/Berlin", date(2026, 3, 31)),
    ],
)
def test_a_moment_with_a_zone_is_a_day_where_the_business_is(text, zone, day):
    assert read(text, zone=ZoneInfo(zone)) == day


def test_a_moment_too_far_away_is_refused_with_its_text():
    with pytest.raises(UnreadableError) as refused:
        read("2206-03-31T22:30:00Z", zone=ZoneInfo("UTC"))

    assert plain(str(refused.value)) == (
        "says 2206-03-31T22:30:00Z, which would be 2206-03-31: too far from today to be right"
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026-03-31T00:00:00Z", "2026-03-31T00:00:00+02:00"], True),
        (["2026-03-31T00:00:00Z", "2026-03-31T00:00:01Z"], False),
        (["2026-03-31", "soon"], True),
        ([], True),
    ],
)
def test_moments_that_are_all_midnights_are_days(texts, expected):
    assert dates.are_plain_days(texts) is expected


@pytest.mark.parametrize("text", ["2026-03-31T22:30:00", "2026-03-31", "Tuesday", "2026-13-31T22:30:00Z"])
def test_a_text_without_a_zone_is_no_moment(text):
    assert dates.moment(text) is None


def test_day_and_month_are_exchanged_where_they_were_swapped():
    assert read(in_excel(2026, 2, 5), swapped=True) == date(2026, 5, 2)
    assert read("2026-02-05", swapped=True) == date(2026, 2, 5)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2026"], None),
        (["05/05/2026", "23/04/2026"], DateOrder.DAY_FIRST),
        (["23/04/2026"] + ["03/04/2026"] * 20, DateOrder.DAY_FIRST),
        (["23/04/2026"] + ["03/04/2026"] * 21, None),
        (["23/04/2026", "soon"], DateOrder.DAY_FIRST),
        (["2026-04-03"], None),
        ([], None),
    ],
)
def test_a_column_has_the_order_that_enough_of_its_cells_decide(texts, order):
    assert dates.settled_order(texts) is order


@pytest.mark.parametrize(
    ("text", "expected"), [("21/05/2026", True), ("05/05/2026", False), ("2026-05-21", False), ("soon", False)]
)
def test_a_date_is_written_in_an_order_if_no_other_allows_it(text, expected):
    assert dates.is_written_in_order(text) is expected


@pytest.mark.parametrize(("text", "expected"), [("JANUARY", True), ("März 2026", True), ("Acme", False), ("", False)])
def test_the_name_of_a_month_is_known_with_or_without_a_year(text, expected):
    assert dates.is_month(text) is expected
