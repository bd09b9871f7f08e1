"""Headings, names of tabs and types are taken apart into words that mean something."""

import pytest

from app.workbook.meaning.vocabulary import words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("DueDate", "due date"),
        ("FooBarÉtat", "foo bar etat"),
        ("Échéance:", "echeance"),
        ("INV#", "inv number"),
        ("№ 5", "number 5"),
        ("straße ØÆŁ", "strasse oael"),
        ("a_b-c.d", "a b c d"),
        ("  A  b ", "a b"),
        ("", ""),
    ],
)
def test_words_are_compared_without_case_accents_and_signs(text, folded):
    assert words.folded(text) == folded


@pytest.mark.parametrize(
    ("text", "meanings", "unknown"),
    [
        ("Rechnungsbetrag", {"invoice", "amount"}, ()),
        ("Fakturabeløp", {"invoice", "amount"}, ()),
        ("forfaldsdato", {"due_day"}, ()),
        ("Zahlungseingangsdatum", {"paid", "day"}, ()),
        ("kundennr", {"customer", "number"}, ()),
        ("Rechnungs", {"invoice"}, ()),
        ("unreceived", {"paid", "not"}, ()),
        ("onbetaald", {"paid", "not"}, ()),
        ("niezapłacone", {"paid", "not"}, ()),
        ("No pagado", {"paid", "not"}, ()),
        ("Paid no", {"paid", "number"}, ()),
        ("Invoice No", {"invoice", "number"}, ()),
        ("inte betald", {"open"}, ()),
        ("not paid", {"open"}, ()),
        ("to be paid", {"open"}, ()),
        ("Ammount", {"amount"}, ("ammount",)),
        ("Amont", set(), ("amont",)),
        ("interest", set(), ("interest",)),
        ("Invoice qwertz", {"invoice"}, ("qwertz",)),
        ("Invoice 2026", {"invoice"}, ()),
        ("qwertz asdfgh", set(), ("qwertz", "asdfgh")),
        ("", set(), ()),
    ],
)
def test_a_heading_is_understood_word_by_word(text, meanings, unknown):
    found = words.heading_words(text)

    assert (set(found.meanings) - {"small"}, found.unknown) == (meanings, unknown)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Credit note", {"credit_note"}),
        ("Credit notes of invoices", {"credit_note"}),
        ("Pro forma invoice", {"pro_forma"}),
        ("Purchase invoice", {"purchase"}),
        ("Invoice estimate", {"estimate"}),
        ("Order of invoice", {"order"}),
        ("Refund payment", {"refund"}),
        ("Payments", {"payment"}),
        ("Invoices", {"invoice"}),
        ("Invoices and payments", {"invoice", "payment"}),
        ("Inovices", set()),
        ("2026", set()),
    ],
)
def test_a_name_says_what_documents_there_are(text, kinds):
    assert words.documents(text) == kinds


@pytest.mark.parametrize(
    ("text", "is_share", "counts"),
    [
        ("Rate", True, True),
        ("10 %", True, True),
        ("Pct paid", True, True),
        ("Quantity", False, True),
        ("Days", False, True),
        ("Amount", False, False),
    ],
)
def test_a_heading_may_count_something_else_than_money(text, is_share, counts):
    assert (words.is_share(text), words.counts_something_else(text)) == (is_share, counts)


@pytest.mark.parametrize(("text", "expected"), [("Foo amount", True), ("Rechnungsbetrag", False), ("", False)])
def test_a_known_word_is_found_quickly(text, expected):
    assert words.has_known_word(text) is expected
