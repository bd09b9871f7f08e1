"""Invoices, customers, payments and what belongs to them, each with everything said that a test does not care about.

`a_customer`, `an_invoice` and `a_payment` are stored; `invoice_facts` and `payment_facts` are what the domain takes.
"""

import secrets
from datetime import UTC, date, datetime

from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.domain.permissions import Role
from app.domain.webhooks import EventType
from app.store.access import users
from app.store.db import tables
from app.store.outbox import endpoints
from app.store.outbox.endpoints import EndpointFacts

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def a_user(email="ann@example.com", role=Role.ADMIN, name="Ann", password_hash="-"):
    return users.create(email, name, role, password_hash, LONG_AGO)


def a_customer(code="C1", name="Acme", **values):
    return tables.CustomerModel.create(code=code, name=name, **values)


def an_invoice(number="1001", customer=None, **values):
    values = {
        "number_key": number.casefold(),
        "issued_on": date(2026, 1, 1),
        "due_on": date(2026, 1, 31),
        "currency": "USD",
        "total_cents": 100_00,
        "ledger": "Invoices",
        **values,
    }
    owner = customer or tables.CustomerModel.select().first() or a_customer()
    return tables.InvoiceModel.create(number=number, customer=owner, **values)


def a_payment(invoice, amount_cents=40_00, **values):
    values = {"paid_on": date(2026, 1, 15), "recorded_at": LONG_AGO, **values}
    return tables.PaymentModel.create(invoice=invoice, amount_cents=amount_cents, **values)


def invoice_facts(**values):
    facts = {
        "id": 1,
        "number": "1001",
        "customer_id": 1,
        "issued_on": date(2026, 1, 1),
        "due_on": date(2026, 1, 31),
        "currency": "USD",
        "total_cents": 100_00,
        "ledger": "Invoices",
        "disputed": False,
        "voided_at": None,
        "void_reason": "",
        "written_off_at": None,
        "write_off_reason": "",
        "version": 1,
    }
    return Invoice(**(facts | values))


def payment_facts(**values):
    facts = {
        "id": 1,
        "invoice_id": 1,
        "paid_on": date(2026, 1, 15),
        "amount_cents": 40_00,
        "method": "",
        "reference": "",
        "note": "",
        "voided_at": None,
        "void_reason": "",
    }
    return Payment(**(facts | values))


def an_import(file_name="receivables.xlsx", uploaded_by=None, **values):
    values = {
        "sha256": "0" * 64,
        "size_bytes": 1,
        "stored_file": secrets.token_hex(16),
        "state": "applied",
        "uploaded_at": datetime(2026, 2, 1, 8, 0, tzinfo=UTC),
        **values,
    }
    return tables.ImportModel.create(file_name=file_name, uploaded_by=uploaded_by, **values)


def a_statement_mail(customer, **values):
    """One that waits, unless the values say something else."""
    values = {
        "key": "k",
        "recipient": "books@acme.example",
        "subject": "Statement",
        "text": "Hello",
        "closed_on": date(2026, 3, 2),
        "file_name": "statement.pdf",
        "content": b"%PDF",
        "asked_at": LONG_AGO,
        "state": "waiting",
        "next_try_at": LONG_AGO,
        **values,
    }
    return tables.StatementMailModel.create(customer=customer, **values)


def a_link_mail(email="eve@example.com", purpose="reset", **values):
    """One that waits, unless the values say something else."""
    values = {"asked_at": LONG_AGO, "state": "waiting", "next_try_at": LONG_AGO, **values}
    return tables.LinkMailModel.create(email=email, purpose=purpose, **values)


def an_imported_row(source, invoice, action="created", tab="Invoices", row=2, before=None):
    """What a row of a workbook did to the invoice."""
    told = {"kind": "invoice", "action": action, "subject": f"Invoice {invoice.number}", "record_id": invoice.id}
    return tables.ImportedRowModel.create(origin=source, tab=tab, row=row, before=before, **told)


def a_passkey(user, **values):
    facts = {"name": "Laptop", "credential_id": f"key-of-{user.id}", "public_key": "", "user_handle": "AAAA"}
    return tables.PasskeyModel.create(user=user.id, created_at=LONG_AGO, challenged_at=LONG_AGO, **facts | values)


def a_webhook(url="https://hooks.example.com/", types=EventType, **values):
    """The id of an endpoint."""
    facts = EndpointFacts(url, values.pop("description", ""), frozenset(types))
    endpoint_id = endpoints.add(facts, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None, LONG_AGO)
    if values:
        tables.WebhookEndpointModel.update(values).where(tables.WebhookEndpointModel.id == endpoint_id).execute()
    return endpoint_id


def a_delivery(**values):
    """The id of one, to an endpoint of its own unless one is given; it waits, unless the values say something else."""
    endpoint_id = values.pop("endpoint", None) or a_webhook(active=values.pop("is_endpoint_active", True))
    event = tables.EventModel.create(
        event_id=f"msg_{tables.EventModel.select().count() + 1}",
        type="payment.recorded",
        order_key="invoice:1",
        body="{}",
        happened_at=values.pop("happened_at", LONG_AGO),
    )
    values = {"order_key": event.order_key, "state": "waiting", "next_try_at": LONG_AGO, **values}
    return tables.WebhookDeliveryModel.create(event=event, endpoint=endpoint_id, **values).id
