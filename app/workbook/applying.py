"""Write a difference to the store, or undo an import; the rehearsal and the import itself share this code."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from app.domain import fields
from app.domain.fields import Type
from app.domain.own_fields import merged
from app.domain.payment import MOVED_CREDIT
from app.domain.sentences import amount_text, day_text
from app.store.ledger import bulk, imports
from app.store.ledger.snapshot import REPLACED, Snapshot, StoredCustomer, StoredInvoice
from app.workbook.difference import Difference
from app.workbook.meaning.cell_values.texts import SHORT_TEXT
from app.workbook.meaning.results.records import Key, Record, Value, paid_by_invoice
from app.workbook.meaning.vocabulary.headings import ListKind


def write(difference: Difference, stored: Snapshot, import_id: int, zone: ZoneInfo, now: datetime) -> None:
    """Write in the caller's transaction, with an action in the import's history for each row and record."""
    writer = _Writer(difference, stored, import_id, zone, now)
    writer.write_receivables()
    bulk.insert_imported_rows(writer.actions)


def rehearse(difference: Difference, stored: Snapshot, import_id: int, zone: ZoneInfo, now: datetime) -> None:
    """Write customers, invoices and payments alone, in a transaction that the caller rolls back."""
    _Writer(difference, stored, import_id, zone, now).write_receivables()


def take_back(import_id: int) -> None:
    """Undo in the caller's transaction: delete what the import created, restore what it changed."""
    created: dict[str, list[int]] = {"payment": [], "invoice": [], "customer": []}
    voided = []
    for action in imports.row_actions(import_id):
        if action.action == "created":
            created[action.kind].append(action.record_id)
        elif action.action == "voided":
            voided.append(action.record_id)
        else:
            bulk.update(action.kind, action.record_id, _restored(action.before or {}))
    for kind, ids in created.items():
        bulk.delete(kind, ids)
    bulk.void_payments(voided, None, "")


