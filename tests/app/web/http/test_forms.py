"""What is typed becomes a value, or a sentence beside the field."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ageing import Bucket
from app.web.http.forms import Form, local_path
from app.web.http.locales import Locale

TODAY = date(2026, 3, 2)
GERMAN = Locale.of("de", ZoneInfo("UTC"))


def test_a_day_is_read():
    fields = Form({"as_of": " 2026-01-31 "})

    assert fields.day("as_of", TODAY) == date(2026, 1, 31)
    assert fields.errors == {}


@pytest.mark.parametrize(
    "typed", ["31.12.2025", "2026-02-30", "yesterday", "0001-01-01", "9999-12-31", "2026-02-30'--"]
)
def test_a_day_that_cannot_be_read_leaves_a_sentence_and_what_was_typed(typed):
    fields = Form({"as_of": typed})

    assert fields.day("as_of", TODAY) == TODAY
    assert fields.errors["as_of"].endswith(".")
    assert fields.typed["as_of"] == typed


def test_an_empty_field_is_its_default():
    fields = Form({"as_of": ""})

    assert fields.day("as_of", TODAY) == TODAY
    assert fields.whole_number("page", 1, most=9) == 1
    assert fields.choice("bucket", Bucket) is None
    assert fields.text("q") == ""
    assert fields.errors == {}


@pytest.mark.parametrize("typed", ["0", "10", "-1", "1.5", "x", "²", "9" * 40])
def test_a_number_out_of_range_leaves_a_sentence(typed):
    fields = Form({"page": typed})

    assert fields.whole_number("page", 1, most=9) == 1
    assert fields.errors == {"page": "Please write a whole number from 1 to 9."}


def test_a_choice_that_there_is_not_leaves_a_sentence():
    fields = Form({"bucket": "31-61"})

    assert fields.choice("bucket", Bucket) is None
    assert fields.errors == {"bucket": "Please choose one of the list."}


def test_a_required_text_is_asked_for():
    fields = Form({"name": "  "})

    fields.text("name", required=True)

    assert fields.errors == {"name": "Please fill this in."}


def test_a_text_that_is_too_long_leaves_a_sentence():
    fields = Form({"q": "x" * 201})

    assert len(fields.text("q")) == 200
    assert fields.errors == {"q": "Please use at most 200 characters."}


def test_a_text_keeps_its_lines_only_where_it_may_have_several():
    fields = Form({"notes": "one\r\ntwo"})

    assert fields.text("notes", lines=True) == "one\ntwo"
    assert fields.text("notes") == "one two"


def test_an_amount_is_read_as_the_reader_writes_it():
    fields = Form({"amount": "1.234,50", "other": "", "wrong": "1,234.50", "none": "0"})

    assert fields.amount("amount", GERMAN) == 123_450
    assert fields.amount("other", GERMAN) is None
    assert fields.errors == {}
    assert fields.amount("other", GERMAN, required=True) is None
    assert fields.amount("wrong", GERMAN) is None
    assert fields.amount("none", GERMAN, least=1) is None
    assert fields.errors == {
        "other": "Please fill this in.",
        "wrong": "“1,234.50” is not an amount. Write it like 1.234,50.",
        "none": "Please write an amount of at least 0,01.",
    }
    assert fields.typed["wrong"] == "1,234.50"


def test_a_day_may_be_left_out():
    fields = Form({"paid_on": "2026-01-31", "due_on": "31.1.2026", "empty": ""})

    assert fields.optional_day("paid_on") == date(2026, 1, 31)
    assert fields.optional_day("empty") is None
    assert fields.optional_day("due_on") is None
    assert fields.errors == {"due_on": "“31.1.2026” is not a day; please write it like 2026-12-31."}
    assert fields.optional_day("empty", required=True) is None
    assert fields.errors["empty"] == "Please choose a day."


def test_a_box_is_ticked_or_not():
    fields = Form({"draft": "yes"})

    assert fields.checked("draft") is True
    assert fields.checked("disputed") is False


def test_control_characters_are_dropped():
    assert Form({"q": "a\x00b\x1b\ufffe\uffff"}).text("q") == "ab"


@pytest.mark.parametrize("path", ["/", "/invoices?q=a%2Fb&page=2", "/imports/3#row"])
def test_a_path_of_ours_is_kept(path):
    assert local_path(path) == path


@given(st.text(alphabet="/\\.:@ethvilx\t\n\r\x00 ", max_size=12))
def test_a_path_never_names_another_site(text):
    path = local_path(text)

    assert path.startswith("/")
    assert path[1:2] not in {"/", "\\", "\t", "\n", "\r"}


def test_the_signs_that_mark_numbers_in_sentences_cannot_be_typed():
    assert Form({"name": "\u2068Acme\u2069"}).text("name") == "Acme"
