"""Find each tab's header row and what its columns are, by comparing them with how people head their columns."""

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from app.workbook.reading.cells import Cell, Row, Sheet, clean_text

ROWS_SEARCHED = 30
_ERRORS_TAB = ("tab", "cell", "problem")
_LIKENESS = 0.9
_SHORTEST_LIKENED = 6
_KNOWN_BEFORE_LIKENESS_COUNTS = 2
IGNORED = "ignored"  # what a person chooses for a column that is neither read nor kept
OWN_MARK = "Own field:"  # begins a heading of an export that would be taken for one of ours


class Kind(StrEnum):
    """What the rows of a tab are."""

    CUSTOMER = "customer"
    INVOICE = "invoice"
    PAYMENT = "payment"


class Confidence(StrEnum):
    """How a column came to be read as a field."""

    EXACT = "certain"
    STRIPPED = "likely"
    LIKE = "a guess"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read as a field; `index` counts from 0."""

    index: int
    field: str
    header: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Header:
    """A tab's header row: what its rows are, and its columns, those that are read and those that are not.

    `ignored` are those that nobody knows, `dropped` those of which a person said that they are not to be kept either.
    """

    kind: Kind
    row: int
    columns: tuple[Column, ...]
    ignored: tuple[tuple[int, str], ...]
    fingerprint: str
    dropped: tuple[tuple[int, str], ...] = ()

    def column(self, field: str) -> Column | None:
        """Return the column that is read as the field."""
        return next((column for column in self.columns if column.field == field), None)


@dataclass(frozen=True, slots=True)
class ChosenMapping:
    """What a person said a header is: the kind of its rows (None: not read), and fields, or IGNORED, by column."""

    kind: Kind | None
    fields: dict[int, str]


def fields_of(kind: Kind) -> tuple[str, ...]:
    """Return the fields that a column of such a tab can be, the identifying ones first."""
    return tuple(_aliases()[kind])


def find_header(sheet: Sheet, chosen: dict[str, ChosenMapping]) -> Header | None:
    """Return the sheet's header, as chosen for its fingerprint if it was, else the likeliest; None if it has none."""
    candidates = list(_header_rows(sheet))
    for row in candidates:
        choice = chosen.get(fingerprint(row))
        if choice is not None:
            return _chosen_header(row, choice) if choice.kind else None
    best: tuple[float, Header] | None = None
    for row in candidates:
        for kind in Kind:
            header = _header(row, kind)
            if not _is_enough(header):
                continue
            score = _score(header, sheet.name)
            if best is None or score > best[0]:
                best = (score, header)
    return best[1] if best else None


def likeliest_header_row(sheet: Sheet) -> Row | None:
    """Return the row a person would take for the header of a tab that was not recognised: the first of the widest."""
    rows = list(_header_rows(sheet))
    return max(rows, key=lambda row: sum(isinstance(cell, str) for cell in row.cells), default=None)


def is_list_of_problems(sheet: Sheet) -> bool:
    """Tell whether this is the tab of problems that we added to the workbook ourselves."""
    return bool(sheet.rows) and tuple(map(normalised, sheet.rows[0].cells[:3])) == _ERRORS_TAB


def fingerprint(row: Row) -> str:
    """Return what a header is remembered by: its texts in their order, whatever the tab is called."""
    texts = [normalised(cell) for cell in row.cells]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def normalised(cell: Cell) -> str:
    """Return a header as it is compared: `InvoiceNo.`, `INVOICE #` and `invoice no` are one."""
    if not isinstance(cell, str):
        return ""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", clean_text(cell))
    text = text.replace("#", " no ").replace("№", " no ").casefold()
    return clean_text(re.sub(r"[^\w?]+", " ", text).replace("_", " "))


def is_own(cell: Cell) -> bool:
    """Tell whether the heading says itself that its column is none of ours."""
    return isinstance(cell, str) and clean_text(cell).startswith(OWN_MARK)


def is_known(heading: str) -> bool:
    """Tell whether a column of that heading could be read as a field, of any kind of record."""
    name, bare = normalised(heading), _without_unit(heading)
    return any(_match(name, bare, _aliases()[kind]) or _like(bare, _aliases()[kind]) for kind in Kind)


def _header_rows(sheet: Sheet) -> Iterator[Row]:
    for row in sheet.rows[:ROWS_SEARCHED]:
        if sum(isinstance(cell, str) and bool(clean_text(cell)) for cell in row.cells) >= 2:
            yield row


