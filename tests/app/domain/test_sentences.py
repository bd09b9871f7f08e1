from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.domain.sentences import (
    amount_text,
    count_text,
    counted,
    first_of,
    first_phrases_of,
    localized,
    number_text,
    plain,
)
from app.web.http.locales import Locale

BERLIN = ZoneInfo("Europe/Berlin")


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

    assert localized(sentence, Locale.of(identifier, BERLIN).decimal_number) == expected


def test_a_number_keeps_the_decimals_that_it_has() -> None:
    assert localized(number_text(Decimal("-0.125")), Locale.of("de_DE", BERLIN).decimal_number) == "-0,125"


def test_what_a_cell_says_is_not_taken_for_a_number_of_ours() -> None:
    assert localized("says '1,234.50'", Locale.of("de_DE", BERLIN).decimal_number) == "says '1,234.50'"


def test_one_thing_and_several_have_their_own_words() -> None:
    assert (counted(1, "row says", "rows say"), counted(2, "row says", "rows say")) == ("1 row says", "2 rows say")


def test_a_small_count_is_the_same_text_everywhere() -> None:
    assert count_text(999) == "999"


def test_of_many_texts_the_first_are_shown_and_the_rest_counted():
    assert first_of(["A1", "A2", "A3"], most=2) == "A1, A2 and 1 more"


@pytest.mark.parametrize(
    "text", ["\u2068,\u2069", "\u2068" + "9" * 5_000 + "\u2069", "\u2068١\u2069", "\u20681,2\u2069"]
)
def test_what_is_not_exactly_a_number_of_ours_stays_as_it_is(text):
    assert localized(text, Locale.of("de_DE", BERLIN).decimal_number) == text


def test_up_to_five_things_are_named_and_the_others_counted() -> None:
    assert first_of(["a", "b", "c", "d", "e"]) == "a, b, c, d, e"
    assert plain(first_of(["a", "b", "c", "d", "e", "f"])) == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize(
    ("phrases", "text"),
    [(["1 in A, B"], "1 in A, B"), (["a", "b"], "a; b"), (["a", "b", "c", "d"], "a; b; and 2 more")],
)
def test_phrases_are_parted_by_semicolons_and_the_rest_is_counted(phrases: list[str], text: str) -> None:
    assert first_phrases_of(phrases, most=2) == text
