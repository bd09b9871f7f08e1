"""Identifiers stay what Excel shows, words lose their odd spaces."""

from decimal import Decimal

import pytest
from support.workbooks import in_excel

from app.workbook.meaning.cell_values import texts
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.vocabulary.statuses import StatedStatus, read_status
from app.workbook.reading.cells import Duration, ErrorValue, FormattedNumber, Merged, UncalculatedFormula

TOO_LONG = (
    "holds a number of more than 15 digits, of which Excel keeps no more: format the column as text and enter it again"
)


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
        (
            in_excel(2026, 4, 3),
            "holds the date \u20682026-04-03\u2069 where an identifier belongs: Excel may have changed what was typed",
        ),
        (Decimal("1.5"), "holds the number 1.5 where an identifier belongs"),
        (FormattedNumber(Decimal("1.5"), "0000"), "holds the number 1.5 where an identifier belongs"),
        (True, "holds TRUE or FALSE where an identifier belongs"),
        (10**15, TOO_LONG),
        (-(10**15), TOO_LONG),
        (FormattedNumber(10**15, "0"), TOO_LONG),
        (Decimal(10) ** 15, TOO_LONG),
        ("1.23E+15", "says '1.23E+15', a number that a program has shortened: enter it in full"),
        ("1e+3", "says '1e+3', a number that a program has shortened: enter it in full"),
        ("x" * 256, "holds 256 characters, and at most 255 are kept"),
        (ErrorValue("#REF!"), "shows the error #REF!: correct the formula in Excel"),
        (Duration("1:30"), "holds a time (1:30) where a text belongs"),
    ],
)
def test_what_may_not_be_the_identifier_that_was_meant_is_refused(cell, reason):
    with pytest.raises(UnreadableError) as refused:
        texts.read_identifier(cell)

    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (10**15 - 1, "999999999999999"),
        ("x" * 255, "x" * 255),
        ("1.23E", "1.23E"),
        (FormattedNumber(-123, "00000"), "-123"),
        (FormattedNumber(123, "General"), "123"),
        (FormattedNumber(123, "#"), "123"),
        (FormattedNumber(123, "0"), "123"),
        (FormattedNumber(5, "#-00"), "-05"),
        (FormattedNumber(12345, "[Red]00000;-0"), "12345"),
        (FormattedNumber(12345, "[Red]00-000_)"), "12-345"),
        (FormattedNumber(1234567890, "(000) 000-0000"), "(123) 456-7890"),
        (FormattedNumber(12345, "0.00"), "12345"),
        (FormattedNumber(123, '"A"'), "123"),
        (FormattedNumber(1234567, "00-00"), "12345-67"),
        (FormattedNumber(12, '0000" x "'), "0012 x"),
        (FormattedNumber(12, "???0"), "12"),
        (FormattedNumber(12, '""0000'), "0012"),
    ],
)
def test_an_identifier_keeps_the_signs_and_zeros_of_its_format(cell, shown):
    assert texts.read_identifier(cell) == shown


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (True, "Yes"),
        (False, "No"),
        (12, "12"),
        (Decimal("12.50"), "12.5"),
        (Decimal("1E+3"), "1000"),
        (FormattedNumber(Decimal("12.50"), "0.0"), "12.5"),
        (FormattedNumber(Decimal("12.00"), "000"), "012"),
        (in_excel(2026, 4, 3), "2026-04-03"),
        (" a\0\u00a0 b ", "a b"),
        ("'+1", "+1"),
        ("'a", "'a"),
        ("x" * 10, "x" * 10),
        (None, ""),
    ],
)
def test_a_text_is_what_the_cell_shows_in_words(cell, shown):
    assert texts.read_text(cell, 10) == shown


def test_a_text_is_no_longer_than_it_may_be():
    with pytest.raises(UnreadableError, match=r"^holds 11 characters, and at most 10 are kept$"):
        texts.read_text("x" * 11, 10)


@pytest.mark.parametrize(
    ("cell", "is_yes"),
    [*((word, True) for word in ("Yes", "y", "TRUE", "x", "✓", "1", "ja", "oui", "sí", "sim", True, 1)),
     *((word, False) for word in ("No", "n", "false", "0", "nein", "non", "nee", "não", "-", "", None, False, 0))],
)  # fmt: skip
def test_a_mark_is_yes_or_no(cell, is_yes):
    assert texts.read_yes_or_no(cell) is is_yes


def test_a_mark_that_is_neither_is_refused():
    with pytest.raises(UnreadableError) as refused:
        texts.read_yes_or_no("Perhaps")

    assert str(refused.value) == "says 'perhaps', which is neither yes nor no"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("Yes", True), (" no ", True), (True, True), (False, True), ("", False), (" ", False), ("0", False), ("-", False),
     ("1", True), (1, False), (None, False), ("perhaps", False)],
)  # fmt: skip
def test_a_cell_can_be_a_mark(cell, expected):
    assert texts.is_yes_or_no(cell) is expected


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        (in_excel(2026, 4, 3), "2026-04-03"),
        (True, "TRUE"),
        (False, "FALSE"),
        (FormattedNumber(7, "000"), "7"),
        (Merged("Acme"), "Acme"),
        (" a  b ", "a b"),
        ("x" * 24, "x" * 24),
        ("x" * 25, "x" * 23 + "…"),
        (Decimal("1.50"), "1.50"),
        (3, "3"),
        (ErrorValue("#N/A"), "#N/A"),
        (Duration("1:30"), "1:30"),
        (UncalculatedFormula(), ""),
    ],
)
def test_a_sample_of_a_cell_is_short(cell, shown):
    assert texts.short_text(cell) == shown


def test_a_long_text_keeps_its_lines():
    assert texts.read_paragraphs("first \u00a0line\r\n\nthird_x000D_", 100) == "first line\n\nthird"


def test_a_text_that_is_too_long_is_refused_and_not_cut():
    with pytest.raises(UnreadableError, match="holds 11 characters, and at most 10 are kept"):
        texts.read_paragraphs("x" * 11, 10)


@pytest.mark.parametrize(
    ("cell", "days"),
    [("Net 30", 30), ("30 days", 30), (14, 14), ("due on receipt", 0), ("", None), (None, None), ("NET60", 60),
     ("2 weeks", 14), ("3 Wochen", 21), ("30 jours net", 30), ("within 10 days", 10), ("730", 730), ("0", 0),
     *((word, 0) for word in ("On receipt", "immediate", "COD", "cash", "sofort"))],
)  # fmt: skip
def test_terms_are_a_number_of_days_in_any_words(cell, days):
    assert texts.read_days(cell) == days


@pytest.mark.parametrize(
    "cell", ["2/10 net 30", "30 EOM", "end of month", "soon", "9999", "731", "105 weeks", "x" * 40]
)
def test_terms_that_are_no_number_of_days_are_refused(cell):
    with pytest.raises(UnreadableError) as refused:
        texts.read_days(cell)

    assert str(refused.value) == f"says '{cell.casefold()}', which is not a number of days: enter the due date"


def test_terms_are_quoted_to_their_fortieth_letter():
    with pytest.raises(UnreadableError, match=f"^says '{'x' * 40}', which"):
        texts.read_days("x" * 41)


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