def _header(row: Row, kind: Kind) -> Header:
    aliases = _aliases()[kind]
    names = [(index, normalised(cell), _without_unit(cell)) for index, cell in enumerate(row.cells) if not is_own(cell)]
    matches = {index: found for index, name, bare in names if (found := _match(name, bare, aliases))}
    if len(matches) >= _KNOWN_BEFORE_LIKENESS_COUNTS:
        for index, _, bare in names:
            if index not in matches and (like := _like(bare, aliases)):
                matches[index] = like
    best: dict[str, int] = {}
    for index, (field, *claim) in matches.items():
        if field not in best or claim < list(matches[best[field]][1:]):
            best[field] = index
    columns = [
        Column(index, field, clean_text(str(row.cell(index))), list(Confidence)[matches[index][1]])
        for field, index in best.items()
    ]
    return _assembled(row, kind, columns)


def _chosen_header(row: Row, choice: ChosenMapping) -> Header:
    columns = [
        Column(index, field, clean_text(str(row.cell(index) or "")), Confidence.CHOSEN)
        for index, field in sorted(choice.fields.items())
    ]
    assert choice.kind is not None  # noqa: S101  # the caller has looked
    header = _assembled(row, choice.kind, columns)
    return replace(
        header,
        columns=tuple(column for column in header.columns if column.field != IGNORED),
        dropped=tuple((column.index, column.header) for column in header.columns if column.field == IGNORED),
    )


def _assembled(row: Row, kind: Kind, columns: list[Column]) -> Header:
    read = {column.index for column in columns}
    ignored = tuple(
        (index, clean_text(str(cell))) for index, cell in enumerate(row.cells) if cell is not None and index not in read
    )
    columns.sort(key=lambda column: column.index)
    return Header(kind, row.number, tuple(columns), ignored, fingerprint(row))


def _match(name: str, bare: str, aliases: dict[str, dict[str, int]]) -> tuple[str, int, int] | None:
    """Return the field, how sure the match is (0 is surest) and how high the name ranks among the field's."""
    for sureness, text in enumerate((name, bare)):
        for field, ranks in aliases.items():
            if text and text in ranks:
                return field, sureness, ranks[text]
    return None


def _like(bare: str, aliases: dict[str, dict[str, int]]) -> tuple[str, int, int] | None:
    if len(bare) < _SHORTEST_LIKENED:
        return None
    known = {alias: field for field, ranks in aliases.items() for alias in ranks if len(alias) >= _SHORTEST_LIKENED}
    for alias in difflib.get_close_matches(bare, known, n=1, cutoff=_LIKENESS):
        return known[alias], list(Confidence).index(Confidence.LIKE), aliases[known[alias]][alias]
    return None


def _without_unit(cell: Cell) -> str:
    """Return the header without what stands in brackets and without a currency at its end, as in `Amount (USD)`."""
    if not isinstance(cell, str):
        return ""
    text = re.sub(r"[(\[{].*?[)\]}]", " ", clean_text(cell))
    return re.sub(
        r"\s+(in )?(usd|eur|gbp|chf|cad|aud|nzd|inr|jpy|sek|nok|dkk|dd mm yyyy|mm dd yyyy)$", "", normalised(text)
    )


def _is_enough(header: Header) -> bool:
    fields = {column.field for column in header.columns}
    match header.kind:
        case Kind.INVOICE:
            return "number" in fields and bool(fields & {"total_cents", "balance_cents"}) and len(fields) >= 3
        case Kind.PAYMENT:
            return {"invoice_number", "amount_cents", "paid_on"} <= fields
        case Kind.CUSTOMER:
            return "name" in fields and len(fields) >= 2


def _score(header: Header, tab: str) -> float:
    """Return how likely the reading is: a point for each column that was recognised, less for a guess."""
    weights = {Confidence.EXACT: 1.0, Confidence.STRIPPED: 0.9, Confidence.LIKE: 0.6, Confidence.CHOSEN: 1.0}
    score = sum(weights[column.confidence] for column in header.columns)
    words = set(normalised(tab).split())
    if words & _tab_names()[header.kind]:
        score += 2.5
    # A list with amounts is not one of customers, and one that names no customer hardly one of invoices.
    if header.kind is Kind.CUSTOMER:
        ignored = {normalised(text) for _, text in header.ignored}
        score -= 2.0 * len(ignored & set(_aliases()[Kind.INVOICE]["total_cents"]))
    if header.kind is Kind.INVOICE and not (header.column("customer_code") or header.column("customer_name")):
        score -= 1.5
    return score


@cache
def _document() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "aliases.toml").read_text(encoding="utf-8"))


@cache
def _aliases() -> dict[Kind, dict[str, dict[str, int]]]:
    document = _document()
    return {
        kind: {
            field: {normalised(name): rank for rank, name in reversed(list(enumerate(names)))}
            for field, names in document[kind].items()
        }
        for kind in Kind
    }


@cache
def _tab_names() -> dict[Kind, set[str]]:
    return {kind: set(_document()["tab_names"][kind]) for kind in Kind}
