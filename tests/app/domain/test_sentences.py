from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.domain.sentences import (
    amount_text,
    count_text,
    counted,
    day_text,
    first_of,
    first_phrases_of,
    localized,
    money_text,
    number_text,
    plain,
)
from app.web.http.locales import Locale

BERLIN = ZoneInfo("Europe/Berlin")


def as_read_by(identifier, sentence):
    locale = Locale.of(identifier, BERLIN)
    return localized(sentence, locale.decimal_number, locale.day)


def test_an_amount_in_a_sentence_is_written_as_programs_expect_it() -> None:
    assert plain(f"says {amount_text(-123_450)} is open") == "says -1,234.50 is open"


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("en_GB", "-1,234.50 of 1,234,567.00 in 1,200 rows"),
        ("de_DE", "-1.234,50 of 1.234.567,00 in 1.200 rows"),
        ("fr_FR", "-1\u00a0234,50 of 1\u00a0234\u00a0567,00 in 1\u00a0200 rows"),
        ("en_IN", "-1,234.50 of 12,34,567.00 in 1,200 rows"),
        ("sv_SE", "\u22121\u00a0234,50 of 1\u00a0234\u00a0567,00 in 1\u00a0200 rows"),
    ],
)
def test_each_reader_sees_the_numbers_of_a_sentence_as_they_write_them(identifier: str, expected: str) -> None:
    sentence = f"{amount_text(-123_450)} of {amount_text(123_456_700)} in {counted(1_200, 'row', 'rows')}"

    assert as_read_by(identifier, sentence) == expected


def test_a_number_keeps_the_decimals_that_it_has() -> None:
    assert as_read_by("de_DE", number_text(Decimal("-0.125"))) == "-0,125"


@pytest.mark.parametrize(
    ("number", "shown"), [("2.500", "2.50"), ("2500", "2,500.00"), ("2.125", "2.125"), ("0.10", "0.10")]
)
def test_a_reading_of_an_amount_shows_at_least_two_decimals(number, shown):
    assert plain(money_text(Decimal(number))) == shown


@pytest.mark.parametrize(
    ("identifier", "expected"), [("en_GB", "on 1 Feb 2026"), ("en_US", "on Feb 1, 2026"), ("de_DE", "on 01.02.2026")]
)
def test_each_reader_sees_the_days_of_a_sentence_as_they_write_them(identifier, expected):
    assert as_read_by(identifier, f"on {day_text(date(2026, 2, 1))}") == expected


def test_a_day_in_a_sentence_is_written_as_programs_expect_it():
    assert plain(f"on {day_text(date(2026, 2, 1))}") == "on 2026-02-01"


def test_what_a_cell_says_is_not_taken_for_a_number_of_ours() -> None:
    assert as_read_by("de_DE", "says '1,234.50'") == "says '1,234.50'"


def test_one_thing_and_several_have_their_own_words() -> None:
    assert (counted(1, "row says", "rows say"), counted(2, "row says", "rows say")) == ("1 row says", "2 rows say")


def test_a_small_count_is_the_same_text_everywhere() -> None:
    assert count_text(999) == "999"


def test_of_many_texts_the_first_are_shown_and_the_rest_counted():
    assert first_of(["A1", "A2", "A3"], most=2) == "A1, A2 and 1 more"


@pytest.mark.parametrize(
    "text",
    ["\u2068,\u2069", "\u2068" + "9" * 5_000 + "\u2069", "\u2068١\u2069", "\u20681,2\u2069", "\u20682026-19-39\u2069"],
)
def test_what_is_not_exactly_a_number_of_ours_stays_as_it_is(text):
    assert as_read_by("de_DE", text) == text


def test_up_to_five_things_are_named_and_the_others_counted() -> None:
    assert first_of(["a", "b", "c", "d", "e"]) == "a, b, c, d, e"
    assert plain(first_of(["a", "b", "c", "d", "e", "f"])) == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize(
    ("phrases", "text"),
    [(["1 in A, B"], "1 in A, B"), (["a", "b"], "a; b"), (["a", "b", "c", "d"], "a; b; and 2 more")],
)
def test_phrases_are_parted_by_semicolons_and_the_rest_is_counted(phrases: list[str], text: str) -> None:
    assert first_phrases_of(phrases, most=2) == text
