"""An event is there if what it tells was committed, and only then."""

import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.records import a_customer, a_payment, a_user, a_webhook, an_import, an_invoice
from support.workbooks import AN_INVOICE, an_importer, invoices_tab, workbook

from app.actions import events, incoming_payments, payments
from app.actions import imports as import_actions
from app.domain.advance_payment import AdvancePayment
from app.domain.incoming_payment import IncomingFacts
from app.domain.payment_batch import PaymentBatch
from app.domain.permissions import Scope
from app.domain.webhooks import EventType
from app.store.db.current_user import Actor, acting_as
from app.store.db.tables import EventModel, WebhookDeliveryModel
from app.store.db.transactions import transaction
from app.store.ledger import imports
from app.store.ledger.imports import State

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
UNMATCHED = IncomingFacts(
    provider="stripe",
    provider_payment_id="pi_1",
    amount_cents=100_00,
    currency="USD",
    paid_on=TODAY,
    reference="Thank you",
    payer="Acme",
    method="Card",
)


@pytest.fixture
def ann(database):
    return a_user()


@pytest.fixture
def webhook(database):
    return a_webhook()


@pytest.fixture
def woken(monkeypatch):
    calls = []
    monkeypatch.setattr(events, "_wake", lambda: calls.append("woken"))
    return calls


@pytest.fixture
def importer(webhook, tmp_path):
    return an_importer(tmp_path / "data")


def stored_events():
    """The types and subjects of all events, in their order."""
    return [(row.type, row.order_key) for row in EventModel.select().order_by(EventModel.id)]


def data():
    return [json.loads(row.body)["data"] for row in EventModel.select().order_by(EventModel.id)]


def record(ann, amounts, key="key"):
    return payments.record(PaymentBatch(key, TODAY, amounts, "Transfer", "R-1"), ann, NOW, TODAY)


def test_a_payment_is_told_with_what_it_pays(ann, webhook):
    invoice = an_invoice("1001")

    record(ann, {invoice.id: 40_00})

    [event] = EventModel.select()
    assert json.loads(event.body) == {
        "type": "payment.recorded",
        "timestamp": "2026-03-02T09:30:00Z",
        "data": {
            "payment_id": 1,
            "invoice_id": invoice.id,
            "invoice_number": "1001",
            "customer_id": invoice.customer_id,
            "amount_cents": 40_00,
            "currency": "USD",
            "paid_on": "2026-03-02",
            "method": "Transfer",
            "reference": "R-1",
            "moves_credit": False,
        },
    }
    assert [delivery.endpoint_id for delivery in WebhookDeliveryModel.select()] == [webhook]


def test_a_transaction_that_is_rolled_back_leaves_no_event_and_wakes_nobody(ann, webhook, woken):
    invoice = an_invoice()

    with suppress(ZeroDivisionError), transaction():
        record(ann, {invoice.id: 40_00})
        raise ZeroDivisionError

    assert (stored_events(), woken, WebhookDeliveryModel.select().count()) == ([], [], 0)


def test_a_part_that_is_rolled_back_leaves_the_event_of_the_rest(ann, webhook, woken):
    first, second = an_invoice("1"), an_invoice("2")

    with transaction():
        record(ann, {first.id: 40_00}, "one")
        with suppress(ZeroDivisionError), transaction():
            record(ann, {second.id: 30_00}, "two")
            raise ZeroDivisionError

    assert (stored_events(), woken) == ([("payment.recorded", f"invoice:{first.id}")], ["woken"])


def test_a_refused_payment_is_told_to_nobody(ann, webhook):
    with pytest.raises(payments.PaymentRefusedError):
        record(ann, {an_invoice().id: 0})

    assert stored_events() == []


def test_a_form_that_is_sent_twice_is_one_event(ann, webhook):
    invoice = an_invoice()

    record(ann, {invoice.id: 40_00})
    record(ann, {invoice.id: 40_00})

    assert len(stored_events()) == 1


