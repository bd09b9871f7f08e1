"""What the fields of each kind of list are called where a person chooses among them, in groups."""

from app.domain.fields import label
from app.workbook.meaning.vocabulary.headings import ListKind, fields_of

Choices = tuple[tuple[str, str], ...]  # a field and its label
Groups = tuple[tuple[str, Choices], ...]

_MORE = "More"
_GROUPS: dict[ListKind, dict[str, dict[str, str]]] = {
    ListKind.CUSTOMER: {
        "Customer": {"name": "Name", "code": "Customer’s number"},
        "Contact": {"email": "E-mail", "phone": "Telephone", "address": "Address"},
        _MORE: {"terms_days": "Days to pay", "notes": "Notes"},
    },
    ListKind.INVOICE: {
        "Invoice": {
            "number": "Invoice number",
            "type": "Kind of document",
            "status": "Status",
            "status_on": "Date of the status",
            "status_reason": "Reason of the status",
            "disputed": "Disputed, yes or no",
        },
        "Customer": {
            "customer_name": "Customer’s name",
            "customer_code": "Customer’s number",
            "customer_email": "Customer’s e-mail",
        },
        "Dates": {
            "issued_on": "Invoice date",
            "due_on": "Due date",
            "terms_days": "Days to pay",
            "paid_on": "Date of payment",
        },
        "Amounts": {
            "total_cents": "Total",
            "net_cents": "Total without tax",
            "tax_cents": "Tax",
            "discount_cents": "Discount",
            "paid_cents": "Paid so far",
            "balance_cents": "Still open",
            "currency": "Currency",
        },
        _MORE: {
            "payment_method": "Method of payment",
            "reference": "Reference",
            "ledger": "Ledger",
            "notes": "Notes",
        },
    },
    ListKind.PAYMENT: {
        "Payment": {
            "paid_on": "Date of payment",
            "amount_cents": "Amount",
            "currency": "Currency",
            "type": "Payment or refund",
        },
        "Invoice it pays": {
            "invoice_number": "Invoice number",
            "customer_name": "Customer’s name",
            "customer_code": "Customer’s number",
        },
        _MORE: {"method": "Method of payment", "reference": "Reference", "note": "Note"},
    },
}
_LISTS = {ListKind.INVOICE: "Invoices", ListKind.PAYMENT: "Payments", ListKind.CUSTOMER: "Customers"}


def groups_of(kind: ListKind | None) -> Groups:
    """Return the fields of such a list, those of each kind together where the kind is not known."""
    if kind is None:
        return tuple((name, _all_of(one)) for one, name in _LISTS.items())
    described = {**_GROUPS[kind], _MORE: {**_GROUPS[kind][_MORE], **_others(kind)}}
    return tuple((group, tuple(fields.items())) for group, fields in described.items())


def _others(kind: ListKind) -> dict[str, str]:
    described = {name for fields in _GROUPS[kind].values() for name in fields}
    return {name: label(name).capitalize() for name in fields_of(kind) if name not in described}


def _all_of(kind: ListKind) -> Choices:
    return tuple(one for _, fields in groups_of(kind) for one in fields)
