"""An incoming payment is recorded only where it is certain which invoices it pays; all else is a question."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import invoice_facts

from app.domain.incoming_payment import IncomingFacts, match
from app.domain.incoming_payment_reference import places, possible_keys
from app.domain.sentences import plain

TODAY = date(2026, 3, 2)
THEN = datetime(2026, 2, 1, tzinfo=UTC)


def incoming(amount_cents=100_00, reference="", **values):
    facts = {"provider": "stripe", "provider_payment_id": "p", "currency": "USD", "paid_on": TODAY}
    return IncomingFacts(amount_cents=amount_cents, reference=reference, **(facts | values))


def ledger(*numbers, paid=0, **values):
    """Invoices of 100.00 each with the ids 1, 2, …, by normalised number."""
    owed = {}
    for place, number in enumerate(numbers, start=1):
        invoice = invoice_facts(id=place, number=number, **values)
        owed.setdefault(number.casefold(), []).append((invoice, paid))
    return owed


def matched(reference, *numbers, amount_cents=100_00, **values):
    return match(incoming(amount_cents), reference.casefold(), ledger(*numbers, **values), TODAY)


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("INV-0042", "INV-0042"),
        ("Invoice INV-0042 Acme", "INV-0042"),
        ("inv-0042", "INV-0042"),
        ("Acme (INV-0042), thanks!", "INV-0042"),
        ("INV 2026 0042", "INV 2026 0042"),
        ("Rechnung: 1001.", "1001"),
        ("RE-1001", "1001"),
        ("invoice#1001", "1001"),
        ("2026/0042", "2026/0042"),
    ],
)
@pytest.mark.parametrize("amount_cents", [100_00, 30_00])
def test_a_number_that_stands_whole_in_the_reference_is_paid_in_full_or_in_part(reference, number, amount_cents):
    assert matched(reference, number, amount_cents=amount_cents).amounts == {1: amount_cents}


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("INV-00421", "INV-0042"),
        ("INV-0042-1", "INV-0042"),
        ("XINV-0042", "INV-0042"),
        ("INV-10010", "1001"),
        ("ORD-1001", "1001"),
        ("1001.50", "1001"),
        ("1001,50", "1001"),
        ("2026-1001", "1001"),
        ("1001/2026", "1001"),
        ("DE89370400440532013000", "1001"),
    ],
)
def test_a_part_of_a_longer_number_is_no_number(reference, number):
    assert matched(reference, number).question == "Its reference holds no invoice number that is known here."


@pytest.mark.parametrize(
    ("reference", "number"),
    [("INV-42", "INV-0042"), ("INV 0042", "INV-0042"), ("INV0042", "INV-0042"), ("Acme 1001", "1001")],
)
def test_a_number_that_is_written_otherwise_counts_only_with_the_amount_to_the_cent(reference, number):
    assert matched(reference, number).amounts == {1: 100_00}
    assert plain(matched(reference, number, amount_cents=99_99).question) == (
        f"It may be for invoice {number}, but 100.00 USD is open there, not 99.99."
    )


@pytest.mark.parametrize(
    "reference", ["1001 1002", "invoices 1001, 1002", "1001,1002", "1001/1002", "1001+1002", "Invoice 1001 and 1002"]
)
def test_several_numbers_are_paid_together_where_the_amount_is_what_is_open_on_them(reference):
    assert matched(reference, "1001", "1002", amount_cents=200_00).amounts == {1: 100_00, 2: 100_00}


def test_several_numbers_with_another_amount_are_a_question():
    assert plain(matched("1001 1002", "1001", "1002", amount_cents=150_00).question) == (
        "It names invoices 1001, 1002, on which 200.00 USD is open together, not 150.00."
    )


@pytest.mark.parametrize(
    ("values", "question"),
    [
        ({"voided_at": THEN}, "Invoice 1001 is void."),
        ({"written_off_at": THEN}, "Invoice 1001 is written off."),
        ({"currency": "EUR"}, "Invoice 1001 is in EUR, and this is in USD."),
        ({"paid": 100_00}, "Nothing is open on invoice 1001: it may have been paid twice."),
        ({"disputed": True}, "Invoice 1001 is disputed: say what the money is for."),
        ({"paid": 40_00}, "It is more than is open on invoice 1001: 60.00 USD."),
        ({"draft": True}, "Its reference holds no invoice number that is known here."),
    ],
)
def test_an_invoice_that_cannot_take_the_money_is_a_question(values, question):
    assert plain(matched("Invoice 1001", "1001", **values).question) == question


@pytest.mark.parametrize(
    ("numbers", "question"),
    [
        (("1001", "1001"), "2 invoices have the number 1001: say which of them is meant."),
        (("1001", "01001"), "More than one invoice could be meant: 1001, 01001."),
    ],
)
def test_a_number_by_which_two_invoices_could_be_meant_is_a_question(numbers, question):
    assert matched("Invoice 1001", *numbers).question == question


@pytest.mark.parametrize(
    ("values", "question"),
    [
        ({"amount_cents": -1}, "Money was given back or charged back: say which invoice it was paid for."),
        ({"amount_cents": 0}, "Its amount is zero."),
        ({"paid_on": date(2026, 3, 3)}, "Its day lies in the future: see that the money has come in."),
        ({"paid_on": date(1949, 1, 1)}, "1949-01-01 is too far from today to be right: correct the day."),
    ],
)
def test_what_cannot_be_a_payment_of_today_is_a_question(values, question):
    found = match(incoming(reference="1001", **values), "1001", ledger("1001"), TODAY)

    assert plain(found.question) == question


def test_without_a_reference_it_is_a_question_whatever_is_open():
    assert matched("", "1001").question == "It came without a reference that could name an invoice."


@given(
    st.text(alphabet="inv 01-/,.#x", max_size=30),
    st.lists(st.text(alphabet="inv01-", min_size=1, max_size=6), max_size=4, unique=True),
    st.integers(-5, 250_00),
)
def test_what_is_recorded_is_the_whole_amount_and_never_more_than_is_open(reference, numbers, cents):
    found = match(incoming(cents), " ".join(reference.split()), ledger(*numbers), TODAY)

    assert bool(found.amounts) != bool(found.question)
    assert sum(found.amounts.values()) in {0, cents}
    assert all(0 < placed <= 100_00 for placed in found.amounts.values())


@given(st.text(alphabet="0123456789", min_size=1, max_size=8), st.text(alphabet="0123456789", min_size=1, max_size=8))
def test_digits_before_or_after_a_number_make_it_another(number, more):
    digits = f"{number}{more}"
    if digits.lstrip("0") == number.lstrip("0"):  # the same with more zeros before it
        return
    assert places(f"invoice {digits}", {number}) == []
    assert digits in possible_keys(f"invoice {digits}")
