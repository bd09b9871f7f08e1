"""Compare a workbook's records with the store: new, changed, unchanged, in conflict, missing from the file."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from zoneinfo import ZoneInfo

from app.domain.as_of import day_of
from app.domain.fields import CUSTOMER, INVOICE, PAYMENT, Field, own
from app.domain.import_summary import Written
from app.domain.invoice import Invoice
from app.domain.payment import Payment
from app.domain.sentences import amount_text, day_text
from app.store.ledger.snapshot import Snapshot, StoredCustomer, StoredInvoice, StoredPayment, compared
from app.workbook.meaning.cell_values.texts import as_read
from app.workbook.meaning.results.records import Checked, Key, Record, Value
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.reading.cells import clean_text


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


class Resolution(StrEnum):
    KEEP = "keep"
    TAKE = "take"
    ADD = "add"


Labelled = tuple[tuple[Resolution, str], ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """`by_row` is keyed `tab!row`, `others` are all others; None means undecided."""

    others: Resolution | None = None
    by_row: Mapping[str, Resolution] = field(default_factory=dict)

    def on(self, conflict: "RowChange") -> Resolution | None:
        """Return what was decided; None too if the conflict cannot take it."""
        decision = self.by_row.get(f"{conflict.tab}!{conflict.row}", self.others)
        possible = [one for one, _ in conflict.choices]
        if decision is not None and len(possible) == 1:
            return possible[0]
        return decision if decision in possible else None


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """`choices` are the decisions that a conflict can take, each with its label."""

    outcome: Outcome
    kind: ListKind
    tab: str
    row: int
    subject: str
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    choices: Labelled = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """A stored record imported from a tab of this name that the workbook no longer has; it is only reported."""

    kind: ListKind
    tab: str
    subject: str


@dataclass(slots=True)
class Difference:
    """`moved_invoices` maps keys of the workbook to invoices stored under another number, or for a renamed customer."""

    new_customers: list[Record] = field(default_factory=list)
    new_invoices: list[Record] = field(default_factory=list)
    new_payments: list[Record] = field(default_factory=list)
    changed_customers: list[tuple[StoredCustomer, Record]] = field(default_factory=list)
    changed_invoices: list[tuple[StoredInvoice, Record]] = field(default_factory=list)
    voided_payments: list[tuple[StoredPayment, Record]] = field(default_factory=list)
    moved_invoices: dict[Key, StoredInvoice] = field(default_factory=dict)
    changes: list[RowChange] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def written(self) -> Written:
        created = map(len, (self.new_customers, self.new_invoices, self.new_payments))
        return {
            "created": dict(zip(("customer", "invoice", "payment"), created, strict=True)),
            "changed": {"customer": len(self.changed_customers), "invoice": len(self.changed_invoices)},
            "voided": {"payment": len(self.voided_payments)},
        }

    @property
    def writes(self) -> int:
        return sum(count for counts in self.written.values() for count in counts.values())


def compare(checked: Checked, stored: Snapshot, zone: ZoneInfo, decisions: Decisions) -> Difference:
    """Return the difference; a conflict is written only where the workbook's values were chosen."""
    comparison = _Comparison(checked, stored, zone, decisions)
    comparison.run()
    return comparison.difference


