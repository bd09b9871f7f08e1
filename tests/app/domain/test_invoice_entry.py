"""What is entered of an invoice: what can never be right is refused, what seldom is right is asked about."""

from dataclasses import replace
from datetime import date

import pytest
from support.records import invoice_facts

from app.domain.invoice_entry import InvoiceRefusal, LedgerFacts, questions, refusals
from app.domain.sentences import day_text, plain

TODAY = date(2026, 3, 2)
STORED = invoice_facts(total_cents=100_00)
LEDGER = LedgerFacts(currencies=["USD"], others_with_number=[])


def asked(facts, before=None, paid_cents=0, ledger=LEDGER):
    return [(one.confirmation, one.field) for one in questions(facts, before, paid_cents, ledger, TODAY)]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (
            {"issued_on": date(1900, 1, 1)},
            InvoiceRefusal(
                f"{day_text(date(1900, 1, 1))} is too far from today to be right: correct the day.", "issued_on"
            ),
        ),
        (
            {"due_on": date(2199, 1, 1)},
            InvoiceRefusal(
                f"{day_text(date(2199, 1, 1))} is too far from today to be right: correct the day.", "due_on"
            ),
        ),
        ({"due_on": date(2025, 12, 31)}, InvoiceRefusal("It cannot be due before it is issued.", "due_on")),
        (
            {"total_cents": 0},
            InvoiceRefusal("Nothing is owed on a total of zero: write the total of the invoice.", "total_cents"),
        ),
        ({"currency": "XYZ"}, InvoiceRefusal("There is no currency XYZ: write its code, such as USD.", "currency")),
    ],
)
def test_what_can_never_be_right_is_refused(said, refusal):
    assert list(refusals(replace(STORED, **said), None, LEDGER, {"USD", "EUR"})) == [refusal]


def test_all_that_can_never_be_right_is_said_at_once():
    found = refusals(replace(STORED, total_cents=0, currency="XYZ"), None, LEDGER, {"USD"})

    assert [refusal.field for refusal in found] == ["total_cents", "currency"]


def test_what_stands_in_an_imported_invoice_already_is_not_refused_when_it_is_edited():
    imported = replace(STORED, total_cents=0, currency="XYZ", issued_on=date(1900, 1, 1))

    assert list(refusals(replace(imported, notes="called"), imported, LEDGER, {"USD"})) == []


def test_a_currency_that_the_ledger_has_is_one_whoever_knows_it():
    ledger = LedgerFacts(currencies=["XYZ"], others_with_number=[])

    assert list(refusals(replace(STORED, currency="XYZ"), None, ledger, {"USD"})) == []


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ({"currency": "EUR"}, ("new_currency", "currency")),
        ({"total_cents": -1}, ("credit_note", "total_cents")),
        ({"issued_on": date(2026, 4, 3)}, ("far_ahead", "issued_on")),
    ],
)
def test_what_is_seldom_right_is_asked_about(said, question):
    assert asked(replace(STORED, **said)) == [question]


def test_a_number_of_another_customer_is_asked_about_with_the_names():
    ledger = LedgerFacts(currencies=["USD"], others_with_number=["Acme", "Bolt", "Cork", "Dart"])

    (question,) = questions(STORED, None, 0, ledger, TODAY)

    assert question.sentence == (
        "This number is used by Acme, Bolt, Cork and 1 more too: correct it, or use it all the same."
    )


def test_the_first_invoice_may_be_in_any_currency():
    assert asked(replace(STORED, currency="EUR"), ledger=LedgerFacts([], [])) == []


def test_what_an_edit_leaves_as_it_was_is_not_asked_about():
    doubtful = replace(STORED, currency="EUR", total_cents=-5_00, issued_on=date(2027, 1, 1))
    ledger = LedgerFacts(currencies=["USD"], others_with_number=["Acme"])

    assert asked(replace(doubtful, notes="called"), doubtful, -5_00, ledger) == []


@pytest.mark.parametrize(
    ("total_cents", "paid_cents", "found"),
    [
        (40_00, 40_00, []),
        (39_99, 40_00, [("keep_credit", "total_cents")]),
        (50_00, 0, []),
        (120_00, 130_00, []),
        (-1, 40_00, [("credit_note", "total_cents"), ("keep_credit", "total_cents")]),
    ],
)
def test_a_total_that_is_lowered_below_what_was_paid_is_asked_about(total_cents, paid_cents, found):
    assert asked(replace(STORED, total_cents=total_cents), STORED, paid_cents) == found


def test_what_becomes_credit_is_said():
    (question,) = questions(replace(STORED, total_cents=30_00), STORED, 40_00, LEDGER, TODAY)

    assert plain(question.sentence) == (
        "40.00 USD was paid for it: correct the total, or let the extra 10.00 become credit."
    )
