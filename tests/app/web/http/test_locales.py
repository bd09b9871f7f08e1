"""Amounts, numbers, days and moments are written, and amounts are read, as the browser's language says."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import LARGEST_CENTS
from app.web.http.locales import Locale

BERLIN = ZoneInfo("Europe/Berlin")
BRITISH = Locale.of("en_GB", BERLIN)
GERMAN = Locale.of("de", BERLIN)


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de-DE"),
        ("en;q=0.5,fr-CH;q=0.9", "fr-CH"),
        ("xx-YY,de-XX;q=0.8", "de"),
        ("zh-TW", "zh-Hant-TW"),
        ("fr;q=0,it", "it"),
        ("", "en-GB"),
        ("*", "en-GB"),
        ("und,root", "en-GB"),
        ("../../etc/passwd, ;;q=1, de;q=x", "en-GB"),
        ("x" * 100_000, "en-GB"),
    ],
)
def test_the_language_most_wanted_that_there_is_decides(header, tag):
    assert Locale.accepted(header, BERLIN).tag == tag


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("en_GB", "-1,234,567.05"),
        ("de", "-1.234.567,05"),
        ("fr", "-1\u00a0234\u00a0567,05"),
        ("de_CH", "-1’234’567.05"),
        ("sv", "\u22121\u00a0234\u00a0567,05"),
        ("en_IN", "-12,34,567.05"),
    ],
)
def test_an_amount_is_written_as_the_country_does(identifier, text):
    assert Locale.of(identifier, BERLIN).money(-123_456_705) == text


def test_small_amounts_have_two_decimals_too():
    assert [BRITISH.money(cents) for cents in (0, 5, -5, 99, 100)] == ["0.00", "0.05", "-0.05", "0.99", "1.00"]


def test_whole_numbers_and_shares_are_written_as_the_country_does():
    assert GERMAN.number(-1_234_567) == "-1.234.567"
    assert Locale.of("en_IN", BERLIN).number(1_234_567) == "12,34,567"
    assert GERMAN.percent(1, 8) == "13\u00a0%"
    assert BRITISH.percent(1, 3) == "33%"
    assert BRITISH.percent(0, 0) == "0%"


def test_between_a_time_and_am_or_pm_is_a_space_that_is_seen():
    assert Locale.of("en_US", BERLIN).moment(datetime(2026, 3, 2, 10, 13, tzinfo=UTC)) == "Mar 2, 2026, 11:13\u00a0AM"


def test_no_language_writes_a_space_too_thin_to_see():
    noon = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    locales = [Locale.of(identifier, BERLIN) for identifier in locale_identifiers()]
    texts = [
        text
        for one in locales
        for text in (one.money(123_456_705), one.number(1_234_567), one.percent(1, 8), one.moment(noon))
    ]

    assert len(texts) > 1_000
    assert [text for text in texts if "\u202f" in text] == []


def test_days_and_moments_are_read_where_the_business_is():
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

    assert BRITISH.day(date(2026, 3, 2)) == "2 Mar 2026"
    assert BRITISH.month(date(2026, 3, 2)) == "Mar 2026"
    assert BRITISH.moment(late) == "3 Mar 2026, 00:30"
    assert GERMAN.day(date(2026, 3, 2)) == "02.03.2026"
    assert GERMAN.moment(late) == "03.03.2026, 00:30"


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1.234,50", 123_450),
        ("1234,5", 123_450),
        ("1.500", 150_000),
        ("75", 7_500),
        ("0,01", 1),
        ("-5,00", -500),
        ("\u22125,00", -500),
        ("€ 5", 500),
        ("5,00 €", 500),
        ("-€5", -500),
        ("  5  ", 500),
    ],
)
def test_an_amount_is_read_as_the_country_writes_it(typed, cents):
    assert GERMAN.cents(typed) == cents


@pytest.mark.parametrize(
    "typed",
    ["1,234.50", "1234.50", "1.50", "12.34", "1.2345", "0.123", "1e5", "NaN", "٣", "5,", ",5", "--5", "", "EUR"],
)
def test_what_the_country_does_not_write_is_refused_with_how_it_would(typed):
    with pytest.raises(ValueError) as refused:
        GERMAN.cents(typed)

    assert str(refused.value) == f"“{typed}” is not an amount. Write it like 1.234,50."


def test_fractions_of_a_cent_are_refused():
    with pytest.raises(ValueError, match=r"^Please write at most two decimals, like 1\.234,50\.$"):
        GERMAN.cents("1,500")


def test_more_than_can_be_stored_is_refused():
    with pytest.raises(ValueError, match=r"^Please write at most 10 digits before the decimals\.$"):
        GERMAN.cents("9" * 11)


@pytest.mark.parametrize("typed", ["9" * 40, "1" + ".234" * 40, "1," + "2" * 5_000])
def test_a_number_of_any_length_is_refused_in_a_sentence(typed):
    with pytest.raises(ValueError, match=r"Write it like 1\.234,50\.$"):
        GERMAN.cents(typed)


@pytest.mark.parametrize(
    "identifier", ["en_US", "de_DE", "de_CH", "fr_FR", "sv_SE", "pl_PL", "hi_IN", "pt_BR", "nl_NL"]
)
@pytest.mark.parametrize("typed", ["1e5", "1_0", "NaN", "inf", "+5", "٣", "5.", "5,", ".5", ",5", "1e", "0x1"])
def test_no_country_writes_amounts_as_programs_do(identifier, typed):
    assert Locale.of(identifier, BERLIN).cents_in(typed) is None


@pytest.mark.parametrize("identifier", ["fr_FR", "sv_SE", "pl_PL"])
def test_a_point_is_no_decimal_mark_where_groups_are_spaces(identifier):
    assert Locale.of(identifier, BERLIN).cents_in("12.50") is None
    assert Locale.of(identifier, BERLIN).cents_in("12.345") is None


@pytest.mark.parametrize(("typed", "cents"), [("12,34,567.50", 123_456_750), ("1,234,567.50", None)])
def test_groups_are_where_the_country_has_them(typed, cents):
    assert Locale.of("en_IN", BERLIN).cents_in(typed) == cents


@pytest.mark.parametrize(("identifier", "typed"), [("fr", "1 234,50"), ("de_CH", "1'234.50"), ("sv", "1\u00a0234,50")])
def test_any_space_and_any_apostrophe_will_do_between_groups(identifier, typed):
    assert Locale.of(identifier, BERLIN).cents(typed) == 123_450


def test_the_sign_of_another_currency_is_refused():
    assert BRITISH.cents("$5", currency="USD") == 500
    assert BRITISH.cents("5 USD", currency="USD") == 500
    with pytest.raises(ValueError, match=r"is not an amount. Write it like"):
        BRITISH.cents("€5", currency="USD")
    with pytest.raises(ValueError, match=r"is not an amount. Write it like"):
        BRITISH.cents("5 EUR", currency="USD")


@pytest.mark.parametrize("typed", ["", "INV-1", "1.234,50", "12,34", "1,23", "1.234", ".", "-", "9" * 11])
def test_a_search_may_be_for_something_else(typed):
    assert BRITISH.cents_in(typed) is None
    assert BRITISH.cents_in("1,234.50") == 123_450


@given(st.sampled_from(sorted(locale_identifiers())), st.integers(-LARGEST_CENTS, LARGEST_CENTS))
def test_an_amount_as_shown_is_read_back_in_every_locale(identifier, cents):
    locale = Locale.of(identifier, BERLIN)

    assert locale.cents(locale.money(cents)) == cents