class _Comparison:
    def __init__(self, checked: Checked, stored: Snapshot, zone: ZoneInfo, decisions: Decisions) -> None:
        self.checked = checked
        self.stored = stored
        self.zone = zone
        self.decisions = decisions
        self.difference = Difference()
        self.row_outcomes: dict[tuple[str, int], Outcome] = {}
        self.tabs = {tab.name for tab in checked.tabs if tab.kind}
        self.invoice_keys = {record.key for record in checked.invoices}
        self.numbers = Counter(record.key[0] for record in checked.invoices)
        self.new_codes = {record.key[0]: str(record.values["code"]) for record in checked.customers}
        self.has_payment_columns = {tab.name for tab in checked.tabs if tab.has_payment_columns}
        self.customer_rows = {tab.name for tab in checked.tabs if tab.kind is ListKind.CUSTOMER}

    def run(self) -> None:
        for record in self.checked.customers:
            self._customer(record)
        for record in self.checked.invoices:
            self._invoice(record)
        self._payments()
        self._missing()
        counts = Counter(outcome.value for outcome in self.row_outcomes.values())
        counts[Outcome.UNCHANGED] += self.checked.duplicate_rows
        self.difference.counts = counts

    # --- customers

    def _customer(self, record: Record) -> None:
        known = self.stored.customers.get(record.key[0])
        if known is None:
            self.difference.new_customers.append(record)
            self._note(record, Outcome.NEW, f"customer {record.values['name']}")
            return
        if record.tab not in self.customer_rows:
            return  # an invoice's row only names its customer; a stored customer stays as stored
        self._known(record, known, customer_values(known), f"customer {known.name}")

    # --- invoices

    def _invoice(self, record: Record) -> None:
        known = self._stored_invoice(record.key)
        moved: tuple[FieldChange, ...] = ()
        if known is None and (known := self._under_another_customer(record)):
            self.difference.moved_invoices[record.key] = known
            moved = (FieldChange("customer", known.customer_code, self._customer_code(record.key[1])),)
        if known is None and (known := self._under_another_number(record)):
            self.difference.moved_invoices[record.key] = known
        if known is None:
            self.difference.new_invoices.append(record)
            self._note(record, Outcome.NEW, f"invoice {record.values['number']}")
            return
        self._known(record, known, invoice_values(known, self.zone), f"invoice {known.number}", moved)

    def _stored_invoice(self, key: Key) -> StoredInvoice | None:
        return self.stored.invoices.get((key[0], key[1])) or self.difference.moved_invoices.get(key)

    def _under_another_customer(self, record: Record) -> StoredInvoice | None:
        """Return the invoice if it is stored for a customer that the workbook now names differently.

        Numbers may repeat among customers, so date and total must match too, and the old customer's invoice must be
        gone from the file.
        """
        owners = self.stored.customers_by_number.get(record.key[0], [])
        if len(owners) != 1 or (record.key[0], owners[0]) in self.invoice_keys:
            return None
        known = self.stored.invoices[record.key[0], owners[0]]
        same = (known.issued_on, known.total_cents) == (record.values["issued_on"], record.values["total_cents"])
        return known if same and known.import_id is not None and self.numbers[record.key[0]] == 1 else None

    def _under_another_number(self, record: Record) -> StoredInvoice | None:
        """Return the invoice if it was imported from this row and renumbered in the app since.

        The row must be unchanged since its import, or be in the same place with the same date.
        """
        place = (record.tab, record.row, record.values["issued_on"])
        for known in self.renumbered.get(record.key[1], ()):
            in_place = (known.import_tab, known.import_row, known.issued_on) == place
            if in_place or known.fingerprint == record.fingerprint():
                return known
        return None

    @cached_property
    def renumbered(self) -> dict[str, list[StoredInvoice]]:
        """Return the imported invoices that were edited in the app and whose number no row has, by customer."""
        found: dict[str, list[StoredInvoice]] = defaultdict(list)
        for key, known in self.stored.invoices.items():
            if known.fingerprint and known.version != known.imported_version and key not in self.invoice_keys:
                found[key[1]].append(known)
        return found

    def _customer_code(self, key: str) -> str:
        known = self.stored.customers.get(key)
        return known.code if known else self.new_codes.get(key, key)

    def _known(
        self,
        record: Record,
        known: StoredCustomer | StoredInvoice,
        current: Mapping[str, Value],
        subject: str,
        moved: tuple[FieldChange, ...] = (),
    ) -> None:
        """Classify a record that is stored already: the workbook's edit wins unless the app's data was edited too."""
        fields = moved + differing(record.values, current)
        if not fields or (not moved and record.fingerprint() == known.fingerprint):
            # Nothing differs, or the row is unchanged since its import and any edit was made in the app.
            self._note(record, Outcome.UNCHANGED, subject)
            return
        if known.version != known.imported_version:
            reason = "it was changed in the app since it was imported, and the workbook says something else again"
            if known.fingerprint is None:
                reason = "it was entered in the app, and the workbook says something else"
            if self._decided(record, subject, fields, reason, _OF_RECORDS) is not Resolution.TAKE:
                return
        else:
            self._note(record, Outcome.CHANGED, subject, fields)
        if isinstance(known, StoredCustomer):
            self.difference.changed_customers.append((known, record))
        else:
            self.difference.changed_invoices.append((known, record))

    # --- payments

    def _payments(self) -> None:
        by_invoice: dict[Key, list[Record]] = defaultdict(list)
        for record in self.checked.payments:
            by_invoice[record.key].append(record)
        has_payments_tab = any(tab.kind is ListKind.PAYMENT and tab.rows for tab in self.checked.tabs)
        for invoice in self.checked.invoices:
            # Include invoices without payments in the workbook: they may have stored payments that the workbook lost.
            by_invoice.setdefault(invoice.key, [])
        rows = {invoice.key: invoice for invoice in self.checked.invoices}
        for key, records in by_invoice.items():
            known = self._stored_invoice(key)
            stored = list(self.stored.payments.get(known.id, ())) if known else []
            voided = list(self.stored.payments_voided_in_app.get(known.id, ())) if known else []
            if has_payments_tab:
                self._listed_payments(key, records, stored, voided)
            elif records or (stored and rows[key].tab in self.has_payment_columns):
                self._carried_payment(rows[key], records[0] if records else None, stored, voided)

    def _listed_payments(
        self, key: Key, records: list[Record], stored: list[StoredPayment], voided: list[StoredPayment]
    ) -> None:
        """Match rows with stored payments: by date and amount first, then as edits."""
        unmatched = list(stored)
        left: list[Record] = []
        for record in records:
            if same := _same_payment(record, unmatched):
                unmatched.remove(same)
                self._matched(record, same)
            elif same := _same_payment(record, voided):
                voided.remove(same)
                self._note(record, Outcome.UNCHANGED, "")  # voided in the app: the sheet is outdated
            else:
                left.append(record)
        from_workbook = [payment for payment in unmatched if payment.import_id is not None]
        from_app = [payment for payment in unmatched if payment.import_id is None]
        for record in left:
            subject = f"payment for invoice {self._number(key)}"
            edited = next((payment for payment in from_workbook if self._is_edited(record, payment)), None)
            if edited:
                from_workbook.remove(edited)
                self._changed_payment(record, edited, subject)
            elif from_app:
                self._conflicting_payment(record, subject, from_app.pop(0))
            else:
                self.difference.new_payments.append(record)
                self._note(record, Outcome.NEW, subject)
        for payment in () if self._is_broken(ListKind.PAYMENT, key[0]) else from_workbook:
            paid = f"payment of {amount_text(payment.amount_cents)} on {day_text(payment.paid_on)}"
            self._note_missing(ListKind.PAYMENT, payment, f"{paid} for invoice {self._number(key)}")

    def _is_edited(self, record: Record, payment: StoredPayment) -> bool:
        """Return whether the row is an edited version of the payment, not another payment.

        Two of three must hold: the row is in the payment's place; date or amount match; the tab is the list that the
        payment came from with rows added, and not a list of this month's payments only.
        """
        if record.tab != payment.import_tab:
            return False
        in_place = record.row == payment.import_row
        alike = record.values["paid_on"] == payment.paid_on or record.values["amount_cents"] == payment.amount_cents
        return in_place + alike + (record.tab in self.grown_tabs) >= 2

    @cached_property
    def grown_tabs(self) -> set[str]:
        """Return the tabs that still have at least half of the stored payments imported from a tab of that name."""
        listed = {
            (record.key, record.values["paid_on"], record.values["amount_cents"]) for record in self.checked.payments
        }
        stored: Counter[str] = Counter()
        still_there: Counter[str] = Counter()
        for key, invoice in self.stored.invoices.items():
            for payment in self.stored.payments.get(invoice.id, ()):
                if payment.import_tab:
                    stored[payment.import_tab] += 1
                    still_there[payment.import_tab] += (key, payment.paid_on, payment.amount_cents) in listed
        return {tab for tab, count in stored.items() if still_there[tab] * 2 >= count}

    def _matched(self, record: Record, payment: StoredPayment) -> None:
        fields = differing(record.values, payment_values(payment))
        if not fields or payment.import_id is None:
            self._note(record, Outcome.UNCHANGED, "")
            return
        self._changed_payment(record, payment, f"payment for invoice {self._number(record.key)}")

    def _changed_payment(self, record: Record, payment: StoredPayment, subject: str) -> None:
        """Void the imported payment and record the row's values as a new one: payments are never edited."""
        self.difference.voided_payments.append((payment, record))
        self.difference.new_payments.append(record)
        self._note(record, Outcome.CHANGED, subject, differing(record.values, payment_values(payment)))

    def _conflicting_payment(self, record: Record, subject: str, payment: StoredPayment) -> None:
        reason = (
            f"a payment of {amount_text(payment.amount_cents)} on {day_text(payment.paid_on)} was recorded in the app, "
            "and the workbook has another one: is this the same payment?"
        )
        fields = differing(record.values, payment_values(payment))
        choices = _OF_BOUND_PAYMENTS if payment.is_bound else _OF_PAYMENTS
        decision = self._decided(record, subject, fields, reason, choices)
        if decision is Resolution.TAKE:
            self.difference.voided_payments.append((payment, record))
        if decision in {Resolution.TAKE, Resolution.ADD}:
            self.difference.new_payments.append(record)

    def _carried_payment(
        self, row: Record, record: Record | None, stored: list[StoredPayment], voided: list[StoredPayment]
    ) -> None:
        from_app = [payment for payment in stored if payment.import_id is None]
        from_workbook = [payment for payment in stored if payment.import_id is not None]
        imported = sum(payment.amount_cents for payment in from_workbook)
        everything = imported + sum(payment.amount_cents for payment in from_app)
        stated = record.cents("amount_cents") if record else 0
        stated_on = record.values["paid_on"] if record else None
        last_on = max((payment.paid_on for payment in from_workbook), default=None)
        subject = f"payment for invoice {row.values['number']}"
        before_voiding = imported + sum(payment.amount_cents for payment in voided)
        is_known = stated in {imported, everything, before_voiding}
        if is_known and (from_app or voided or stated_on == last_on or stated == 0):
            self._note(record or row, Outcome.UNCHANGED, subject)
            return
        paid = (
            FieldChange("paid_cents", amount_text(imported), amount_text(stated)),
            FieldChange("paid_on", _shown(last_on), _shown(stated_on)),
        )
        fields = tuple(change for change in paid if change.old != change.new)
        if from_app:
            in_app = amount_text(everything - imported)
            more = stated - everything
            beyond = f"taking the workbook's side records the {amount_text(more)} that it has beyond them"
            outcome = f"they stay, and {beyond}" if more > 0 else "they stay as they are"
            reason = f"payments of {in_app} were recorded in the app, and a row cannot tell which it counts: {outcome}"
            choices = _OF_SUMS if more > 0 else _OF_SMALLER_SUMS
            decision = self._decided(record or row, subject, fields, reason, choices)
            if record and more > 0 and decision is Resolution.TAKE:
                self.difference.new_payments.append(_part_of(record, more))
            return
        self._note(record or row, Outcome.CHANGED if stored else Outcome.NEW, subject, fields if stored else ())
        if record is None:
            self.difference.voided_payments.extend((payment, row) for payment in from_workbook)
        elif stored and stated > imported and isinstance(stated_on, date) and last_on and stated_on > last_on:
            # More was paid on a later date: earlier payments keep their own date.
            self.difference.new_payments.append(_part_of(record, stated - imported))
        else:
            self.difference.voided_payments.extend((payment, record) for payment in from_workbook)
            self.difference.new_payments.append(record)

    # --- records missing from the workbook

    def _missing(self) -> None:
        customers = {record.key[0] for record in self.checked.customers}
        customers |= {record.key[1] for record in self.checked.invoices}
        for code, customer in self.stored.customers.items():
            if code not in customers and not self._is_broken(ListKind.CUSTOMER, code, compared(customer.name)):
                self._note_missing(ListKind.CUSTOMER, customer, f"customer {customer.name}")
        moved = {invoice.id for invoice in self.difference.moved_invoices.values()}
        for key, invoice in self.stored.invoices.items():
            is_there = key in self.invoice_keys or invoice.id in moved
            if not is_there and not self._is_broken(ListKind.INVOICE, key[0]):
                self._note_missing(ListKind.INVOICE, invoice, f"invoice {invoice.number}")

    def _is_broken(self, kind: ListKind, *names: str) -> bool:
        """Return whether the record is in an unreadable row, which is a problem and not a missing record."""
        return any((kind, name) in self.checked.broken for name in names)

    def _note_missing(
        self, kind: ListKind, known: StoredCustomer | StoredInvoice | StoredPayment, subject: str
    ) -> None:
        if known.import_id and known.import_tab in self.tabs:
            self.difference.missing.append(Missing(kind, str(known.import_tab), subject))

    def _decided(
        self,
        record: Record,
        subject: str,
        fields: tuple[FieldChange, ...],
        reason: str,
        choices: Labelled,
    ) -> Resolution | None:
        """Note the conflict and return what was decided about it."""
        conflict = RowChange(Outcome.CONFLICT, record.kind, record.tab, record.row, subject, fields, reason, choices)
        self._note_change(record, conflict)
        return self.decisions.on(conflict)

    def _number(self, key: Key) -> str:
        known = self._stored_invoice(key)
        return known.number if known else key[0]

    def _note(self, record: Record, outcome: Outcome, subject: str, fields: tuple[FieldChange, ...] = ()) -> None:
        self._note_change(record, RowChange(outcome, record.kind, record.tab, record.row, subject, fields))

    def _note_change(self, record: Record, change: RowChange) -> None:
        if record.kind is not ListKind.CUSTOMER or record.tab in self.customer_rows:
            place = (record.tab, record.row)
            self.row_outcomes[place] = _more_important(self.row_outcomes.get(place), change.outcome)
        if change.outcome is not Outcome.UNCHANGED:
            self.difference.changes.append(change)


