"""Amounts are read as people write them, and never guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workbook.meaning.cell_values import amounts
from app.workbook.meaning.cell_values.amounts import DecimalMark, UnreadableError
from app.workbook.reading.cells import Duration, ErrorValue, FormattedNumber, UncalculatedFormula


def read(cell, mark=None):
    amount = amounts.read_amount(cell, mark)
    return None if amount is None else str(amount.value)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,234.50", "1234.50"),
        ("1,234.50 USD", "1234.50"),
        ("1.234,50", "1234.50"),
        ("€ 1.234,50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("1'234.50", "1234.50"),
        ("CHF 1’234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50\u00a0€", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1,23,456.50", "123456.50"),
        ("12,34,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("13,75", "13.75"),
        ("13.75", "13.75"),
        ("(120.00)", "-120.00"),
        ("($120.00)", "-120.00"),
        ("$(120.00)", "-120.00"),
        ("12-", "-12"),
        ("-12", "-12"),
        ("−12.00", "-12.00"),
        ("- 12.00", "-12.00"),
        ("-$12.00", "-12.00"),
        ("$-12.00", "-12.00"),
        ("12.00 CR", "-12.00"),
        ("12.00 DR", "12.00"),
        ("+5.00", "5.00"),
        (".50", "0.50"),
        (",50", "0.50"),
        ("100", "100"),
        ("0.500", "0.500"),
    ],
)
def test_a_text_amount_is_read_in_every_form_people_write(text, amount):
    assert Decimal(read(text)) == Decimal(amount)


@pytest.mark.parametrize("text", ["1.234", "1,234", "-1.234", "(1,234)", "$1,234", "12.345"])
def test_an_amount_that_can_be_read_two_ways_is_not_read_without_an_answer(text):
    assert amounts.is_ambiguous(text)
    with pytest.raises(UnreadableError, match="two ways"):
        amounts.read_amount(text, None)


def test_the_answer_settles_an_amount_that_can_be_read_two_ways():
    assert read("1.234", DecimalMark.POINT) == "1.234"
    assert read("1.234", DecimalMark.COMMA) == "1234"


@pytest.mark.parametrize(
    "text",
    [
        "one hundred",
        "12 34",
        "100 50",
        "1 2",
        "5%",
        "12.5.2026",
        "1.2.3,4",
        "1,2,3",
        "--5",
        "-5-",
        "$",
        "€€5",
        "5 each",
        "1e5",
        "1,234.50.1",
        "12x",
        "£5 $6",
    ],
)
def test_what_is_no_amount_is_refused_with_the_text_itself(text):
    with pytest.raises(UnreadableError, match="which is not an amount"):
        amounts.read_amount(text, DecimalMark.POINT)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "-", "—", "n/a", "N/A"])
def test_a_cell_that_says_nothing_is_no_amount_and_not_zero(cell):
    assert amounts.read_amount(cell, None) is None


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (ErrorValue("#N/A"), "shows the error #N/A"),
        (UncalculatedFormula(), "formula without a stored result"),
        (Duration("12:30:00"), "holds a time"),
        (True, "TRUE or FALSE"),
        (FormattedNumber(Decimal("0.19"), "0%"), "percentage"),
        (Decimal("1e15"), "too large"),
        ("99999999999999999", "too large"),
    ],
)
def test_a_cell_of_another_kind_is_refused_with_the_reason(cell, reason):
    with pytest.raises(UnreadableError, match=reason):
        amounts.read_amount(cell, None)


@pytest.mark.parametrize(
    ("cell", "currency"),
    [
        ("€5", "EUR"),
        ("5 EUR", "EUR"),
        ("US$5", "USD"),
        ("C$5", "CAD"),
        ("5 zł", "PLN"),
        ("₹5", "INR"),
        (FormattedNumber(5, "[$€-407] #,##0.00"), "EUR"),
        (FormattedNumber(5, '"£"#,##0.00'), "£"),
        (FormattedNumber(5, "[$kr-41D] #,##0"), "SEK"),
        (FormattedNumber(5, "[$XOF] #,##0"), "XOF"),
        (FormattedNumber(5, "$#,##0.00"), "$"),
        (FormattedNumber(5, "000000"), None),
    ],
)
def test_the_currency_is_taken_from_the_sign_or_the_format(cell, currency):
    assert amounts.read_amount(cell, None).currency == currency


def test_one_amount_settles_how_its_column_is_read():
    assert amounts.settled_mark(["1.234", "5", "1.234,50"]) is DecimalMark.COMMA
    assert amounts.settled_mark(["1,234", "5.50"]) is DecimalMark.POINT


def test_a_slip_settles_no_thousands():
    assert amounts.settled_mark(["1,234", "2,500", "12,5"]) is None


def test_one_amount_settles_no_column_of_hundreds():
    assert amounts.settled_mark(["1,234"] * 100 + ["5.50"]) is None
    assert amounts.settled_mark(["1,234"] * 100 + ["5.50"] * 5) is DecimalMark.POINT


def test_amounts_that_contradict_one_another_settle_nothing():
    assert amounts.settled_mark(["1.234,50", "1,234.50"]) is None


CENTS = st.integers(-(10**11), 10**11)


@given(CENTS, st.sampled_from(["{}", "${}", "{} €", "EUR {}", "{} CHF", "\u00a0{} "]))
def test_an_amount_with_cents_reads_back_from_every_written_form(cents, sign):
    digits = f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
    for grouping, mark in ((",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ","), ("", "."), ("", ",")):
        written = digits.replace(",", "G").replace(".", mark).replace("G", grouping)
        for form in (f"-{written}", f"{written}-", f"({written})") if cents < 0 else (written, f"+{written}"):
            assert amounts.read_amount(sign.format(form), None).value * 100 == cents


@given(st.one_of(st.text(), st.text("0123456789.,-()'$€ ")))
def test_any_text_is_an_amount_or_unreadable(text):
    try:
        amount = amounts.read_amount(text, DecimalMark.COMMA)
    except UnreadableError:
        return
    assert amount is None or amount.value.is_finite()
