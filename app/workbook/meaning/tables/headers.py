"""The header of a table: what its rows are and what each column is, by headings and values."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import itemgetter

from app.workbook.meaning.cell_values.kinds import ColumnValues
from app.workbook.meaning.vocabulary.headings import Claim, ListKind, claims, fields_of, normalised
from app.workbook.meaning.vocabulary.words import documents, heading_words

__all__ = ["ChosenMapping", "Column", "Confidence", "Header", "HeaderLine", "ListKind", "fields_of"]

IGNORED = "ignored"  # the answer for a column that is not to be read


class Confidence(StrEnum):
    PROVEN = "proven"
    STATED = "said"
    GUESSED = "guessed"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Column:
    """`index` counts from 0."""

    index: int
    field: str
    header: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """The headings of a table, joined from up to three rows; `bare` has those of the lowest row only."""

    first_row: int
    row: int
    headings: tuple[str, ...]
    bare: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Return a hash of the headings in order, which identifies the header whatever the name of the tab."""
        texts = [normalised(text) for text in self.headings]
        while texts and not texts[-1]:
            texts.pop()
        return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()

    def claims(self, index: int, kind: ListKind) -> tuple[Claim, ...]:
        """Return what the column can be, by its full heading, else by the lowest row alone."""
        return claims(self.headings[index], kind) or claims(self.bare[index], kind)


@dataclass(frozen=True, slots=True)
class Header:
    """`ignored` are unknown columns; `dropped` are those that a person chose not to keep at all."""

    kind: ListKind
    row: int
    columns: tuple[Column, ...]
    ignored: tuple[tuple[int, str], ...]
    fingerprint: str
    dropped: tuple[tuple[int, str], ...] = ()

    def column(self, field: str) -> Column | None:
        return next((column for column in self.columns if column.field == field), None)

    def with_columns(self, columns: Iterable[Column], headings: Sequence[str]) -> "Header":
        kept = tuple(sorted(columns, key=lambda column: column.index))
        read = {column.index for column in kept} | {index for index, _ in self.dropped}
        rest = tuple((index, text) for index, text in enumerate(headings) if text and index not in read)
        return replace(self, columns=kept, ignored=rest)


@dataclass(frozen=True, slots=True)
class ChosenMapping:
    """A person's choice for a header: the kind of its rows (None: not read), and fields, or IGNORED, by column."""

    kind: ListKind | None
    fields: dict[int, str]


def recognised(line: HeaderLine, values: Sequence[ColumnValues], tab: str) -> tuple[float, Header] | None:
    """Return the most likely header with its score, or None if the line is not a header of a list we import."""
    headers = [header for kind in ListKind if _is_enough(header := _by_words(line, values, kind), tab)]
    return max(((_score(header, tab), header) for header in headers), key=itemgetter(0), default=None)


def chosen(line: HeaderLine, choice: ChosenMapping) -> Header | None:
    """Return None if the table is not to be read."""
    if choice.kind is None:
        return None
    columns = [
        Column(index, field, line.headings[index] if index < len(line.headings) else "", Confidence.CHOSEN)
        for index, field in choice.fields.items()
    ]
    dropped = tuple((column.index, column.header) for column in columns if column.field == IGNORED)
    columns = [column for column in columns if column.field != IGNORED]
    empty = Header(choice.kind, line.row, (), (), line.fingerprint, dropped)
    return empty.with_columns(columns, line.headings)


def _by_words(line: HeaderLine, values: Sequence[ColumnValues], kind: ListKind) -> Header:
    """Go by headings and values together; of two columns for one field the better claim wins."""
    has_values = any(held.filled for held in values)
    wanted = sorted(
        (not fits, claim, index)
        for index in range(len(line.headings))
        for claim, fits in _claims_that_fit(
            line.claims(index, kind), values[index] if has_values and index < len(values) else None
        )
    )
    taken: dict[int, Column] = {}
    fields: set[str] = set()
    for _, claim, index in wanted:
        if index not in taken and claim.field not in fields:
            confidence = Confidence.GUESSED if claim.is_guess else Confidence.STATED
            taken[index] = Column(index, claim.field, line.headings[index], confidence)
            fields.add(claim.field)
    columns = list(taken.values())
    if "currency" not in fields and kind is not ListKind.CUSTOMER:
        columns += _column_of_currencies(line, values, taken)
    if kind is ListKind.INVOICE:
        columns = _without_accounts(columns, line)
    empty = Header(kind, line.row, (), (), line.fingerprint)
    return empty.with_columns(columns, line.headings)


