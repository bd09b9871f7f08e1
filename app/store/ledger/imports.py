"""Imports: uploaded workbooks, their states and what they changed; remembered column mappings and answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from peewee import JOIN, fn

from app.domain.sentences import amount_text, count_text, day_text
from app.store.db.missing_records import existing_or_raise
from app.store.db.tables import (
    ColumnMappingModel,
    CustomerModel,
    ImportedRowModel,
    ImportModel,
    InvoiceModel,
    PaymentModel,
    RememberedAnswerModel,
    ScopeModel,
    UserModel,
)

MOST_DEPENDENTS = 20
_MOST_FAILED = 50


class State(StrEnum):
    """The state of an import; in the first three the worker still has to process it."""

    READING = "reading"
    APPLYING = "applying"
    UNDOING = "undoing"
    PREVIEWED = "previewed"
    APPLIED = "applied"
    UNDONE = "undone"
    FAILED = "failed"

    @property
    def is_in_work(self) -> bool:
        return self in {State.READING, State.APPLYING, State.UNDOING}


class Source(StrEnum):
    """How an import came by itself; nothing for one that a person, or a program in a person's place, uploaded."""

    UPLOAD = ""
    MAIL = "mail"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class ImportOrigin:
    """`sender` is the address that a mail came from, `inbox_name` the percent-encoded name of a file in the inbox.

    An import with a `request_key` is received once, however often it is sent.
    """

    source: Source = Source.UPLOAD
    sender: str = ""
    inbox_name: str = ""
    request_key: str | None = None


@dataclass(frozen=True, slots=True)
class StoredImport:
    """`failure` is why the last step failed or was refused, one sentence.

    `tries` is how often the worker began what the state says: more than once if it was killed at it. `begun_at` is when
    it began its latest step.
    `apply_when_clean` is set by an API client: apply the import without a confirmation if nothing needs an answer.
    """

    id: int
    file_name: str
    sha256: str
    size_bytes: int
    stored_file: str
    state: State
    choices: dict[str, Any]
    counts: dict[str, int]
    control_totals: list[dict[str, Any]]
    failure: str
    tries: int
    uploaded_by: str
    uploaded_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    apply_when_clean: bool = False
    source: Source = Source.UPLOAD
    sender: str = ""
    request_key: str | None = None
    inbox_name: str = ""
    filed_at: datetime | None = None
    report_sent_at: datetime | None = None
    report_recipient: str = ""
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowAction:
    tab: str
    row: int
    kind: str
    action: str
    record_id: int
    before: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Dependent:
    """An invoice or customer, and what happened to it after an import."""

    kind: str
    id: int
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind.capitalize()} {self.name} {self.what}."


@dataclass(frozen=True, slots=True)
class Dependents:
    """The first of them, and how many there are."""

    shown: list[Dependent]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.shown)

    def sentences(self) -> list[str]:
        more = [f"And {count_text(self.more)} more."] if self.more else []
        return [*map(str, self.shown), *more]


def create(
    state: State,
    now: datetime,
    *,
    user_id: int | None = None,
    apply_when_clean: bool = False,
    origin: ImportOrigin | None = None,
    **file: str | int,
) -> int:
    """`file` has its columns: file_name, sha256, size_bytes and stored_file."""
    columns = {"file_name": "", "sha256": "", "size_bytes": 0, "stored_file": "", **file}
    return ImportModel.create(
        state=state,
        uploaded_by=user_id,
        uploaded_at=now,
        apply_when_clean=apply_when_clean,
        **asdict(origin or ImportOrigin()),
        **columns,
    ).id


def get(import_id: int) -> StoredImport | None:
    return next(iter(_imports(_selected().where(ImportModel.id == import_id))), None)


def existing(import_id: int) -> StoredImport:
    """Raise MissingError if there is none."""
    return existing_or_raise(get(import_id), "import")


