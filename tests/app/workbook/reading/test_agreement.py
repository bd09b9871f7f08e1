"""Another reader of workbooks says the same of any cell: openpyxl, which has been used for long by many."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from support.workbooks import LIMITS, Shown, say_nothing, workbook

from app.workbook.reading import number_formats
from app.workbook.reading.book import read_book
from app.workbook.reading.cells import Duration, ErrorValue, FormattedNumber

FORMATS = [
    *(text for number, text in BUILTIN_FORMATS.items() if number != 49),
    *("00000", '"RE-"000', '#,##0.00\\ "€"', "[$-409]d mmm yyyy;@", "[$€-407] #,##0.00", "[Red]0.00;[Blue]-0.00"),
    *("yyyy\\-mm\\-dd", "[hh]:mm", "[mm]:ss", "dd/mm/yyyy hh:mm", '0.00" Cr"', "_-* #,##0.00_-", '"due "d.m.', "0.0%"),
]
days = st.dates(date(1900, 3, 1), date(2400, 1, 1))
numbers = st.one_of(
    st.integers(-(10**15), 10**15),
    st.decimals(-(10**9), 10**9, places=2).map(float),
    st.floats(-1e12, 1e12, allow_subnormal=False).map(lambda number: float(f"{number:.15g}")),
)
letters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="_=\ufffe\uffff")
serials = st.one_of(st.integers(0, 60_000), st.floats(61, 60_000).map(lambda number: round(number, 4)))
values = st.one_of(
    st.none(),
    st.text(letters, max_size=30),
    st.booleans(),
    numbers,
    days,
    st.builds(datetime.combine, days, st.times().map(lambda time_of_day: time_of_day.replace(microsecond=0))),
    st.builds(Shown, serials, st.sampled_from(FORMATS)),
)


def as_openpyxl_says(cell: Cell):
    """Return what our reader should make of the cell."""
    value = cell.value
    if cell.data_type == "e":
        return ErrorValue(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if isinstance(value, time | timedelta):
        return Duration(str(value))
    if (
        isinstance(value, int | Decimal)
        and not isinstance(value, bool)
        and number_formats.shows_more_than_number(cell.number_format)
    ):
        return FormattedNumber(value, cell.number_format)
    return value


@settings(max_examples=60, phases=[Phase.generate])
@given(st.lists(st.lists(values, max_size=8), max_size=12))
def test_every_cell_is_read_as_openpyxl_reads_it(tmp_path, rows):
    path = workbook(tmp_path, {"Sheet": rows})

    (sheet,) = read_book(path, LIMITS, say_nothing).sheets

    read = {
        (row.number, column): cell
        for row in sheet.rows
        for column, cell in enumerate(row.cells, start=1)
        if cell is not None
    }
    expected = {
        (cell.row, cell.column): as_openpyxl_says(cell)
        for row in load_workbook(path, data_only=True)["Sheet"].rows
        for cell in row
        if cell.value is not None
    }
    assert read == expected


@given(st.sampled_from(FORMATS))
def test_formats_show_days_and_spans_of_time_where_openpyxl_says_so(text):
    assert number_formats.is_moment(text) == is_date_format(text)
    assert number_formats.is_span(text) == is_timedelta_format(text)
