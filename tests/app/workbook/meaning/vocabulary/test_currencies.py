"""Currencies in headings, cells and formats: codes stand for themselves, shared signs for whoever uses them."""

import pytest

from app.workbook.meaning.vocabulary import currencies


@pytest.mark.parametrize(
    ("heading", "currency", "rest"),
    [
        ("Amount (KES)", "KES", "Amount"),
        ("Amount [USD]", "USD", "Amount"),
        ("Price {CHF}", "CHF", "Price"),
        ("Betrag in €", "EUR", "Betrag"),
        ("Montant en EUR", "EUR", "Montant"),
        ("Belopp i SEK", "SEK", "Belopp"),
        ("Valor em EUR", "EUR", "Valor"),
        ("Kwota w PLN", "PLN", "Kwota"),
        ("Amount PHP", "PHP", "Amount"),
        ("Sum, EUR", "EUR", "Sum,"),
        ("US$ total", "USD", "total"),
        ("Amount in pounds", "GBP", "Amount"),
        ("Montant (euro)", "EUR", "Montant"),
        ("Amount kronor", "SEK", "Amount"),
        ("in euros", "EUR", "in"),
        ("Amount TTC", None, "Amount TTC"),
        ("Amount ALL", None, "Amount ALL"),
        ("TRY", None, "TRY"),
        ("TOP", None, "TOP"),
        ("MOP", None, "MOP"),
        ("Amount kes", None, "Amount kes"),
        ("Amount (try)", None, "Amount (try)"),
        ("Amount", None, "Amount"),
    ],
)
def test_the_currency_of_a_heading_is_taken_off_its_words(heading, currency, rest):
    assert (currencies.of_heading(heading), currencies.without_currency(heading)) == (currency, rest)


@pytest.mark.parametrize(
    ("heading", "unknown"),
    [
        ("Amount (XYZ)", "XYZ"),
        ("Amount [XYZ]", "XYZ"),
        ("Amount ؋", "؋"),
        ("Amount (EUR)", None),
        ("Amount ₴", None),
        ("Amount (TTC)", None),
        ("Amount (Xyz)", None),
        ("Amount (WXYZ)", None),
        ("Amount", None),
    ],
)
def test_an_unknown_currency_of_a_heading_is_named(heading, unknown):
    assert currencies.unknown_in_heading(heading) == unknown


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("EUR", "EUR"),
        ("eur", "EUR"),
        ("KES", "KES"),
        ("kes", None),
        ("all", None),
        ("€", "EUR"),
        (" $ ", "$"),
        ("kr.", "kr"),
        ("KR", "kr"),
        ("zł", "PLN"),
        ("ZŁ", "PLN"),
        ("EUROS", "EUR"),
        ("R", "ZAR"),
        ("Foo", None),
        ("", None),
    ],
)
def test_a_text_that_is_nothing_but_a_currency_is_one(text, currency):
    assert currencies.of_text(text) == currency


@pytest.mark.parametrize(
    ("number_format", "currency"),
    [
        ("0.00", None),
        ("General", None),
        ("[$-409]0.00", None),
        ("[$ -407] 0", None),
        ("[$€-407] 0", "EUR"),
        ("[$US$] 0", "USD"),
        ("[$XOF] 0", "XOF"),
        ("[$kr-41D] 0", "SEK"),
        ("[$kr-414] 0", "NOK"),
        ("[$kr-814] 0", "NOK"),
        ("[$kr-406] 0", "DKK"),
        ("[$kr-40F] 0", "kr"),
        ("[$R$ -416] 0", "BRL"),
        ('0 "EUR"', "EUR"),
        ('"USD" 0;[$€-407] 0', "USD"),
        ("0;[$€-407] 0;[$€-407] 0", None),
        ("0\\ \\€", "EUR"),
        ("€0", "EUR"),
        ('"R" General', "ZAR"),
        ('#,##0.00"zł"', "PLN"),
        ("[Red]0.00 \\K\\č", "CZK"),
    ],
)
def test_the_currency_of_a_number_format_is_that_of_its_first_part(number_format, currency):
    assert currencies.of_format(number_format) == currency


@pytest.mark.parametrize(
    ("number_format", "unknown"), [("[$XYZ] 0", "XYZ"), ("[$ XYZ -409] 0", "XYZ"), ("0 ؋", "؋"), ('0 "؋"', "؋")]
)
def test_an_unknown_currency_of_a_number_format_is_named(number_format, unknown):
    with pytest.raises(LookupError) as refused:
        currencies.of_format(number_format)

    assert refused.value.args == (unknown,)


@pytest.mark.parametrize(
    ("sign", "own", "currency"),
    [
        ("$", "USD", "USD"),
        ("$", "CAD", "CAD"),
        ("$", "EUR", "USD"),
        ("¥", "CNY", "CNY"),
        ("¥", "EUR", "JPY"),
        ("£", "EGP", "EGP"),
        ("kr", "SEK", "SEK"),
        ("kr", "EUR", None),
        ("Rs", "INR", "INR"),
        ("Rs", "EUR", None),
        ("Fr", "EUR", "CHF"),
        ("EUR", "USD", "EUR"),
        (None, "USD", None),
    ],
)
def test_a_shared_sign_is_the_own_currency_if_that_uses_it(sign, own, currency):
    assert currencies.for_sign(sign, own) == currency


@pytest.mark.parametrize(
    ("sign", "code", "expected"),
    [("$", "CAD", True), ("$", "EUR", False), ("EUR", "EUR", True), ("EUR", "USD", False), ("kr", "NOK", True)],
)
def test_a_sign_may_be_each_currency_that_shares_it(sign, code, expected):
    assert currencies.may_be(sign, code) is expected
    assert currencies.is_shared(sign) is (sign != "EUR")


@pytest.mark.parametrize(
    ("text", "rest", "named"),
    [
        ("€ 5", "  5", ("EUR",)),
        ("5 kr.", "5  ", ("kr",)),
        ("R 5", "  5", ("ZAR",)),
        ("R5", " 5", ("ZAR",)),
        ("5 R", "5 R", ()),
        ("5 Lei", "5  ", ("RON",)),
        ("5 lei", "5  ", ("RON",)),
        ("5eur", "5 ", ("EUR",)),
        ("5 ksh", "5  ", ("KES",)),
        ("5 usd", "5  ", ("USD",)),
        ("5 kes", "5 kes", ()),
        ("A5", "A5", ()),
        ("euros5x", " 5x", ("EUR",)),
        ("Bds$5", " 5", ("BBD",)),
        ("£5 $6", " 5  6", ("£", "$")),
    ],
)
def test_currencies_are_taken_off_an_amount(text, rest, named):
    assert currencies.taken_off(text) == (rest, named)


@pytest.mark.parametrize(("code", "expected"), [("KWD", True), ("TND", True), ("EUR", False), ("JPY", False)])
def test_some_currencies_have_thousandths(code, expected):
    assert currencies.has_thousandths(code) is expected
