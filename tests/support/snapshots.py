"""What is stored before an import, put together without a database."""

from collections import defaultdict
from datetime import date

from app.store.ledger.snapshot import Snapshot, StoredCustomer, StoredInvoice, StoredPayment, compared

_NEVER_IMPORTED = {
    "version": 1,
    "fingerprint": None,
    "imported_version": None,
    "import_id": None,
    "import_tab": None,
    "import_row": None,
}


def a_stored_customer(code="Acme", name="Acme", **values):
    values = {"terms_days": None, "own_fields": {}, **_NEVER_IMPORTED, **values}
    values = {"email": "", "phone": "", "address": "", "notes": "", **values}
    return StoredCustomer(id=1, code=code, name=name, **values)


def a_stored_invoice(number="1", customer="Acme", **values):
    """Return an invoice of 100.00, of 5 January 2026, due a month later."""
    values = {
        "id": 1,
        "customer_id": 1,
        "issued_on": date(2026, 1, 5),
        "due_on": date(2026, 2, 4),
        "currency": "USD",
        "total_cents": 100_00,
        "ledger": "Invoices",
        "reference": "",
        "notes": "",
        "own_fields": {},
        "disputed": False,
        "draft": False,
        "voided_at": None,
        "void_reason": "",
        "written_off_at": None,
        "write_off_reason": "",
        **_NEVER_IMPORTED,
        **values,
    }
    return StoredInvoice(number=number, number_key=compared(number), customer_code=customer, **values)


def a_stored_payment(paid_on, amount_cents, invoice_id=1):
    return StoredPayment(1, invoice_id, paid_on, amount_cents, "", "", "", None, False, None, None, None)


def stored(customers=(), invoices=(), payments=()):
    codes_by_name, customers_by_number, by_invoice = defaultdict(list), defaultdict(list), defaultdict(list)
    for customer in customers:
        codes_by_name[compared(customer.name)].append(compared(customer.code))
    for invoice in invoices:
        customers_by_number[invoice.number_key].append(compared(invoice.customer_code))
    for payment in payments:
        by_invoice[payment.invoice_id].append(payment)
    return Snapshot(
        {compared(customer.code): customer for customer in customers},
        dict(codes_by_name),
        {(invoice.number_key, compared(invoice.customer_code)): invoice for invoice in invoices},
        dict(customers_by_number),
        dict(by_invoice),
    )