def latest_with_content(sha256: str, states: tuple[State, ...]) -> StoredImport | None:
    same = _selected().where(ImportModel.sha256 == sha256, ImportModel.state.in_(states))
    return next(iter(_imports(same.order_by(ImportModel.id.desc()).limit(1))), None)


def with_request_key(key: str) -> StoredImport | None:
    return next(iter(_imports(_selected().where(ImportModel.request_key == key))), None)


def not_filed() -> list[StoredImport]:
    """Return the imports whose file was not yet moved out of the inbox folder, oldest first."""
    waits = (ImportModel.inbox_name != "") & ImportModel.filed_at.is_null()
    return _imports(_selected().where(waits).order_by(ImportModel.id))


def come_by_themselves(limit: int) -> list[StoredImport]:
    """Return the imports that came by mail or by the inbox folder, newest first."""
    came = ImportModel.source.in_([Source.MAIL, Source.FOLDER])
    return _imports(_selected().where(came).order_by(ImportModel.id.desc()).limit(limit))


def note_filed(import_id: int, now: datetime) -> None:
    """Note that the file of the import was moved out of the inbox folder."""
    ImportModel.update(filed_at=now).where(ImportModel.id == import_id).execute()


def note_report(import_id: int, recipient: str, now: datetime) -> bool:
    """Note that the report was sent; return whether that was not noted before."""
    is_first = (ImportModel.id == import_id) & ImportModel.report_sent_at.is_null()
    return ImportModel.update(report_sent_at=now, report_recipient=recipient).where(is_first).execute() == 1


def newest_first(limit: int = 200) -> list[StoredImport]:
    return _imports(_selected().order_by(ImportModel.id.desc()).limit(limit))


def following(after_id: int, length: int) -> list[StoredImport]:
    """Return the next `length` imports with an id above `after_id`, by id (keyset pagination)."""
    return _imports(_selected().where(ImportModel.id > after_id).order_by(ImportModel.id).limit(length))


def in_work() -> list[StoredImport]:
    """Return the imports that the worker still has to process, oldest first."""
    return _imports(_selected().where(_is_in_work()).order_by(ImportModel.id))


def is_any_in_work_or_failed(since: datetime) -> bool:
    """Return whether `in_work` or `failed_since` would return any."""
    return bool(ImportModel.select().where(_is_in_work() | _has_failed(since)).exists())


def failed_since(moment: datetime) -> list[StoredImport]:
    """Return the newest imports whose last step failed since the moment, newest first."""
    found = _selected().where(_has_failed(moment))
    return _imports(found.order_by(ImportModel.id.desc()).limit(_MOST_FAILED))


def stored_file_names() -> set[str]:
    rows: Any = ImportModel.select(ImportModel.stored_file).tuples()
    return {name for (name,) in rows}


def count_by_state() -> dict[State, int]:
    counted: Any = ImportModel.select(ImportModel.state, fn.COUNT(ImportModel.id)).group_by(ImportModel.state).tuples()
    found = {State(state): int(count) for state, count in counted}
    return {state: found.get(state, 0) for state in State}


def change(import_id: int, **values: Any) -> None:
    columns = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in values.items()}
    ImportModel.update(**columns).where(ImportModel.id == import_id).execute()


def claim(import_id: int, expected: tuple[State, ...], state: State, failure: str = "") -> bool:
    """Move an import to `state` if it is in an expected one, and return whether it was.

    Of two concurrent calls, one succeeds.
    """
    is_expected = (ImportModel.id == import_id) & ImportModel.state.in_(expected)
    return ImportModel.update(state=state, failure=failure, tries=0).where(is_expected).execute() == 1


def count_try(begun: StoredImport, now: datetime) -> bool:
    """Count that the worker begins what the import's state says; return whether the import still is in that state."""
    return ImportModel.update(tries=ImportModel.tries + 1, begun_at=now).where(_is_as(begun)).execute() == 1


def end_step(begun: StoredImport, state: State, failure: str = "") -> bool:
    """Move an import on from the state in which the worker began with it, and return whether it was still in it."""
    return ImportModel.update(state=state, failure=failure, tries=0).where(_is_as(begun)).execute() == 1


