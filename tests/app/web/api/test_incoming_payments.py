"""Incoming payments as programs bring them in."""

import pytest
from support.records import a_customer, a_payment, an_invoice

from app.domain.permissions import Scope
from app.store.db import tables

PAID = {
    "provider": "stripe",
    "provider_payment_id": "pi_1",
    "amount_cents": 60_00,
    "currency": "USD",
    "paid_on": "2026-03-01",
    "reference": "Invoice C1-1 Acme",
    "payer": "Acme Ltd",
    "method": "Card",
}


def paid(**values):
    return {**PAID, **values}


def test_a_payment_that_names_its_invoice_is_recorded(program, ledger):
    answer = program.send("/incoming-payments", PAID)

    assert answer.status_int == 201
    assert answer.json == {
        **PAID,
        "id": 1,
        "state": "recorded",
        "sentence": "It is recorded for invoice C1-1.",
        "payment_ids": [3],
        "invoice_number": "C1-1",
        "received_at": "2026-03-02T09:30:00Z",
    }
    payment = program.ask("/payments/3").json
    assert (payment["amount_cents"], payment["method"], payment["reference"]) == (60_00, "Card", "Invoice C1-1 Acme")


def test_what_names_no_invoice_is_a_question(program, ledger):
    answer = program.send("/incoming-payments", paid(reference="Thank you"))

    assert (answer.status_int, answer.json["state"], answer.json["payment_ids"], answer.json["invoice_number"]) == (
        201,
        "question",
        [],
        None,
    )
    assert answer.json["sentence"] == "Its reference holds no invoice number that is known here."


def test_the_same_under_another_key_answers_the_same_and_writes_nothing(program, ledger, clock):
    first = program.send("/incoming-payments", PAID)
    clock.advance(days=60)

    again = program.send("/incoming-payments", PAID)

    assert again.json == first.json
    assert tables.PaymentModel.select().count() == 3


@pytest.mark.parametrize("changed", [{"amount_cents": 60_01}, {"currency": "EUR"}])
def test_the_same_id_with_another_amount_or_currency_is_refused(program, ledger, changed):
    program.send("/incoming-payments", PAID)

    answer = program.send("/incoming-payments", paid(**changed))

    assert answer.status_int == 409
    assert answer.json["errors"] == [
        {
            "field": "provider_payment_id",
            "sentence": "stripe sent pi_1 before, of 60.00 USD: nothing was changed.",
        }
    ]
    assert program.ask("/incoming-payments/1").json["amount_cents"] == 60_00


def test_a_payment_that_was_typed_in_already_is_a_question(program, ledger):
    a_payment(tables.InvoiceModel.get_by_id(1), 30_00, paid_on="2026-03-01", reference="Invoice C1-1 Acme")

    answer = program.send("/incoming-payments", paid(amount_cents=30_00))

    assert answer.json["state"] == "question"
    assert answer.json["sentence"] == (
        "A payment of 30.00 USD of the same day and with the same reference is recorded already, for C1-1: is this the "
        "same payment? If it is not, record it all the same."
    )


def test_texts_are_kept_in_one_line_whatever_a_provider_sends(program, ledger):
    answer = program.send("/incoming-payments", paid(reference=" Thank\r\n\tyou\u0000 ", payer="\u2068Acme\u2069"))

    assert (answer.json["reference"], answer.json["payer"]) == ("Thank you", "Acme")


def test_voiding_what_it_became_makes_it_a_question_again(program, ledger):
    program.send("/incoming-payments", PAID)
    program.send("/payments/3/void", {"reason": "Wrong invoice"})

    answer = program.ask("/incoming-payments/1").json

    assert (answer["state"], answer["payment_ids"]) == ("question", [])
    assert answer["sentence"] == "What it was recorded as was voided: Wrong invoice"


def test_they_are_listed_by_state(program, ledger):
    program.send("/incoming-payments", PAID)
    program.send("/incoming-payments", paid(provider_payment_id="pi_2", reference=""))

    assert [one["id"] for one in program.ask("/incoming-payments").json["data"]] == [1, 2]
    assert [one["id"] for one in program.ask("/incoming-payments?state=question").json["data"]] == [2]


def test_with_a_scope_only_what_is_recorded_within_it_is_seen(program, program_of, user, ledger):
    an_invoice("B", a_customer("C3", "Customer C3"), ledger="2025")
    an_invoice("D", tables.CustomerModel.get_by_id(2), ledger="2026")
    program.send("/incoming-payments", PAID)
    program.send("/incoming-payments", paid(provider_payment_id="pi_2", reference="C2-1"))
    program.send("/incoming-payments", paid(provider_payment_id="pi_3", reference=""))
    program.send("/incoming-payments", paid(provider_payment_id="pi_4", reference="B, D", amount_cents=200_00))

    assert program.ask("/incoming-payments/4").json["state"] == "recorded"
    scoped = program_of(user, narrowed_to=Scope(ledgers=frozenset({"2025"})))

    assert [one["id"] for one in scoped.ask("/incoming-payments").json["data"]] == [1]
    assert scoped.ask("/incoming-payments/2").status_int == 404
    assert scoped.ask("/incoming-payments/3").status_int == 404
    assert scoped.ask("/incoming-payments/4").status_int == 404