def test_each_payment_of_a_batch_is_an_event_and_the_worker_is_woken_once(ann, webhook, woken):
    first, second = an_invoice("1"), an_invoice("2")

    record(ann, {first.id: 40_00, second.id: 10_00})

    assert stored_events() == [
        ("payment.recorded", f"invoice:{first.id}"),
        ("payment.recorded", f"invoice:{second.id}"),
    ]
    assert woken == ["woken"]


def test_a_voided_batch_tells_of_each_payment_with_the_reason(ann, webhook):
    first, second = an_invoice("1"), an_invoice("2")
    recorded = record(ann, {first.id: 40_00, second.id: 10_00})
    EventModel.delete().execute()

    payments.void(recorded.payment_ids[0], "wrong customer", ann, NOW)

    assert [(event["invoice_number"], event["reason"]) for event in data()] == [
        ("1", "wrong customer"),
        ("2", "wrong customer"),
    ]
    assert {kind for kind, _ in stored_events()} == {"payment.voided"}


def test_a_payment_that_is_void_already_is_told_once(ann, webhook):
    invoice = an_invoice()
    recorded = record(ann, {invoice.id: 40_00})

    payments.void(recorded.payment_ids[0], "twice", ann, NOW)
    payments.void(recorded.payment_ids[0], "twice", ann, NOW)

    assert [kind for kind, _ in stored_events()] == ["payment.recorded", "payment.voided"]


def test_moved_credit_is_told_for_both_invoices_as_no_money(ann, webhook):
    customer = a_customer()
    first, second = an_invoice("1", customer), an_invoice("2", customer)
    a_payment(first, 150_00)

    payments.move_credit(PaymentBatch("move", TODAY, {first.id: -50_00, second.id: 50_00}), ann, NOW, TODAY)

    assert [(event["invoice_number"], event["amount_cents"], event["moves_credit"]) for event in data()] == [
        ("1", -50_00, True),
        ("2", 50_00, True),
    ]


def test_an_incoming_payment_that_is_a_question_is_told_with_what_it_asks(ann, webhook):
    incoming_payments.receive(UNMATCHED, ann, NOW, TODAY)

    [event] = EventModel.select()
    assert (event.type, event.order_key) == ("incoming_payment.unmatched", "incoming_payment:1")
    assert json.loads(event.body)["data"] == {
        "incoming_payment_id": 1,
        "provider": "stripe",
        "provider_payment_id": "pi_1",
        "amount_cents": 100_00,
        "currency": "USD",
        "paid_on": "2026-03-02",
        "reference": "Thank you",
        "payer": "Acme",
        "method": "Card",
        "question": "Its reference holds no invoice number that is known here.",
    }


def test_an_incoming_payment_that_comes_again_is_told_once(ann, webhook):
    incoming_payments.receive(UNMATCHED, ann, NOW, TODAY)
    incoming_payments.receive(UNMATCHED, ann, NOW, TODAY)

    assert len(stored_events()) == 1


def test_an_incoming_payment_that_is_recorded_is_told_as_a_payment_alone(ann, webhook):
    an_invoice("1001", total_cents=100_00)

    incoming_payments.receive(replace(UNMATCHED, reference="Invoice 1001"), ann, NOW, TODAY)

    assert [kind for kind, _ in stored_events()] == ["payment.recorded"]


def test_an_incoming_payment_whose_payment_is_voided_is_told_as_a_question_again(ann, webhook):
    an_invoice("1001", total_cents=100_00)
    incoming = incoming_payments.receive(replace(UNMATCHED, reference="Invoice 1001"), ann, NOW, TODAY)
    EventModel.delete().execute()

    payments.void(incoming.parts[0].payment_id, "wrong customer", ann, NOW)

    assert [kind for kind, _ in stored_events()] == ["incoming_payment.unmatched", "payment.voided"]
    assert data()[0]["question"] == "What it was recorded as was voided: wrong customer"


