"""Meanings of a heading: the fields that its words allow, and how certain they are."""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from app.workbook.meaning.vocabulary.currencies import without_currency
from app.workbook.meaning.vocabulary.words import Words, counts_something_else, folded, heading_words, is_share
from app.workbook.reading.cells import Cell, clean_text


class ListKind(StrEnum):
    CUSTOMER = "customer"
    INVOICE = "invoice"
    PAYMENT = "payment"


OWN_MARK = "Own field:"  # prefix of an exported heading that would otherwise be taken for one of our fields
FIGURES_OF_INVOICE = ("paid", "left", "status", "late")
_FIGURE_OF_A_DAY = re.compile(rf"As of (?:\d{{4}}-\d\d-\d\d)?: (?:{'|'.join(FIGURES_OF_INVOICE)})")
MONEY = {
    ListKind.CUSTOMER: (),
    ListKind.INVOICE: ("total_cents", "paid_cents", "balance_cents", "net_cents", "tax_cents", "discount_cents"),
    ListKind.PAYMENT: ("amount_cents",),
}
_IMPORTANT = {"number", "invoice_number", "customer_code", "customer_name", "issued_on", "due_on", "paid_on"}
_COMPOSED = 100  # a heading understood word by word ranks after one known as a whole
_WEAK = 50


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A field that a heading can mean. `is_guess`: a word is unknown. Of two columns the lower rank wins."""

    is_guess: bool
    rank: int
    field: str


def fields_of(kind: ListKind) -> tuple[str, ...]:
    return (*_aliases()[kind], *MONEY[kind], *(() if kind is ListKind.CUSTOMER else ("type",)))


def normalised(cell: Cell) -> str:
    return folded(cell) if isinstance(cell, str) else ""


def is_figure_of_a_day(text: str) -> bool:
    """Return whether the heading is one of the computed figures in our own invoice exports."""
    return bool(_FIGURE_OF_A_DAY.fullmatch(text))


def is_known(text: str) -> bool:
    return any(claims(text, kind) for kind in ListKind)


def is_important(field: str, kind: ListKind) -> bool:
    """Return whether a guess at the field must be a question."""
    return field in _IMPORTANT or field in MONEY[kind]


@lru_cache(maxsize=8_000)
def claims(text: str, kind: ListKind) -> tuple[Claim, ...]:
    """Return the fields that the heading can mean in such a table, most likely first."""
    if clean_text(text).startswith(OWN_MARK) or is_figure_of_a_day(text):
        return ()
    bare = without_unit(text)
    names = dict.fromkeys((folded(text), folded(bare)))
    found = {
        field: Claim(is_guess=False, rank=ranks[name], field=field)
        for name in reversed(names)
        for field, ranks in _aliases()[kind].items()
        if name and name in ranks
    }
    for claim in _composed(heading_words(bare), kind):
        if not (
            claim.field.endswith("_cents") and (is_share(text) or (claim.is_guess and counts_something_else(text)))
        ):
            found.setdefault(claim.field, claim)
    return tuple(sorted(found.values()))


def without_unit(text: str) -> str:
    return without_currency(re.sub(r"[(\[{].*?[)\]}]", " ", clean_text(text)))


def _composed(words: Words, kind: ListKind) -> list[Claim]:
    fields = _invoice_fields(words)
    if kind is ListKind.PAYMENT:
        fields = _payment_fields(words, fields)
    elif kind is ListKind.CUSTOMER:
        fields = _customer_fields(words, fields)
    # A price may be a unit price.
    is_guess = bool(words.unknown) or words.meanings - {"small", "invoice", "total"} == {"price"}
    # With an unknown word, an important field is a guess, which becomes a question; other fields are dropped.
    return [
        Claim(is_guess, _COMPOSED + rank, field)
        for field, rank in fields
        if not is_guess or (is_important(field, kind) and (not field.endswith("_on") or words.any("day", "due_day")))
    ]


def _invoice_fields(words: Words) -> list[tuple[str, int]]:  # a table of rules, in order
    has = words.any
    if has("status"):
        return [("status", 0)]
    if has("type"):
        return [("payment_method", 0)] if has("paid", "method") else [("type", 0)]
    if has("method") and not has("amount", "day"):
        return [("payment_method", 0)]
    if has("terms") and not has("day"):
        return [("terms_days", 0)]
    if has("currency") and not has("amount", "total"):
        return [("currency", 0)]
    if has("dispute"):
        return [("disputed", 0)]
    if has("email"):
        return [("customer_email", 0)]
    if has("phone", "address") and not has("day"):
        return []
    if has("day", "due_day"):
        return _days(words)
    if has("number") and not has("amount", "open"):
        return _identifiers(words)
    if money := _money(words):
        return money
    if has("note"):
        return [("notes", 0)]
    if has("reference"):
        return [("reference", 0)]
    if has("customer", "account") or words.meanings == {"name"}:
        return [] if has("person", "invoice") else [("customer_name", _customer_rank(words))]
    if words.meanings == {"issued"}:
        return [("issued_on", 8)]
    return [("number", 3), ("issued_on", 8), ("total_cents", 8)] if words.meanings == {"invoice"} else []


def _days(words: Words) -> list[tuple[str, int]]:
    if words.any("due", "due_day"):
        return [("due_on", 0)]
    if words.any("paid"):
        return [] if words.any("not") else [("paid_on", 0)]
    if words.any("customer", "status", "open") or (words.any("reference") and not words.any("issued")):
        return []
    return [("issued_on", 0 if words.any("invoice") else 1)]


def _identifiers(words: Words) -> list[tuple[str, int]]:
    if words.any("note") or (words.any("tax") and not words.any("invoice")):
        return []
    if words.any("customer"):
        return [("customer_code", 0)]
    if words.any("account"):
        return [("customer_code", _WEAK)]
    if words.any("paid", "reference"):
        return [("reference", 0)]
    if words.any("total", "gross", "net", "discount"):
        return []
    return [("number", 0 if words.any("invoice") else 2)]


def _customer_rank(words: Words) -> int:
    if words.any("account"):
        return _WEAK
    return 2 if words.meanings == {"name"} else 0


def _money(words: Words) -> list[tuple[str, int]]:
    """Return what a heading of money means: open, paid, or invoiced, with or without tax."""
    has = words.any
    if has("paid") and has("not"):
        return [("balance_cents", 0)]
    if has("open") and not has("tax"):
        return [("balance_cents", 0)]
    if has("due"):
        return _due(words)
    if has("paid"):
        if has("amount", "total"):
            return [("paid_cents", 0)]
        return [("paid_cents", 1), ("status", 9), ("paid_on", 9)]
    if has("tax") and not has("gross", "net"):
        return [("tax_cents", 0)]
    if has("discount"):
        return [("discount_cents", 0)]
    if has("net"):
        return [("net_cents", 0), ("total_cents", 9)]
    if has("gross") and has("amount", "total", "tax", "invoice"):
        return [("total_cents", 0)]
    if words.meanings - {"small"} == {"gross"}:
        return [("total_cents", 0)]
    if has("total"):
        return [("total_cents", 1)]
    if has("price") and not has("amount"):
        return [("total_cents", _WEAK)]
    if has("amount"):
        return [("total_cents", 2 if has("invoice") else 3)]
    return []


def _due(words: Words) -> list[tuple[str, int]]:
    if words.any("amount"):
        return [("balance_cents", 1), ("total_cents", 5)] if words.any("total") else [("balance_cents", 1)]
    if words.any("net", "total", "gross"):
        return [("balance_cents", 2), ("total_cents", 2)]
    return [] if words.unknown else [("due_on", 1), ("balance_cents", 2)]


def _payment_fields(words: Words, fields: list[tuple[str, int]]) -> list[tuple[str, int]]:
    renamed = {
        "number": "invoice_number",
        "payment_method": "method",
        "notes": "note",
        "total_cents": "amount_cents",
    }
    found: list[tuple[str, int]] = []
    for field, rank in fields:
        if field == "issued_on":
            if not words.any("invoice"):
                found.append(("paid_on", 3))
        elif field == "paid_cents":
            found.append(("amount_cents", rank if words.any("amount") else 1))
        elif field not in {"balance_cents", "net_cents", "tax_cents", "discount_cents", "due_on", "status"}:
            found.append((renamed.get(field, field), rank + 4 if field == "total_cents" else rank))
    return found


def _customer_fields(words: Words, fields: list[tuple[str, int]]) -> list[tuple[str, int]]:
    renamed = {"customer_code": "code", "customer_name": "name", "customer_email": "email"}
    if not words.any("invoice"):
        renamed["number"] = "code"
    if words.any("phone"):
        return [("phone", 0)]
    if words.any("address") and not words.any("customer", "name"):
        return [("address", 0)]
    return [(renamed.get(field, field), rank) for field, rank in fields if field in {*renamed, "terms_days", "notes"}]


@cache
def _aliases() -> dict[ListKind, dict[str, dict[str, int]]]:
    document = tomllib.loads((Path(__file__).parent / "aliases.toml").read_text(encoding="utf-8"))
    return {
        kind: {
            field: {folded(name): rank for rank, name in reversed(list(enumerate(names)))}
            for field, names in document[kind].items()
        }
        for kind in ListKind
    }
