"""The fields of customers, invoices and payments, defined once: forms, exports, searches and the API derive from here.

A plain field is a text that no rule depends on: the import, the forms and the pages treat all plain fields alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

REQUIRED: Final = object()  # the default of a field that every record has


class Type(StrEnum):
    TEXT = "text"
    PARAGRAPHS = "paragraphs"
    PHONE = "phone"
    EMAIL = "email"
    CENTS = "cents"
    CURRENCY = "currency"
    DAY = "day"
    DAYS = "days"
    MOMENT = "moment"
    YES_NO = "yes or no"
    OWN = "own fields"
    RECORD = "the id of another record"


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is that of the store and the API, `label` that of pages.

    `header` is its column in an export, "" if it is not exported. `record_name` is its name in a workbook's record,
    where that differs. `is_entered` is whether a form has it; the others are changed by actions, as a status is.
    """

    name: str
    label: str
    type: Type = Type.TEXT
    header: str = ""
    default: Any = REQUIRED
    record_name: str = ""
    longest: int = 0
    hint: str = ""
    is_entered: bool = True
    is_plain: bool = False
    is_searched: bool = False

    @property
    def record(self) -> str:
        return self.record_name or self.name

    @property
    def is_exported(self) -> bool:
        """Own fields have no header here: each gets a column of its own."""
        return bool(self.header) or self.type is Type.OWN

    @property
    def column(self) -> str:
        """Return the attribute of the model: foreign keys are named without `_id`."""
        return self.name.removesuffix("_id")


_OWN_FIELDS: Final = Field("own_fields", "More columns", Type.OWN, default={}, is_searched=True)

CUSTOMER: Final = (
    Field("code", "Code", header="Customer ID", longest=255, is_searched=True),
    Field("name", "Name", header="Name", longest=255, is_searched=True),
    Field("email", "E-mail", Type.EMAIL, header="E-mail", default="", longest=255, is_searched=True),
    Field("phone", "Phone", Type.PHONE, header="Phone", default="", longest=255, is_plain=True),
    Field("address", "Address", Type.PARAGRAPHS, header="Address", default="", longest=10_000, is_plain=True),
    Field("terms_days", "Terms in days", Type.DAYS, header="Terms (days)", default=None),
    Field("notes", "Notes", Type.PARAGRAPHS, header="Notes", default="", longest=10_000, is_plain=True),
    _OWN_FIELDS,
    Field("archived_at", "Archived", Type.MOMENT, default=None, is_entered=False),
)


def _day_of_status(name: str, label: str) -> Field:
    return Field(name, label, Type.MOMENT, header="Status Date", record_name="state_on", default=None, is_entered=False)


def _reason_of_status(name: str, label: str) -> Field:
    return Field(name, label, header="Status Reason", record_name="state_reason", default="", is_entered=False)


INVOICE: Final = (
    Field("number", "Number", header="Invoice No", longest=60, is_searched=True),
    Field("customer_id", "Customer", Type.RECORD, header="Customer ID", record_name="customer_code"),
    Field("issued_on", "Issued", Type.DAY, header="Invoice Date"),
    Field("due_on", "Due", Type.DAY, header="Due Date"),
    Field("currency", "Currency", Type.CURRENCY, header="Currency", longest=3),
    Field("total_cents", "Total", Type.CENTS, header="Amount"),
    Field("draft", "Draft", Type.YES_NO, header="Status", record_name="state", default=False),
    _day_of_status("voided_at", "Voided"),
    _reason_of_status("void_reason", "Reason of the void"),
    _day_of_status("written_off_at", "Written off"),
    _reason_of_status("write_off_reason", "Reason of the write-off"),
    Field("disputed", "Disputed", Type.YES_NO, header="Disputed", default=False, is_entered=False),
    Field("ledger", "Ledger", header="Ledger", longest=60),
    Field(
        "reference", "Reference", header="Reference", default="", longest=200,
        hint="Such as the customer’s order number.", is_plain=True, is_searched=True,
    ),
    Field("notes", "Notes", Type.PARAGRAPHS, header="Notes", default="", longest=5_000, is_plain=True),
    _OWN_FIELDS,
)  # fmt: skip

PAYMENT: Final = (
    Field("invoice_id", "Invoice", Type.RECORD, header="Invoice No", record_name="invoice_number"),
    Field("paid_on", "Paid on", Type.DAY, header="Payment Date"),
    Field("amount_cents", "Amount", Type.CENTS, header="Amount"),
    Field("method", "Method", header="Method", default="", longest=60),
    Field("reference", "Reference", header="Reference", default="", longest=200),
    Field("note", "Note", Type.PARAGRAPHS, header="Note", default="", longest=2_000),
    Field("voided_at", "Voided", Type.MOMENT, default=None, is_entered=False),
    Field("void_reason", "Reason of the void", default="", is_entered=False),
    Field("moves_credit", "Moved credit", Type.YES_NO, default=False, is_entered=False),
)

FIRM: Final = (
    Field("name", "Name", default="", longest=100),
    Field("email", "E-mail for questions", Type.EMAIL, default="", longest=255),
    Field("phone", "Telephone for questions", Type.PHONE, default="", longest=100),
    Field("address", "Postal address", Type.PARAGRAPHS, default="", longest=500),
    Field("bank_details", "Bank details", Type.PARAGRAPHS, default="", longest=500),
    Field("currency", "Currency", Type.CURRENCY, longest=3),
    Field("zone", "Time zone", longest=64),
)


def plain(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.is_plain)


def searched_texts(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.is_searched and field.type is not Type.OWN)


def defaults(fields: Iterable[Field]) -> dict[str, Any]:
    return {field.column: field.default for field in fields if field.default is not REQUIRED}


def headers_by_record(fields: Iterable[Field]) -> dict[str, str]:
    """Return the headers of an export in order, by the field's name in a workbook's record."""
    return {field.record: field.header for field in fields if field.header}


def own(name: str) -> str:
    """Return the name with a prefix, so that it cannot clash with the other fields."""
    return f"{_OWN}{name}"


def label(name: str) -> str:
    """Return the field's label for use in a sentence; for an unknown field, its name with spaces."""
    if name.startswith(_OWN):
        return name.removeprefix(_OWN)
    return _LABELS.get(name) or name.removesuffix("_cents").removesuffix("_id").replace("_", " ")


def _within_a_sentence(label: str) -> str:
    """Leave abbreviations as they are: "PO number"."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


_OWN: Final = "own_fields."
_LABELS: Final = {
    **{field.record: field.header.lower() for field in INVOICE if field.record.startswith("state")},
    **{field.name: _within_a_sentence(field.label) for field in (*FIRM, *CUSTOMER, *INVOICE, *PAYMENT)},
}