def _column_of_currencies(line: HeaderLine, values: Sequence[ColumnValues], taken: dict[int, Column]) -> list[Column]:
    """Find the column whose values are all currency signs or codes, whatever its heading."""
    for index, held in enumerate(values[: len(line.headings)]):
        if index not in taken and held.filled and held.currencies == held.filled:
            return [Column(index, "currency", line.headings[index], Confidence.PROVEN)]
    return []


def _claims_that_fit(found: Sequence[Claim], values: ColumnValues | None) -> list[tuple[Claim, bool]]:
    """Return the claims that the values support; if none, the first claim, so that its cells become problems."""
    if values is None:
        return [(claim, True) for claim in found]
    if not values.filled:
        return [(claim, True) for claim in found if not claim.is_guess]
    fitting = [(claim, True) for claim in found if values.fits(claim.field)]
    return fitting or [(claim, False) for claim in found[:1] if not claim.is_guess]


def _without_accounts(columns: list[Column], line: HeaderLine) -> list[Column]:
    """Treat account columns as customers only if no other column names customers."""
    customers = [column for column in columns if column.field in {"customer_name", "customer_code"}]
    accounts = [column for column in customers if heading_words(line.headings[column.index]).any("account")]
    if len(accounts) < len(customers):
        return [column for column in columns if column not in accounts]
    return columns


def _is_enough(header: Header, tab: str) -> bool:
    fields = {column.field for column in header.columns}
    match header.kind:
        case ListKind.INVOICE:
            has_money = bool(fields & {"total_cents", "balance_cents", "net_cents"})
            return "number" in fields and has_money and len(fields) >= 3
        case ListKind.PAYMENT:
            return {"invoice_number", "amount_cents", "paid_on"} <= fields
        case ListKind.CUSTOMER:
            return "name" in fields and len(fields) >= 2 and _names_customers(header, fields, tab)


def _names_customers(header: Header, fields: set[str], tab: str) -> bool:
    """Return whether a list of names is one of customers: it is called so, or it has fields that customers have."""
    read = [column for column in header.columns if column.field in {"name", "code"}]
    is_of_customers = "customer" in documents(tab) or any(
        heading_words(column.header).any("customer") for column in read
    )
    others = {kind for _, text in header.ignored for kind in documents(text)}
    others |= {kind for column in header.columns for kind in documents(column.header)} | documents(tab)
    if others & {"product", "staff", "purchase"} and not is_of_customers:
        return False
    if _is_of_invoices(header):
        return False  # each row is a debt of a customer, not a customer
    return is_of_customers or len(fields & {"email", "phone", "address", "terms_days"}) >= 2


def _is_of_invoices(header: Header) -> bool:
    texts = [*(text for _, text in header.ignored), *(column.header for column in header.columns)]
    found = {claim.field for text in texts for claim in claims(text, ListKind.INVOICE)[:1] if not claim.is_guess}
    owes = bool(found & {"total_cents", "balance_cents", "paid_cents"}) or any(
        heading_words(text).any("invoice") for text in texts
    )
    return "due_on" in found or ("issued_on" in found and owes)


def _score(header: Header, tab: str) -> float:
    score = sum(0.6 if column.confidence is Confidence.GUESSED else 1.0 for column in header.columns)
    if header.kind.value in documents(tab):
        score += 2.5
    # A list with amounts is not a list of customers; one without customers, or with days of payment alone, is hardly a
    # list of invoices.
    if header.kind is ListKind.CUSTOMER:
        amounts = [text for _, text in header.ignored if _is_total(text)]
        score -= 2.0 * len(amounts)
    if header.kind is ListKind.INVOICE and not (header.column("customer_code") or header.column("customer_name")):
        score -= 1.5
    if header.kind is ListKind.INVOICE and header.column("paid_on") and not header.column("issued_on"):
        score -= 1.5
    return score


def _is_total(text: str) -> bool:
    return any(claim.field == "total_cents" and not claim.is_guess for claim in claims(text, ListKind.INVOICE))
