"""Incoming payments are recorded once, however often and at whatever moment they come, and answered once."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from support.at_once import all_at_once
from support.records import a_customer, a_user, an_invoice

from app.actions import incoming_payments, payments
from app.actions.incoming_payments import IncomingConflictError, IncomingRefusedError
from app.domain.confirmation import Confirmation
from app.domain.incoming_payment import IncomingFacts, IncomingState
from app.domain.sentences import plain
from app.store.access import audit_entries
from app.store.db import tables
from app.store.ledger import bulk
from app.store.ledger.incoming_payments import received
from app.store.ledger.incoming_payments.suggestions import suggestions

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FACTS = IncomingFacts(
    provider="stripe",
    provider_payment_id="pi_1",
    amount_cents=100_00,
    currency="USD",
    paid_on=TODAY,
    reference="Invoice 1001",
)
UNNAMED = replace(FACTS, reference="Thank you")
KILLED = """
import os, signal
from datetime import UTC, date, datetime
from app.actions import incoming_payments
from app.domain.incoming_payment import IncomingFacts
from app.store.access import users
from app.store.db import database
from app.store.ledger.incoming_payments import received

database.open_database({url!r})
received.record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with database.connection():
    facts = IncomingFacts(provider="stripe", provider_payment_id="pi_1", amount_cents=100_00, currency="USD",
                          paid_on=date(2026, 3, 2), reference="Invoice 1001")
    incoming_payments.receive(facts, users.get(1), datetime(2026, 3, 2, 9, 30, tzinfo=UTC), date(2026, 3, 2))
