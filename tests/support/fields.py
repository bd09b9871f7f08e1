"""Two values of every field that is described: one stored at first, one that it is changed to.

Those of plain fields follow from their type.
"""

from datetime import UTC, date, datetime

import pytest

from app.domain.fields import CUSTOMER, INVOICE, PAYMENT, Field, Type, plain
from app.store.db import tables

AT = datetime(2026, 1, 20, tzinfo=UTC)

OF_CUSTOMER = {
    "code": ({"code": "C1"}, {"code": "C-1"}),
    "name": ({"name": "Acme"}, {"name": "Acme Ltd"}),
    "email": ({"email": ""}, {"email": "pay@acme.example"}),
    "terms_days": ({"terms_days": None}, {"terms_days": 14}),
    "own_fields": ({"own_fields": {}}, {"own_fields": {"District": "North"}}),
    "archived_at": ({"archived_at": None}, {"archived_at": AT}),
}
OF_INVOICE = {
    "number": ({"number": "1001", "number_key": "1001"}, {"number": "2002", "number_key": "2002"}),
    "customer_id": ({"customer": 1}, {"customer": 2}),
    "issued_on": ({"issued_on": date(2026, 1, 1)}, {"issued_on": date(2025, 12, 5)}),
    "due_on": ({"due_on": date(2026, 1, 31)}, {"due_on": date(2026, 2, 20)}),
    "currency": ({"currency": "USD"}, {"currency": "EUR"}),
    "total_cents": ({"total_cents": 100_00}, {"total_cents": 123_45}),
    "draft": ({"draft": False}, {"draft": True}),
    "voided_at": ({"voided_at": None}, {"voided_at": AT}),
    "void_reason": ({"voided_at": AT}, {"voided_at": AT, "void_reason": "sent twice"}),
    "written_off_at": ({"written_off_at": None}, {"written_off_at": AT}),
    "write_off_reason": ({"written_off_at": AT}, {"written_off_at": AT, "write_off_reason": "bankrupt"}),
    "disputed": ({"disputed": False}, {"disputed": True}),
    "ledger": ({"ledger": "Invoices"}, {"ledger": "Branch North"}),
    "own_fields": ({"own_fields": {}}, {"own_fields": {"Notes": "of a second column"}}),
}
OF_PAYMENT = {
    "invoice_id": ({"invoice": 1}, {"invoice": 2}),
    "paid_on": ({"paid_on": date(2026, 1, 15)}, {"paid_on": date(2026, 1, 16)}),
    "amount_cents": ({"amount_cents": 40_00}, {"amount_cents": 12_34}),
    "method": ({"method": ""}, {"method": "Card"}),
    "reference": ({"reference": ""}, {"reference": "bank 17"}),
    "note": ({"note": ""}, {"note": "sent by mistake"}),
    "voided_at": ({"voided_at": None}, {"voided_at": AT}),
    "void_reason": ({"voided_at": AT}, {"voided_at": AT, "void_reason": "sent twice"}),
    "moves_credit": ({"moves_credit": False}, {"moves_credit": True}),
}
OF_PLAIN = {Type.TEXT: "PO 77", Type.PARAGRAPHS: "1 Main St\nSpringfield", Type.PHONE: "+1 555 0100"}


def _with_plain(fields, values):
    return {field.name: ({field.name: ""}, {field.name: OF_PLAIN[field.type]}) for field in plain(fields)} | values


DESCRIBED = {
    "customer": (CUSTOMER, _with_plain(CUSTOMER, OF_CUSTOMER)),
    "invoice": (INVOICE, _with_plain(INVOICE, OF_INVOICE)),
    "payment": (PAYMENT, OF_PAYMENT),
}


def every_field(*kinds, is_wanted=lambda field: True):
    """Return a parameter for each field of these kinds: the kind, the field, its columns before and after."""
    return [
        pytest.param(kind, field, *DESCRIBED[kind][1][field.name], id=f"{kind}-{field.name}")
        for kind in kinds
        for field in DESCRIBED[kind][0]
        if is_wanted(field)
    ]


def is_entered(field: Field) -> bool:
    """Tell whether the field can be changed on a form; an invoice's customer stays its customer."""
    return field.is_entered and field.name != "customer_id"


def is_entered_day(field: Field) -> bool:
    """Tell whether people enter a day there."""
    return is_entered(field) and field.type is Type.DAY


def is_searched(field: Field) -> bool:
    """Tell whether a search for what the field holds finds the record."""
    return field.is_searched


def is_exported(field: Field) -> bool:
    """Tell whether an export has the field."""
    return field.is_exported


def all_that_is_said():
    """Return all fields of all records that an export has, by what people call their owners: ids may differ."""
    rows = {kind: list(table.select()) for kind, table in TABLES.items()}
    codes = {row.id: row.code for row in rows["customer"]}
    numbers = {row.id: (row.number, codes[row.customer_id]) for row in rows["invoice"]}
    owners = {"customer_id": codes, "invoice_id": numbers}

    def said(row, field):
        value = row.__data__[field.column]
        return owners[field.name][value] if field.name in owners else value

    return {
        kind: sorted(
            ([said(row, field) for field in filter(is_exported, DESCRIBED[kind][0])] for row in of_kind), key=repr
        )
        for kind, of_kind in rows.items()
    }


TABLES = {"customer": tables.CustomerModel, "invoice": tables.InvoiceModel, "payment": tables.PaymentModel}
