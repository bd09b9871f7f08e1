"""Amounts are read as people write them, and never guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workbooks import in_excel

from app.domain.sentences import plain
from app.workbook.meaning.cell_values import amounts
from app.workbook.meaning.cell_values.amounts import DecimalMark, UnreadableError
from app.workbook.reading.cells import (
    DamagedCell,
    Duration,
    ErrorValue,
    FormattedNumber,
    Merged,
    UncalculatedFormula,
)


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
        (ErrorValue("#N/A"), "shows the error #N/A: correct the formula in Excel"),
        (DamagedCell("no number"), "is damaged in the file (no number): enter it again in Excel"),
        (
            UncalculatedFormula(),
            "holds a formula without a stored result: open the workbook in Excel, save it and upload it again",
        ),
        (Duration("12:30:00"), "holds a time (12:30:00) where an amount belongs"),
        (in_excel(2026, 4, 3), "holds the date 2026-04-03 where an amount belongs"),
        (Merged(5), "does not hold an amount"),
        (True, "holds TRUE or FALSE where an amount belongs"),
        (FormattedNumber(Decimal("0.19"), "0%"), "holds a percentage where an amount belongs"),
        (
            FormattedNumber(5, "[$XYZ] 0"),
            "is shown in 'XYZ', a currency that is not known: add a column Currency with its code",
        ),
        (10**12, "holds a number too large to be an amount"),
        (-(10**12), "holds a number too large to be an amount"),
        (FormattedNumber(10**12, "0.00"), "holds a number too large to be an amount"),
        ("1000000000000", "holds a number too large to be an amount"),
        (Decimal("NaN"), "holds a number too large to be an amount"),
        ("1.234", "says '1.234', which can be read two ways"),
        ("lots", "says 'lots', which is not an amount"),
        (f"{'x' * 40}", f"says '{'x' * 40}', which is not an amount"),
        (f"{'x' * 41}", f"says '{'x' * 37}...', which is not an amount"),
        ("€5 USD", "names two currencies, EUR and USD: keep the one it is in"),
        ("$5 £", "names two currencies, $ and £: keep the one it is in"),
    ],
)
def test_a_cell_that_is_no_amount_is_refused_with_the_reason(cell, reason):
    with pytest.raises(UnreadableError) as refused:
        amounts.read_amount(cell, None)

    assert plain(str(refused.value)) == reason


@pytest.mark.parametrize("cell", [10**12 - 1, "999999999999.99", FormattedNumber(10**12 - 1, "0")])
def test_an_amount_may_be_just_below_the_largest(cell):
    assert Decimal(read(cell)) < 10**12


@pytest.mark.parametrize(
    ("number", "number_format", "amount"),
    [
        (30, '0.00" Cr"', -30),
        (30, '0.00" Dr"', 30),
        (-30, '0.00" Cr"', 30),
        (30, '0.00" DR";0.00" CR"', 30),
        (-30, '0.00" DR";0.00" CR"', -30),
        (-30, '0.00" CR";0.00" DR"', 30),
        (30, '0.00" CR";0.00" DR"', -30),
        (-30, "0.00;(0.00)", -30),
        (30, "0.00\\Cr", -30),
        (30, '0.00"Credit"', 30),
        (0, '0.00" CR"', 0),
    ],
)
def test_a_number_shown_with_cr_reduces_what_is_owed(number, number_format, amount):
    assert Decimal(read(FormattedNumber(number, number_format))) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500,-", "500"),
        ("500.--", "500"),
        ("500,–", "500"),
        ("500/-", "500"),
        ("(500) CR", None),
        ("500 cr", "-500"),
        ("500dr", "500"),
        ("-500 CR", "500"),
        ("(-500)", "500"),
        ("+500", "500"),
        ("1 234 567,50", "1234567.50"),
        ("1 234 56", None),
        ("12`345", "12345"),
        ("1´234.50", "1234.50"),
        ("5 - ", "-5"),
        ("1234,5", "1234.5"),
        ("0,500", "0.5"),
        ("1.234.567,8", "1234567.8"),
        ("0.234.567", None),
        ("1234.567.890", None),
    ],
)
def test_a_text_is_an_amount_by_its_signs_and_groups(text, amount):
    try:
        found = read(text)
    except UnreadableError:
        found = None

    assert (found and Decimal(found)) == (amount and Decimal(amount))


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.234", "1,50"], DecimalMark.COMMA),
        (["1,234", "1.50"], DecimalMark.POINT),
        (["1.234", "12,5"], None),
        (["1.234", "1.234,5"], None),
        (["1.234", "1.234.567"], DecimalMark.COMMA),
        (["1.234", "500,-"], DecimalMark.COMMA),
        (["1,50"] + ["1.234"] * 20, DecimalMark.COMMA),
        (["1,50"] + ["1.234"] * 21, None),
        (["1,50"] * 2 + ["1.234"] * 40, DecimalMark.COMMA),
        (["1.50", "1,50"], None),
        (["1,50"], DecimalMark.COMMA),
        (["12", "13"], None),
        ([], None),
        (["lots", "1,50"], DecimalMark.COMMA),
    ],
)
def test_a_column_has_the_decimal_mark_that_enough_of_its_cells_decide(texts, mark):
    assert amounts.settled_mark(texts) is mark


@pytest.mark.parametrize(
    ("deciding", "unclear", "expected"),
    [(1, 0, True), (0, 0, False), (1, 20, True), (1, 21, False), (2, 40, True), (0, 1, False)],
)
def test_one_cell_decides_twenty_others(deciding, unclear, expected):
    assert amounts.is_enough(deciding, unclear) is expected


@pytest.mark.parametrize(
    ("text", "currency"),
    [("$5 USD", "USD"), ("$5 CAD", "CAD"), ("5 kr SEK", "SEK"), ("5", None), ("$5", "$"), ("£5", "£")],
)
def test_of_a_sign_and_a_code_the_code_is_the_currency(text, currency):
    assert amounts.read_amount(text, None).currency == currency


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