"""


@pytest.fixture
def ann(database):
    return a_user()


@pytest.fixture
def receive(ann):
    def receive_it(facts=FACTS):
        return incoming_payments.receive(facts, ann, NOW, TODAY)

    return receive_it


@pytest.fixture
def place(ann):
    def placed(incoming, amounts, *confirmed):
        by_id = {invoice.id: cents for invoice, cents in amounts.items()}
        return incoming_payments.place(incoming.id, by_id, ann, NOW, TODAY, confirmed)

    return placed


def paid(invoice):
    return tables.InvoiceModel.get_by_id(invoice.id).paid_cents


def test_the_same_payment_is_recorded_once(receive):
    invoice = an_invoice("1001")

    first, again = receive(), receive()

    assert (paid(invoice), again) == (100_00, first)


def test_the_same_payment_at_once_is_recorded_once(receive):
    invoice = an_invoice("1001", total_cents=1000_00)

    raised = all_at_once(*[receive] * 8)

    assert raised == []
    assert (paid(invoice), tables.IncomingPaymentModel.select().count()) == (100_00, 1)


def test_two_payments_of_one_invoice_at_once_pay_it_once(receive):
    invoice = an_invoice("1001")

    raised = all_at_once(*[lambda name=name: receive(replace(FACTS, provider_payment_id=name)) for name in "abcd"])

    assert raised == []
    states = [one.state for one in received.following("", 0, 10)]
    assert (paid(invoice), states.count("recorded"), states.count("question")) == (100_00, 1, 3)


def test_the_same_id_of_another_provider_is_another_payment(receive):
    receive()

    receive(replace(FACTS, provider="paypal"))

    assert tables.IncomingPaymentModel.select().count() == 2


@pytest.mark.parametrize("other", [{"amount_cents": 99_00}, {"currency": "EUR"}])
def test_the_same_id_with_other_money_changes_nothing(receive, other):
    invoice = an_invoice("1001")
    receive()

    with pytest.raises(IncomingConflictError) as raised:
        receive(replace(FACTS, **other))

    assert plain(str(raised.value)) == "stripe sent pi_1 before, of 100.00 USD: nothing was changed."
    assert (paid(invoice), received.get(1).facts) == (100_00, FACTS)


def test_a_process_that_is_killed_between_the_rows_leaves_none_of_them(receive, database_url):
    invoice = an_invoice("1001")

    code = dedent(KILLED.format(url=database_url))
    killed = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])

    assert killed.returncode == -9
    assert (paid(invoice), tables.IncomingPaymentModel.select().count()) == (0, 0)
    assert receive().state is IncomingState.RECORDED


def test_voiding_makes_it_a_question_that_can_be_recorded_again(receive, place, ann):
    invoice, other = an_invoice("1001"), an_invoice("1002")
    incoming = receive()

    payments.void(incoming.parts[0].payment_id, "It was for 1002", ann, NOW)
    asked = received.get(incoming.id)
    placed = place(asked, {other: 100_00})

    assert (asked.state, asked.question) == ("question", "What it was recorded as was voided: It was for 1002")
    assert (placed.state, paid(invoice), paid(other)) == ("recorded", 0, 100_00)


def test_it_is_recorded_for_several_invoices_as_one_payment(receive, place, ann):
    first, second = an_invoice("1001"), an_invoice("1002")
    incoming = place(receive(UNNAMED), {first: 70_00, second: 30_00})

    payments.void(incoming.parts[1].payment_id, "Twice", ann, NOW)

    assert [part.amount_cents for part in incoming.parts] == [70_00, 30_00]
    assert (paid(first), paid(second), received.get(incoming.id).state) == (0, 0, "question")


def test_all_of_it_must_be_placed(receive, place):
    invoice = an_invoice("1001")
    incoming = receive(UNNAMED)

    with pytest.raises(IncomingRefusedError) as raised:
        place(incoming, {invoice: 90_00})

    assert plain(str(raised.value)) == "90.00 is placed, and 100.00 came in: place all of it."
    assert (paid(invoice), received.get(incoming.id).state) == (0, "question")


def test_money_that_was_charged_back_is_recorded_as_a_refund(receive, place):
    invoice = an_invoice("1001")
    receive()
    incoming = receive(replace(FACTS, provider_payment_id="re_1", amount_cents=-40_00))

    place(incoming, {invoice: -40_00})

    assert (incoming.state, paid(invoice)) == ("question", 60_00)


def test_it_is_kept_as_credit_of_a_customer(receive, ann):
    customer = a_customer()
    incoming = receive(UNNAMED)

    kept = incoming_payments.keep_as_credit(incoming.id, customer.id, "Invoices", ann, NOW, TODAY)

    assert [part.number for part in kept.parts] == ["Advance 2026-03-02"]


def test_more_than_is_open_is_kept_as_credit_only_when_that_is_said(receive, place):
    invoice = an_invoice("1001", total_cents=60_00)
    incoming = receive()

    place(incoming, {invoice: 100_00}, Confirmation.KEEP_CREDIT)

    assert plain(incoming.question) == "It is more than is open on invoice 1001: 60.00 USD."
    assert paid(invoice) == 100_00


def test_a_dismissal_is_undone(receive, ann):
    incoming = receive(UNNAMED)
    incoming_payments.dismiss(incoming.id, "Private", ann, NOW)
    dismissed = received.get(incoming.id)

    incoming_payments.undo_dismissal(incoming.id, ann, NOW)

    assert dismissed.sentence == "It was dismissed: Private"
    assert received.get(incoming.id).sentence == incoming.question


def test_a_dismissed_one_that_comes_again_stays_dismissed(receive, ann):
    incoming = receive(UNNAMED)
    incoming_payments.dismiss(incoming.id, "Private", ann, NOW)

    assert receive(UNNAMED).state is IncomingState.DISMISSED


def test_two_people_who_answer_at_once_record_it_once(receive, place):
    first, second = an_invoice("1001"), an_invoice("1002")
    incoming = receive(UNNAMED)

    raised = all_at_once(lambda: place(incoming, {first: 100_00}), lambda: place(incoming, {second: 100_00}))

    assert [type(error) for error in raised] == [IncomingRefusedError]
    assert paid(first) + paid(second) == 100_00


def test_each_step_is_in_the_audit(receive, ann):
    an_invoice("1001")
    incoming = receive()
    payments.void(incoming.parts[0].payment_id, "Twice", ann, NOW)
    incoming_payments.dismiss(incoming.id, "Private", ann, NOW)
    incoming_payments.undo_dismissal(incoming.id, ann, NOW)

    actions = [entry.action for entry in audit_entries.of_subject(f"incoming_payment:{incoming.id}")]
    assert actions == [
        "incoming_payment.reopened",
        "incoming_payment.dismissed",
        "incoming_payment.reopened",
        "incoming_payment.recorded",
        "incoming_payment.received",
    ]


def test_a_workbook_that_replaces_its_payment_is_said(receive):
    an_invoice("1001")
    incoming = receive()

    bulk.void_payments([incoming.parts[0].payment_id], NOW, "changed in the workbook")

    assert received.get(incoming.id).sentence == "It was recorded, and a workbook has replaced that payment since."


def test_references_full_of_numbers_are_looked_up_in_parts(database):
    invoice = an_invoice("1001")

    assert received.owed_by_number([*(f"a{number}" for number in range(70_000)), "1001"]) == {"1001": [invoice.id]}


def test_an_invoice_that_is_named_is_suggested_however_much_the_payer_owes(receive, database):
    customer = a_customer("C1", "Acme")
    with database.atomic():
        for number in range(501):
            an_invoice(f"N{number}", customer, due_on=date(2026, 1, 1), issued_on=date(2026, 1, 1))
    named = an_invoice("1001", customer, total_cents=60_00, due_on=date(2026, 5, 1))

    incoming = receive(replace(FACTS, payer="Acme"))

    assert suggestions([incoming])[incoming.id][0].placements[0].invoice.id == named.id
