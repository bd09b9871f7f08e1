"""Payments as programs record them."""

from app.store.db import tables

RECEIPT = {"paid_on": "2026-03-01", "amounts": [{"invoice_id": 1, "amount_cents": 60_00}], "method": "Transfer"}


def receipt(*cents, **more):
    amounts = [{"invoice_id": number, "amount_cents": one} for number, one in enumerate(cents, start=1)]
    return {**RECEIPT, "amounts": amounts, **more}


def test_a_receipt_is_recorded(program, ledger):
    answer = program.send("/payments", RECEIPT)

    assert answer.status_int == 201
    assert answer.headers["Location"] == "/api/v1/payments/3"
    assert answer.json["data"] == [program.ask("/payments/3").json]
    assert program.ask("/invoices/1").json["status"] == "paid"


def test_a_receipt_for_several_invoices_is_recorded_at_once(program, ledger):
    answer = program.send("/payments", receipt(10_00, 20_00))

    assert [one["amount_cents"] for one in answer.json["data"]] == [10_00, 20_00]


def test_a_receipt_counts_once_even_when_its_key_is_forgotten(program, ledger, clock):
    program.send("/payments", RECEIPT, key="k")
    clock.advance(hours=25)

    again = program.send("/payments", RECEIPT, key="k")

    assert again.status_int == 201
    assert tables.PaymentModel.select().count() == 3


def test_more_than_is_open_is_refused_unless_it_is_to_be_kept(program, ledger):
    answer = program.send("/payments", receipt(60_01))

    assert answer.status_int == 409
    assert answer.json["errors"] == [
        {
            "field": "amounts.0.amount_cents",
            "sentence": "Only 60.00 is open. Correct the amount, or keep the extra 0.01 as credit. "
            "Send keep_credit as true to go on.",
        }
    ]
    assert program.send("/payments", receipt(60_01, keep_credit=True)).status_int == 201


def test_the_same_receipt_under_another_key_is_refused_unless_it_is_another(program, ledger):
    program.send("/payments", receipt(10_00))

    answer = program.send("/payments", receipt(10_00))

    assert answer.status_int == 409
    assert answer.json["errors"] == [
        {
            "field": "amounts",
            "sentence": "A payment of 10.00 USD of the same day and with the same reference is recorded already, for "
            "C1-1: is this the same payment? If it is not, record it all the same. "
            "Send repeat_payment as true to go on.",
        }
    ]
    assert program.send("/payments", receipt(10_00, repeat_payment=True)).status_int == 201


def test_a_day_of_another_age_is_refused_at_its_field(program, ledger):
    answer = program.send("/payments", {**RECEIPT, "paid_on": "1900-01-01"})

    assert (answer.status_int, answer.json["errors"][0]["field"]) == (409, "paid_on")


def test_a_refund_is_negative(program, ledger):
    assert program.send("/payments", receipt(-40_00)).status_int == 201
    assert program.ask("/invoices/1").json["paid_cents"] == 0


def test_money_that_comes_and_goes_at_once_is_no_receipt(program, ledger):
    answer = program.send("/payments", receipt(10_00, -10_00))

    assert answer.status_int == 409
    assert tables.PaymentModel.select().count() == 2


def test_a_day_that_is_still_to_come_is_refused(program, ledger):
    answer = program.send("/payments", {**RECEIPT, "paid_on": "2026-03-03"})

    assert (answer.status_int, answer.json["detail"]) == (
        409,
        "The day lies in the future: record money when it has come in.",
    )


def test_a_payment_for_an_invoice_that_there_is_not_is_refused(program):
    assert program.send("/payments", RECEIPT).status_int == 404


def test_voiding_lets_all_that_was_recorded_at_once_no_longer_count(program, ledger):
    program.send("/payments", receipt(10_00, 20_00))

    answer = program.send("/payments/3/void", {"reason": "Twice"})

    assert [(one["id"], one["void_reason"]) for one in answer.json["data"]] == [(3, "Twice"), (4, "Twice")]
    assert program.ask("/invoices/2").json["paid_cents"] == 40_00


def test_voided_payments_are_listed_only_when_asked_for(program, ledger):
    program.send("/payments/1/void", {"reason": "Twice"})

    assert [one["id"] for one in program.ask("/payments").json["data"]] == [2]
    assert [one["id"] for one in program.ask("/payments?voided=true").json["data"]] == [1, 2]


def test_payments_are_found_by_their_invoice(program, ledger):
    assert [one["id"] for one in program.ask("/payments?invoice_id=2").json["data"]] == [2]


def test_payments_come_in_pages(program, ledger):
    first = program.ask("/payments?limit=1")

    assert [one["id"] for one in program.get(first.json["next"]).json["data"]] == [2]
