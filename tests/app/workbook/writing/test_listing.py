"""A list as a file says the same when it is read again, and no text in it is a formula."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from support.workbooks import in_excel

from app.workbook.meaning.cell_values.texts import read_short_text
from app.workbook.reading.cells import clean_text
from app.workbook.writing import listing

HEADERS = ("Name", "Invoices", "Balance", "Due")
ROWS = [("Acme", 3, Decimal("-1234.50"), date(2026, 3, 2)), ("Bolt, “Best”", 0, Decimal("0.00"), None)]


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def read_xlsx(content):
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_holds_texts_numbers_amounts_and_days_as_what_they_are():
    assert read_xlsx(listing.xlsx("Customers", HEADERS, ROWS)) == [
        ["Name", "Invoices", "Balance", "Due"],
        ["Acme", 3, -1234.5, in_excel(2026, 3, 2)],
        ["Bolt, “Best”", 0, 0, None],
    ]


def test_comma_separated_values_are_utf_8_with_a_mark_and_lines_that_end_as_rfc_4180_says():
    assert listing.csv(HEADERS, ROWS) == (
        b"\xef\xbb\xbfName,Invoices,Balance,Due\r\n"
        b"Acme,3,-1234.50,2026-03-02\r\n"
        b'"Bolt, \xe2\x80\x9cBest\xe2\x80\x9d",0,0.00,\r\n'
    )


def test_quotes_and_lines_within_a_text_are_kept():
    assert read_csv(listing.csv(("Note",), [('He said "no",\r\nthen paid',)]))[1] == ['He said "no",\r\nthen paid']


def test_a_text_that_a_program_would_take_for_a_formula_is_guarded_where_cells_have_no_type():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''", "it's", "2-1"]

    assert [row[0] for row in read_csv(listing.csv(("Name",), [(text,) for text in texts]))[1:]] == [
        "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\r=1", "''=1", "'''", "it's", "2-1",
    ]  # fmt: skip


@pytest.mark.parametrize("sign", ["\x00", "\x1f", "\ufffe", "\uffff"])
def test_a_sign_that_no_workbook_can_hold_is_left_out(sign):
    assert read_xlsx(listing.xlsx("Notes", ("Note",), [(f"a{sign}b",)])) == [["Note"], ["ab"]]


def test_a_negative_amount_is_a_number_and_not_guarded():
    assert read_csv(listing.csv(("Balance",), [(Decimal("-5.00"),), (-5,)]))[1:] == [["-5.00"], ["-5"]]


def test_a_header_is_no_formula_either():
    content = listing.xlsx("List", ("=1+1",), [])

    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert read_csv(listing.csv(("=1+1",), [])) == [["'=1+1"]]


def test_a_title_loses_what_no_tab_can_be_called():
    titles = [
        load_workbook(io.BytesIO(listing.xlsx(title, ("A",), []))).sheetnames
        for title in ("Invoices [2026/03]", "x" * 40, "'?'")
    ]

    assert titles == [["Invoices  2026 03"], ["x" * 31], ["List"]]


def test_more_columns_than_letters_are_written():
    headers = [f"H{number}" for number in range(30)]

    assert read_xlsx(listing.xlsx("Wide", headers, [list(range(30))]))[1][29] == 29


texts = st.text(st.characters(codec="utf-8"), max_size=20) | st.builds(
    "".join, st.lists(st.sampled_from([*"'=+-@\t\r\n ,\"", "a", "1"]), max_size=6)
)


@given(texts)
@example("'=1")
@example("''=1")
def test_any_text_is_read_back_as_it_would_be_typed(text):
    plain = text.replace("\0", "")
    from_csv = (read_csv(listing.csv(("A", "B"), [(plain, "end")]))[1])[0]
    from_xlsx = read_xlsx(listing.xlsx("A", ("A", "B"), [(plain, "end")]))[1][0]

    assert read_short_text(from_csv) == clean_text(plain)
    assert read_short_text(from_xlsx or "") == clean_text(plain)
    assert not from_csv.startswith(("=", "+", "-", "@", "\t", "\r"))