def test_an_incoming_payment_outside_the_scope_of_who_voids_it_is_told_too(ann, webhook):
    customer = a_customer()
    an_invoice("1001", customer, total_cents=100_00)
    incoming = incoming_payments.receive(replace(UNMATCHED, reference="Invoice 1001"), ann, NOW, TODAY)
    EventModel.delete().execute()

    with acting_as(Actor(scope=Scope(customers=frozenset({customer.id})))):
        payments.void(incoming.parts[0].payment_id, "wrong customer", ann, NOW)

    assert [kind for kind, _ in stored_events()] == ["incoming_payment.unmatched", "payment.voided"]


def test_an_incoming_payment_whose_dismissal_is_undone_is_told_as_a_question_again(ann, webhook):
    incoming = incoming_payments.receive(UNMATCHED, ann, NOW, TODAY)
    incoming_payments.dismiss(incoming.id, "a gift", ann, NOW)
    EventModel.delete().execute()

    incoming_payments.undo_dismissal(incoming.id, ann, NOW)

    assert [kind for kind, _ in stored_events()] == ["incoming_payment.unmatched"]


def test_money_in_advance_is_a_payment(ann, webhook):
    customer = a_customer()

    advance = AdvancePayment(
        key="key", customer_id=customer.id, ledger="Invoices", currency="USD", cents=40_00, paid_on=TODAY
    )
    payments.record_advance(advance, ann, NOW, TODAY)

    assert [(event["customer_id"], event["amount_cents"]) for event in data()] == [(customer.id, 40_00)]


def test_without_an_endpoint_nothing_is_stored(ann, woken):
    record(ann, {an_invoice().id: 40_00})

    assert (stored_events(), woken) == ([], [])


def test_an_endpoint_that_is_off_or_wants_other_types_is_not_told(ann):
    a_webhook(active=False)
    a_webhook(types=[EventType.IMPORT_APPLIED])

    record(ann, {an_invoice().id: 40_00})

    assert stored_events() == []


def test_a_test_event_goes_to_its_endpoint_alone_whatever_that_wants(ann, webhook):
    other = a_webhook(types=[EventType.IMPORT_APPLIED])

    with transaction():
        events.emit_test(other, NOW)

    assert [(row.type, row.order_key) for row in EventModel.select()] == [("webhook.test", f"test:{other}")]
    assert [row.endpoint_id for row in WebhookDeliveryModel.select()] == [other]


def uploaded(importer, tmp_path, *rows, content=b""):
    content = content or workbook(tmp_path, invoices_tab(*rows)).read_bytes()
    return import_actions.receive(importer, io.BytesIO(content), "June.xlsx", None)


def applied(importer, tmp_path):
    import_id = uploaded(importer, tmp_path, AN_INVOICE)
    import_actions.preview(importer, import_id)
    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)
    import_actions.apply(importer, import_id)
    return import_id


def test_an_applied_import_is_one_event_with_counts(importer, tmp_path):
    import_id = applied(importer, tmp_path)

    assert stored_events() == [("import.applied", f"import:{import_id}")]
    [event] = data()
    assert (event["import_id"], event["file_name"]) == (import_id, "June.xlsx")
    assert event["counts"] == imports.get(import_id).counts


def test_an_undone_import_is_an_event(importer, tmp_path):
    import_id = applied(importer, tmp_path)

    import_actions.undo(importer, import_id)

    assert stored_events() == [("import.applied", f"import:{import_id}"), ("import.undone", f"import:{import_id}")]


def test_a_workbook_that_has_no_list_is_a_failed_import(importer, tmp_path):
    import_id = uploaded(importer, tmp_path, ("nothing", "of", "use"))

    import_actions.preview(importer, import_id)

    [event] = data()
    assert stored_events() == [("import.failed", f"import:{import_id}")]
    assert (event["step"], event["sentence"]) == ("reading", imports.get(import_id).failure)


def test_a_step_that_ended_already_is_told_by_nobody(importer):
    gone = imports.get(an_import(state="reading").id)
    imports.delete(gone.id, (State.READING,))

    assert import_actions.fail_step(importer, gone, State.FAILED, "No.") is False
    assert stored_events() == []