_OF_RECORDS: Labelled = ((Resolution.KEEP, "Keep ours"), (Resolution.TAKE, "Use the workbook’s"))
_OF_PAYMENTS: Labelled = (
    (Resolution.KEEP, "Same payment: keep ours"),
    (Resolution.TAKE, "Same payment: use the workbook’s"),
    (Resolution.ADD, "Two payments: add it"),
)
# A payment that was recorded together with others, or moved as credit, is only voided together with them.
_OF_BOUND_PAYMENTS: Labelled = (_OF_PAYMENTS[0], _OF_PAYMENTS[2])
_OF_SUMS: Labelled = ((Resolution.KEEP, "Keep ours"), (Resolution.TAKE, "Add what the workbook has beyond them"))
_OF_SMALLER_SUMS: Labelled = ((Resolution.KEEP, "Keep ours"),)


def customer_values(customer: StoredCustomer) -> dict[str, Value]:
    return dict(zip(_CUSTOMER, _customer(customer), strict=True))


def invoice_values(invoice: StoredInvoice | Invoice, zone: ZoneInfo) -> dict[str, Value]:
    state, at, reason = "", None, ""
    if invoice.draft:
        state = "draft"
    elif invoice.voided_at:
        state, at, reason = "void", invoice.voided_at, invoice.void_reason
    elif invoice.written_off_at:
        state, at, reason = "written off", invoice.written_off_at, invoice.write_off_reason
    state_values = {"state": state, "state_on": day_of(at, zone), "state_reason": reason}
    return {**dict(zip(_INVOICE, _invoice(invoice), strict=True)), **state_values}


