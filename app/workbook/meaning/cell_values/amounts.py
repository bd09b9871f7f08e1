"""Amounts of money in cells: numbers, and texts in the many ways people write them."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.sentences import day_text
from app.workbook.meaning.vocabulary import currencies
from app.workbook.reading.cells import (
    Cell,
    DamagedCell,
    Duration,
    ErrorValue,
    FormattedNumber,
    UncalculatedFormula,
    clean_text,
)


class DecimalMark(StrEnum):
    POINT = "point"
    COMMA = "comma"


class UnreadableError(ValueError):
    """The cell cannot be read; the message completes a sentence that begins with the cell."""


class AmbiguousError(UnreadableError):
    """The cell can be read two ways, between which the workbook does not decide."""


@dataclass(frozen=True, slots=True)
class Amount:
    value: Decimal
    currency: str | None = None


LARGEST = Decimal(10) ** 12  # sums of a column may be larger than what one record may hold

_GROUPED = {
    DecimalMark.POINT: re.compile(r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),
    DecimalMark.COMMA: re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?"),
}
_UNGROUPED = {
    DecimalMark.POINT: re.compile(r"\d+(?:\.\d*)?|\.\d+"),
    DecimalMark.COMMA: re.compile(r"\d+(?:,\d*)?|,\d+"),
}
_CELLS_SETTLED_BY_ONE = 20
_DECIDES = re.compile(r"[.,]\d{2}(?!\d)|[.,](?:-|–|—)|\d[.,]\d{3}[.,]\d{3}")
_WITHOUT_CENTS = re.compile(r"(?<=\d)([.,])\s*[-–—]{1,2}$")  # a whole amount can be written `500,-`
_SIDE = re.compile(r"(?<![^\W\d_])([CD]r)(?![^\W\d_])", re.IGNORECASE)
_WRITTEN_GROUPS = re.compile(r"(?<!\d)\d{1,3}(?:[ '’`´]\d{3})+(?!\d)")
NOTHING = {"-", "–", "—", "n/a", "nil", "none"}


def readings(text: str) -> dict[DecimalMark, Decimal]:
    """Return the value for each decimal mark; marks with which the text is no amount are left out."""
    return _values(_bare(text)[0])


def settled_mark(texts: Iterable[str]) -> DecimalMark | None:
    """Return the one decimal mark that fits all texts; None if they leave it open or contradict each other.

    Only an amount with both marks or with two decimals decides: `12,5` may be a typing error among thousands. And a
    single such cell does not decide a column of hundreds.
    """
    deciding: Counter[DecimalMark] = Counter()
    unclear = 0
    for text in texts:
        found = readings(text)
        if len(found) == 1:
            deciding[next(iter(found))] += 1 if _DECIDES.search(text) else 0
        elif is_ambiguous(text):
            unclear += 1
    return deciding.popitem()[0] if len(deciding) == 1 and is_enough(deciding.total(), unclear) else None


def is_enough(deciding: int, unclear: int) -> bool:
    return deciding * _CELLS_SETTLED_BY_ONE >= max(unclear, 1)


def is_ambiguous(text: str) -> bool:
    return len(set(readings(text).values())) > 1


def read_amount(cell: Cell, mark: DecimalMark | None) -> Amount | None:
    """Return None if the cell is empty; raises UnreadableError."""
    match cell:
        case None:
            return None
        case bool():
            raise UnreadableError("holds TRUE or FALSE where an amount belongs")
        case int() | Decimal():
            return Amount(_bounded(Decimal(cell)))
        case FormattedNumber():
            return _formatted(cell)
        case str():
            return _from_text(cell, mark)
        case _:
            raise UnreadableError(why_unreadable(cell, "an amount"))


def why_unreadable(cell: Cell, wanted: str) -> str:
    """Return the predicate of a sentence on what the cell holds instead of `wanted`."""
    match cell:
        case DamagedCell():
            return f"is damaged in the file ({cell.text}): enter it again in Excel"
        case ErrorValue():
            return f"shows the error {cell.text}: correct the formula in Excel"
        case UncalculatedFormula():
            return "holds a formula without a stored result: open the workbook in Excel, save it and upload it again"
        case Duration():
            return f"holds a time ({cell.text}) where {wanted} belongs"
        case datetime():
            return f"holds the date {day_text(cell.date())} where {wanted} belongs"
        case _:
            return f"does not hold {wanted}"


def _formatted(cell: FormattedNumber) -> Amount:
    if "%" in cell.format:
        raise UnreadableError("holds a percentage where an amount belongs")
    try:
        currency = currencies.of_format(cell.format)
    except LookupError as unknown:
        raise UnreadableError(
            f"is shown in '{unknown.args[0]}', a currency that is not known: add a column Currency with its code"
        ) from unknown
    return Amount(_bounded(_as_debit(Decimal(cell.number), cell.format)), currency)


def _as_debit(number: Decimal, number_format: str) -> Decimal:
    """Return the signed amount owed: a number formatted with Cr reduces it, with Dr it adds."""
    sections = number_format.split(";")
    shown = sections[1] if number < 0 and len(sections) > 1 else sections[0]
    side = _SIDE.search(shown.replace('"', " ").replace("\\", " "))
    if side is None:
        return number
    size = abs(number) if len(sections) > 1 and number < 0 else number
    return -size if side[1].upper() == "CR" else size


def _from_text(text: str, mark: DecimalMark | None) -> Amount | None:
    cleaned = clean_text(text)
    if not cleaned or cleaned.casefold() in NOTHING:
        return None
    digits, named = _bare(cleaned)
    values = _values(digits)
    if not values:
        raise UnreadableError(f"says '{shortened(cleaned)}', which is not an amount")
    currency = _one_of(named)
    if len(set(values.values())) == 1:
        return Amount(_bounded(next(iter(values.values()))), currency)
    if mark is None:
        raise AmbiguousError(f"says '{cleaned}', which can be read two ways")
    return Amount(_bounded(values[mark]), currency)


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _bare(text: str) -> tuple[str, tuple[str, ...]]:
    text, named = currencies.taken_off(clean_text(text))
    text = _WITHOUT_CENTS.sub(lambda found: f"{found[1]}00", text.strip())
    text = text.removesuffix("/-")
    # Spaces and apostrophes must separate groups of three digits; otherwise the text is two numbers.
    text = _WRITTEN_GROUPS.sub(lambda groups: re.sub(r"\D", "", groups[0]), clean_text(text))
    text = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", text).replace("−", "-").replace("–", "-")
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1]
    if text.upper().endswith("CR"):
        negative, text = not negative, text[:-2]
    elif text.upper().endswith("DR"):
        text = text[:-2]
    if text.startswith("-") or text.endswith("-"):
        negative, text = not negative, text.strip("-") if text.count("-") == 1 else "?"
    text = text.removeprefix("+")
    if len(set(named)) < len(named):
        text = "?"  # the same sign twice is not an amount
    return ("-" if negative else "") + text, named


def _one_of(named: tuple[str, ...]) -> str | None:
    """Return the one currency that signs and codes together name, as in `$1,234.50 USD`; raises UnreadableError."""
    codes = [name for name in named if not currencies.is_shared(name)] or list(named)
    if all(currencies.may_be(name, codes[0]) for name in named):
        return codes[0] if codes else None
    raise UnreadableError(f"names two currencies, {' and '.join(named)}: keep the one it is in")


def _values(digits: str) -> dict[DecimalMark, Decimal]:
    return {mark: value for mark in DecimalMark if (value := _value(digits, mark)) is not None}


def _value(signed: str, mark: DecimalMark) -> Decimal | None:
    digits = signed.removeprefix("-")
    if not (_UNGROUPED[mark].fullmatch(digits) or _GROUPED[mark].fullmatch(digits)):
        return None
    grouping, point = (",", ".") if mark is DecimalMark.POINT else (".", ",")
    value = Decimal(digits.replace(grouping, "").replace(point, "."))
    return -value if signed.startswith("-") else value


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) >= LARGEST:
        raise UnreadableError("holds a number too large to be an amount")
    return value