def _is_as(begun: StoredImport) -> Any:
    # The id of a discarded import can be used again: its content and moment tell the next one from it.
    same = (ImportModel.sha256 == begun.sha256) & (ImportModel.uploaded_at == begun.uploaded_at)
    return (ImportModel.id == begun.id) & (ImportModel.state == begun.state) & same


def delete(import_id: int, expected: tuple[State, ...]) -> bool:
    """Return whether the import was in an expected state, and so is deleted."""
    return ImportModel.delete().where((ImportModel.id == import_id) & ImportModel.state.in_(expected)).execute() == 1


def row_actions(import_id: int) -> Iterator[RowAction]:
    row = ImportedRowModel
    columns = (row.tab, row.row, row.kind, row.action, row.record_id, row.before)
    query: Any = row.select(*columns).where(row.origin == import_id).order_by(row.id)
    for *facts, before in query.tuples().iterator():
        facts.append(json.loads(before) if before else None)
        yield RowAction(*facts)


def dependents_of(import_id: int) -> Dependents:
    """Return the later records and changes that depend on the import and prevent its undo."""
    shown: list[Dependent] = []
    count = 0
    for query, subject, what in _dependents(import_id):
        count += query.count()
        for found, name, *facts in query.limit(MOST_DEPENDENTS - len(shown)).tuples():
            shown.append(Dependent(subject, found, name, what.format(*map(_fact, facts))))
    return Dependents(shown, count)


def _dependents(import_id: int) -> list[tuple[Any, str, str]]:
    """Return queries of the id and name of a subject and of facts, with the words for them."""
    invoice, customer = InvoiceModel, CustomerModel
    return [
        (_later_payments(import_id), "invoice", "has a payment of {} on {} that did not come from this import"),
        (_edited(import_id, "invoice", invoice, invoice.number), "invoice", "was changed after this import"),
        (_edited(import_id, "customer", customer, customer.name), "customer", "was changed after this import"),
        (_later_invoices(import_id), "customer", "has invoice {}, which did not come from this import"),
        (_scoped(import_id), "customer", "is one of those to which {} is limited"),
        (_voided_since(import_id), "invoice", "has a payment of {}, which was voided after this import"),
    ]


def _fact(value: object) -> str:
    if isinstance(value, date):
        return day_text(value)
    return amount_text(value) if isinstance(value, int) else str(value)  # the only whole numbers are cents


def remembered_mappings() -> dict[str, dict[str, Any]]:
    return {row.header_fingerprint: json.loads(row.mapping) for row in ColumnMappingModel.select()}


def remember_mapping(header_fingerprint: str, mapping: Mapping[str, Any], user_id: int | None, now: datetime) -> None:
    values = {"mapping": json.dumps(mapping), "chosen_by": user_id, "chosen_at": now}
    _remember(ColumnMappingModel.header_fingerprint, header_fingerprint, values)


def forget_mapping(header_fingerprint: str) -> None:
    ColumnMappingModel.delete().where(ColumnMappingModel.header_fingerprint == header_fingerprint).execute()


def remembered_answers() -> dict[str, str]:
    rows: Any = RememberedAnswerModel.select(RememberedAnswerModel.shape, RememberedAnswerModel.answer).tuples()
    return dict(rows)


def remember_answer(shape: str, question: str, answer: str, now: datetime) -> None:
    _remember(RememberedAnswerModel.shape, shape, {"question": question, "answer": answer, "answered_at": now})


def forget_answer(shape: str) -> None:
    RememberedAnswerModel.delete().where(RememberedAnswerModel.shape == shape).execute()


def _remember(key: Any, value: str, others: Mapping[str, Any]) -> None:
    known = key.model.insert({key.name: value, **others})
    known.on_conflict(conflict_target=[key], preserve=[key.model._meta.fields[name] for name in others]).execute()


