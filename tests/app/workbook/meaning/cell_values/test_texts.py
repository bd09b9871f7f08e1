"""Identifiers stay what Excel shows, words lose their odd spaces."""

from decimal import Decimal

import pytest
from support.workbooks import in_excel

from app.workbook.meaning.cell_values import texts
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.vocabulary.statuses import StatedStatus, read_status
from app.workbook.reading.cells import FormattedNumber


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("00123", "00123"),
        (123, "123"),
        (Decimal("123.0"), "123"),
        (FormattedNumber(123, "00000"), "00123"),
        (FormattedNumber(123, '"INV-"0000'), "INV-0123"),
        (FormattedNumber(1234567, "000-0000"), "123-4567"),
        (FormattedNumber(15551234567, "0"), "15551234567"),
        (FormattedNumber(123, "\\R00000"), "R00123"),
        (" INV\u00a0 1001 ", "INV 1001"),
        ("INV-\u200b1001", "INV-1001"),
        ("\ufeff1001", "1001"),
        ("Acme\nHolding", "Acme Holding"),
        ("'=1+1", "=1+1"),
        ("''=1", "'=1"),
        ("'quoted'", "'quoted'"),
        (None, ""),
    ],
)
def test_an_identifier_is_what_excel_shows(cell, shown):
    assert texts.read_identifier(cell) == shown


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (in_excel(2026, 4, 3), "holds the date \u20682026-04-03\u2069 where an identifier belongs"),
        (Decimal("1.5"), "holds the number 1.5"),
        (True, "TRUE or FALSE"),
        (1234567890123456, "more than 15 digits"),
        (FormattedNumber(Decimal("1.23e17"), "0"), "more than 15 digits"),
        ("1.23E+15", "that a program has shortened"),
        ("x" * 256, "at most 255 are kept"),
    ],
)
def test_what_may_not_be_the_identifier_that_was_meant_is_refused(cell, reason):
    with pytest.raises(UnreadableError, match=reason):
        texts.read_identifier(cell)


def test_a_long_text_keeps_its_lines():
    assert texts.read_paragraphs("first \u00a0line\r\n\nthird_x000D_", 100) == "first line\n\nthird"


def test_a_text_that_is_too_long_is_refused_and_not_cut():
    with pytest.raises(UnreadableError, match="holds 11 characters, and at most 10 are kept"):
        texts.read_paragraphs("x" * 11, 10)


@pytest.mark.parametrize(
    ("cell", "days"),
    [("Net 30", 30), ("30 days", 30), (14, 14), ("due on receipt", 0), ("", None), (None, None), ("NET60", 60)],
)
def test_terms_are_a_number_of_days_in_any_words(cell, days):
    assert texts.read_days(cell) == days


@pytest.mark.parametrize("cell", ["2/10 net 30", "30 EOM", "end of month", "soon", "9999"])
def test_terms_that_are_no_number_of_days_are_refused(cell):
    with pytest.raises(UnreadableError, match="not a number of days"):
        texts.read_days(cell)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Paid", StatedStatus.PAID),
        ("PAID ", StatedStatus.PAID),
        ("✅ Paid", StatedStatus.PAID),
        ("✅", StatedStatus.PAID),
        ("☑️", StatedStatus.PAID),
        ("bezahlt", StatedStatus.PAID),
        ("Payée", StatedStatus.PAID),
        ("❌", StatedStatus.UNPAID),
        ("🔴 Overdue", StatedStatus.UNPAID),
        ("⏳ Pending", StatedStatus.UNPAID),
        ("not paid", StatedStatus.UNPAID),
        ("Part-paid", StatedStatus.PARTIAL),
        ("Cancelled", StatedStatus.VOID),
        ("written-off", StatedStatus.WRITTEN_OFF),
        ("", StatedStatus.NOTHING),
        ("to be paid", StatedStatus.UNPAID),
        ("❌ Paid", None),
        ("perhaps paid", None),
        ("half paid?", None),
        ("🤷", None),
    ],
)
def test_a_status_is_known_whole_or_not_at_all(word, said):
    assert read_status(word) is said
