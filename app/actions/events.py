"""Events for webhooks, written in the transaction of what happened: there if it was committed, and only then."""

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from app.domain.incoming_payment import IncomingPayment
from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.domain.webhooks import TEST_TYPE, EventType
from app.store.db.after_commit import after_commit_once
from app.store.ledger.imports import State, StoredImport
from app.store.outbox import endpoints, events
from app.store.outbox.events import NewEvent

_ID_BYTES = 16


def _wait_for_worker() -> None:
    """Leave it to the worker, which looks each minute for what is due."""


_wake: Callable[[], None] = _wait_for_worker


def wake_by(wake: Callable[[], None]) -> None:
    """Call this, in this process, after each commit with events, so that they are sent at once."""
    global _wake  # noqa: PLW0603  # actions know nothing of the queue, and one process has one
    _wake = wake


def wake() -> None:
    """Have what is due sent at once, after this thread's transaction if there is one."""
    after_commit_once(_wake)


def emit(event_type: str, subject: str, data: Mapping[str, Any], *, key: str = "", now: datetime) -> None:
    """Have the event sent to each active endpoint that wants it; without one nothing is stored.

    Call it inside the action's transaction. Events with the same key, by default the subject, are sent in their order.
    """
    _emit(event_type, key or subject, data, endpoints.wanting(event_type), now)


def emit_test(endpoint_id: int, now: datetime) -> None:
    """Send an event of a type of its own to this endpoint, whatever it wants."""
    _emit(TEST_TYPE, f"test:{endpoint_id}", {"endpoint_id": endpoint_id}, [endpoint_id], now)


def payments_recorded(
    payments: Collection[Payment], invoices: Mapping[int, tuple[Invoice, int]], now: datetime
) -> None:
    _emit_payments(EventType.PAYMENT_RECORDED, payments, invoices, {}, now)


def payments_voided(
    payments: Collection[Payment], invoices: Mapping[int, tuple[Invoice, int]], reason: str, now: datetime
) -> None:
    _emit_payments(EventType.PAYMENT_VOIDED, payments, invoices, {"reason": reason}, now)


def incoming_payment_unmatched(incoming: IncomingPayment, now: datetime) -> None:
    facts = {**asdict(incoming.facts), "paid_on": incoming.facts.paid_on.isoformat()}
    data = {"incoming_payment_id": incoming.id, **facts, "sentence": incoming.sentence}
    emit(EventType.INCOMING_PAYMENT_UNMATCHED, f"incoming_payment:{incoming.id}", data, now=now)


def import_applied(stored: StoredImport, counts: Mapping[str, Any], now: datetime) -> None:
    """Emit one event, however many payments the workbook brings."""
    _emit_import(EventType.IMPORT_APPLIED, stored, {"counts": dict(counts)}, now)


def import_undone(stored: StoredImport, now: datetime) -> None:
    _emit_import(EventType.IMPORT_UNDONE, stored, {}, now)


def import_failed(stored: StoredImport, sentence: str, now: datetime) -> None:
    """Emit that the step of the import's state failed: reading, applying or undoing."""
    _emit_import(EventType.IMPORT_FAILED, stored, {"step": _STEPS[stored.state], "sentence": sentence}, now)


_STEPS = {State.READING: "reading", State.APPLYING: "applying", State.UNDOING: "undoing"}


def _emit_import(event_type: EventType, stored: StoredImport, more: Mapping[str, Any], now: datetime) -> None:
    emit(event_type, f"import:{stored.id}", {"import_id": stored.id, "file_name": stored.file_name, **more}, now=now)


def _emit_payments(
    event_type: EventType,
    payments: Collection[Payment],
    invoices: Mapping[int, tuple[Invoice, int]],
    more: Mapping[str, Any],
    now: datetime,
) -> None:
    wanted_by = endpoints.wanting(event_type)
    for payment in payments:
        invoice, _ = invoices[payment.invoice_id]
        _emit(event_type, f"invoice:{invoice.id}", {**_payment(payment, invoice), **more}, wanted_by, now)


def _payment(payment: Payment, invoice: Invoice) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "invoice_id": invoice.id,
        "invoice_number": invoice.number,
        "customer_id": invoice.customer_id,
        "amount_cents": payment.amount_cents,
        "currency": invoice.currency,
        "paid_on": payment.paid_on.isoformat(),
        "method": payment.method,
        "reference": payment.reference,
        "moves_credit": payment.moves_credit,
    }


def _emit(event_type: str, key: str, data: Mapping[str, Any], endpoint_ids: list[int], now: datetime) -> None:
    if not endpoint_ids:
        return
    happened = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    body = json.dumps({"type": event_type, "timestamp": happened, "data": data}, ensure_ascii=False)
    events.add(NewEvent(f"msg_{secrets.token_hex(_ID_BYTES)}", event_type, key, body, now), endpoint_ids)
    wake()