def _selected() -> Any:
    columns = [field for field in ImportModel._meta.sorted_fields if field.name != "uploaded_by"]
    return ImportModel.select(*columns, fn.COALESCE(UserModel.email, "").alias("uploaded_by")).join(
        UserModel, JOIN.LEFT_OUTER, on=(ImportModel.uploaded_by == UserModel.id)
    )


def _is_in_work() -> Any:
    return ImportModel.state.in_([state for state in State if state.is_in_work])


def _has_failed(since: datetime) -> Any:
    is_back = ImportModel.state.in_([State.PREVIEWED, State.APPLIED]) & (ImportModel.failure != "")
    is_recent = fn.COALESCE(ImportModel.begun_at, ImportModel.uploaded_at) >= since
    return ((ImportModel.state == State.FAILED) | is_back) & is_recent


def _imports(query: Any) -> list[StoredImport]:
    rows = list(query.dicts())
    for row in rows:
        row |= {name: json.loads(row[name]) for name in ("choices", "counts", "control_totals")}
        row |= {"state": State(row["state"]), "source": Source(row["source"])}
    return [StoredImport(**row) for row in rows]


def _created(import_id: int, kind: str) -> Any:
    return _acted_on(import_id, kind).where(ImportedRowModel.action == "created")


def _acted_on(import_id: int, kind: str) -> Any:
    return ImportedRowModel.select(ImportedRowModel.record_id).where(
        (ImportedRowModel.origin == import_id) & (ImportedRowModel.kind == kind)
    )


def _later_payments(import_id: int) -> Any:
    """Select payments of other origin: all for invoices it created, later ones where it changed payments."""
    is_other = PaymentModel.origin.is_null() | (PaymentModel.origin != import_id)
    applied_at = ImportModel.select(ImportModel.applied_at).where(ImportModel.id == import_id)
    paid = PaymentModel.alias("paid")
    touched = paid.select(paid.invoice).where(paid.id.in_(_acted_on(import_id, "payment")))
    is_for_created = InvoiceModel.id.in_(_created(import_id, "invoice"))
    is_later = InvoiceModel.id.in_(touched) & (PaymentModel.recorded_at > applied_at)
    return (
        PaymentModel.select(InvoiceModel.id, InvoiceModel.number, PaymentModel.amount_cents, PaymentModel.paid_on)
        .join(InvoiceModel)
        .where(is_other & (is_for_created | is_later))
        .order_by(PaymentModel.id)
    )


def _later_invoices(import_id: int) -> Any:
    return (
        InvoiceModel.select(CustomerModel.id, CustomerModel.name, InvoiceModel.number)
        .join(CustomerModel)
        .where(
            CustomerModel.id.in_(_created(import_id, "customer"))
            & InvoiceModel.id.not_in(_acted_on(import_id, "invoice"))
        )
        .order_by(InvoiceModel.id)
    )


def _scoped(import_id: int) -> Any:
    """Select users whose scope names a customer that this import created: its deletion would shrink the scope."""
    return (
        ScopeModel.select(CustomerModel.id, CustomerModel.name, UserModel.email)
        .join(UserModel)
        .switch(ScopeModel)
        .join(CustomerModel)
        .where(CustomerModel.id.in_(_created(import_id, "customer")))
        .order_by(ScopeModel.id)
    )


def _edited(import_id: int, kind: str, table: Any, label: Any) -> Any:
    return (
        table.select(table.id, label)
        .join(ImportedRowModel, on=((ImportedRowModel.record_id == table.id) & (ImportedRowModel.kind == kind)))
        .where((ImportedRowModel.origin == import_id) & (table.version != ImportedRowModel.record_version))
        .order_by(table.id)
    )


def _voided_since(import_id: int) -> Any:
    return (
        PaymentModel.select(InvoiceModel.id, InvoiceModel.number, PaymentModel.paid_on)
        .join(InvoiceModel)
        .where(PaymentModel.id.in_(_created(import_id, "payment")) & PaymentModel.voided_at.is_null(is_null=False))
        .order_by(PaymentModel.id)
    )