def payment_values(payment: StoredPayment | Payment) -> dict[str, Value]:
    return dict(zip(_PAYMENT, _payment(payment), strict=True))


def _same_names(described: Iterable[Field]) -> tuple[str, ...]:
    return tuple(field.name for field in described if field.is_exported and field.record == field.name)


_CUSTOMER, _INVOICE, _PAYMENT = map(_same_names, (CUSTOMER, INVOICE, PAYMENT))
_customer, _invoice, _payment = (attrgetter(*names) for names in (_CUSTOMER, _INVOICE, _PAYMENT))


def differing(imported: Mapping[str, Value], current: Mapping[str, Value]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, _field(name, stored), _field(name, value))
        for name, stored, value in _field_pairs(imported, current)
        if stored != value and not _reads_the_same(stored, value)
    )


def _field_pairs(imported: Mapping[str, Value], current: Mapping[str, Value]) -> Iterator[tuple[str, Value, Value]]:
    for name, value in imported.items():
        stored = current.get(name)
        if isinstance(value, Mapping) and isinstance(stored, Mapping):
            yield from ((own(key), stored.get(key, ""), text) for key, text in value.items())
        else:
            yield name, stored, value


def _reads_the_same(stored: Value, imported: Value) -> bool:
    """Return whether two texts differ only in characters that a cell cannot hold: odd spaces, control characters."""
    if not isinstance(stored, str) or not isinstance(imported, str):
        return False
    return as_read(stored) == as_read(imported) or ("\n" not in imported and clean_text(stored) == clean_text(imported))


def _same_payment(record: Record, stored: Iterable[StoredPayment]) -> StoredPayment | None:
    wanted = record.values["paid_on"], record.values["amount_cents"]
    return next((payment for payment in stored if (payment.paid_on, payment.amount_cents) == wanted), None)


def _part_of(record: Record, cents: int) -> Record:
    return replace(record, values={**record.values, "amount_cents": cents})


def _more_important(one: Outcome | None, other: Outcome) -> Outcome:
    if one is None or one is other:
        return other
    both = {one, other}
    if Outcome.CONFLICT in both:
        return Outcome.CONFLICT
    # An unchanged invoice with a new payment is changed; a new invoice is new, whatever else its row has.
    return Outcome.NEW if both == {Outcome.NEW, Outcome.CHANGED} else Outcome.CHANGED


def _field(name: str, value: Value) -> str:
    return amount_text(value) if name.endswith("_cents") and isinstance(value, int) else _shown(value)


def _shown(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case date():
            return day_text(value)
        case _:
            return str(value)