class _Writer:
    def __init__(self, difference: Difference, stored: Snapshot, import_id: int, zone: ZoneInfo, now: datetime) -> None:
        self.difference = difference
        self.import_id = import_id
        self.zone = zone
        self.now = now
        self.customer_ids = {code: customer.id for code, customer in stored.customers.items()}
        known: dict[Key, StoredInvoice] = dict(stored.invoices.items())
        known |= difference.moved_invoices
        self.invoice_ids = {key: invoice.id for key, invoice in known.items()}
        self.numbers = {key: invoice.number for key, invoice in known.items()}
        self.actions: list[tuple[Any, ...]] = []

    def write_receivables(self) -> None:
        self._create_customers()
        self._create_invoices()
        for customer, record in self.difference.changed_customers:
            self._change("customer", customer, record, record.values)
        for invoice, record in self.difference.changed_invoices:
            found_by = {"number_key": record.key[0], "customer": self.customer_ids[record.key[1]]}
            self._change("invoice", invoice, record, _invoice_columns(record.values, self.zone) | found_by)
        self._void_payments()
        self._create_payments()

    def _create_customers(self) -> None:
        records = self.difference.new_customers
        numbered = list(zip(records, bulk.new_ids("customer", len(records)), strict=True))
        values = (
            {**_CUSTOMER_DEFAULTS, **self._with_origin(record, record.values), "id": record_id}
            for record, record_id in numbered
        )
        bulk.insert("customer", values)
        for record, record_id in numbered:
            self.customer_ids[record.key[0]] = record_id
            self._add_action(record, "customer", "created", record_id, version=1)

    def _create_invoices(self) -> None:
        records = self.difference.new_invoices
        numbered = list(zip(records, bulk.new_ids("invoice", len(records)), strict=True))
        # The sums of new invoices alone, which are written together with them.
        paid = paid_by_invoice(self.difference.new_payments)
        values = (
            {
                **_INVOICE_DEFAULTS,
                **self._with_origin(record, _invoice_columns(record.values, self.zone)),
                "id": record_id,
                "number_key": record.key[0],
                "customer": self.customer_ids[record.key[1]],
                "paid_cents": paid[record.key],
            }
            for record, record_id in numbered
        )
        bulk.insert("invoice", values)
        for record, record_id in numbered:
            self.invoice_ids[record.key] = record_id
            self.numbers[record.key] = str(record.values["number"])
            self._add_action(record, "invoice", "created", record_id, version=1)

    def _change(
        self, kind: str, known: StoredCustomer | StoredInvoice, record: Record, columns: Mapping[str, Any]
    ) -> None:
        version = known.version + 1
        bulk.update(kind, known.id, self._with_origin(record, columns, version, known.own_fields))
        self._add_action(record, kind, "changed", known.id, version=version, before=_before(known))

    def _void_payments(self) -> None:
        """Void replaced payments as of their own day: as corrections, they never counted."""
        voided = self.difference.voided_payments
        ids_by_moment: dict[datetime, list[int]] = defaultdict(list)
        for payment, _ in voided:
            ids_by_moment[_start_of(payment.paid_on, self.zone)].append(payment.id)
        for at, ids in ids_by_moment.items():
            bulk.void_payments(ids, at, REPLACED)
        for payment, record in voided:
            self._add_action(record, "payment", "voided", payment.id)

    def _create_payments(self) -> None:
        records = self.difference.new_payments
        new_invoices = {record.key for record in self.difference.new_invoices}
        numbered = list(zip(records, bulk.new_ids("payment", len(records)), strict=True))
        with_sums = (self._payment_row(*one) for one in numbered if one[0].key in new_invoices)
        others = (self._payment_row(*one) for one in numbered if one[0].key not in new_invoices)
        bulk.insert_payments(with_sums, others, self.import_id)
        for record, payment_id in numbered:
            self._add_action(record, "payment", "created", payment_id)

    def _payment_row(self, record: Record, payment_id: int) -> dict[str, Any]:
        values = {"id": payment_id, "invoice": self.invoice_ids[record.key], "recorded_at": self.now}
        # A workbook has no other place for it; where nothing nets it out, a statement tells it all the same.
        kind = {"moves_credit": record.values.get("method") == MOVED_CREDIT}
        return {**_PAYMENT_DEFAULTS, **record.values, **self._origin(record), **values, **kind}

    def _with_origin(
        self, record: Record, columns: Mapping[str, Any], version: int = 1, own_fields: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        marks = {"fingerprint": record.fingerprint(), "version": version, "imported_version": version}
        return {**_with_own_fields(columns, own_fields or {}), **self._origin(record), **marks}

    def _origin(self, record: Record) -> dict[str, Any]:
        return {"origin": self.import_id, "import_tab": record.tab, "import_row": record.row}

    def _add_action(
        self, record: Record, kind: str, action: str, id_: int, version: int | None = None, before: str | None = None
    ) -> None:
        details = (record.tab, record.row, kind, action, self._subject(kind, record)[:SHORT_TEXT])
        self.actions.append((self.import_id, *details, id_, version, before))

    def _subject(self, kind: str, record: Record) -> str:
        if kind == "customer":
            return f"Customer {record.values['name']}"
        number = self.numbers[record.key]
        if kind == "payment" and record.kind is ListKind.PAYMENT:
            amount = amount_text(record.cents("amount_cents"))
            return f"Payment of {amount} on {day_text(record.day('paid_on'))} for invoice {number}"
        return f"Payment for invoice {number}" if kind == "payment" else f"Invoice {number}"


_CUSTOMER_DEFAULTS = fields.defaults(fields.CUSTOMER)
_INVOICE_DEFAULTS = fields.defaults(fields.INVOICE)
_PAYMENT_DEFAULTS = {
    **fields.defaults(fields.PAYMENT),
    "idempotency_key": None,
    "recorded_by": None,
    "fingerprint": None,
    "imported_version": None,
}
_RECORDS = (*fields.CUSTOMER, *fields.INVOICE)
_PARSERS: dict[Type, Callable[[str], date]] = {Type.DAY: date.fromisoformat, Type.MOMENT: datetime.fromisoformat}
_PARSED = {field.name: _PARSERS[field.type] for field in _RECORDS if field.type in _PARSERS}


def _invoice_columns(values: Mapping[str, Value], zone: ZoneInfo) -> dict[str, Any]:
    columns: dict[str, Any] = {name: value for name, value in values.items() if not name.startswith("state")}
    if "state" not in values:
        return columns
    state = values["state"]
    # Without a date in the workbook, the state starts at the date of issue: the invoice never counted.
    since = values.get("state_on") or values["issued_on"]
    assert isinstance(since, date)  # both are dates
    at = _start_of(since, zone)
    reason = values.get("state_reason") or ""
    columns["draft"] = state == "draft"
    columns["voided_at"], columns["void_reason"] = (at, reason) if state == "void" else (None, "")
    columns["written_off_at"], columns["write_off_reason"] = (at, reason) if state == "written off" else (None, "")
    return columns


def _with_own_fields(columns: Mapping[str, Any], stored: Mapping[str, str]) -> dict[str, Any]:
    if "own_fields" not in columns:
        return dict(columns)
    return {**columns, "own_fields": merged(stored, columns["own_fields"])}


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def _before(known: StoredCustomer | StoredInvoice) -> str:
    image = known._asdict()
    for derived in ("id", "customer_code"):
        image.pop(derived, None)
    if "customer_id" in image:
        image["customer"] = image.pop("customer_id")
    image["origin"] = image.pop("import_id")
    return json.dumps(image, default=lambda value: value.isoformat())


def _restored(image: dict[str, Any]) -> dict[str, Any]:
    return {name: _PARSED[name](value) if value and name in _PARSED else value for name, value in image.items()}
