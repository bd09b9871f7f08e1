"""Amounts of money in cells: numbers, and texts in every way people write them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

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
    """Which sign stands before the cents."""

    POINT = "point"
    COMMA = "comma"


class UnreadableError(ValueError):
    """The cell cannot be read; the message is the rest of a sentence that begins with the cell."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as read, with the currency that its sign or its format names."""

    value: Decimal
    currency: str | None = None


LARGEST = Decimal(10) ** 13

_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "$": "$",
    "¥": "¥",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "zł": "PLN",
    "Fr.": "CHF",
    "kr": "kr",
    "Kč": "CZK",
    "₩": "KRW",
    "₴": "UAH",
    "฿": "THB",
}
_CODES = (
    "USD EUR GBP CHF CAD AUD NZD JPY CNY INR SEK NOK DKK PLN CZK HUF RON BGN TRY ZAR MXN BRL SGD HKD KRW "
    "THB ILS AED SAR"
).split()
_CURRENCY = re.compile(
    r"(US\$|C\$|CA\$|A\$|AU\$|NZ\$|R\$|"
    + "|".join([*(re.escape(sign) for sign in _SIGNS if sign != "kr"), *(rf"\b{code}\b" for code in [*_CODES, "kr"])])
    + ")",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[\$([^\]-]*)(?:-([0-9A-Fa-f]+))?\]")
_CROWNS = {"41D": "SEK", "414": "NOK", "814": "NOK", "406": "DKK"}  # Excel's numbers for where a crown is from
_DOLLARS = {"US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "R$": "BRL"}
_GROUPED = {
    DecimalMark.POINT: re.compile(r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),
    DecimalMark.COMMA: re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?"),
}
_UNGROUPED = {
    DecimalMark.POINT: re.compile(r"\d+(?:\.\d*)?|\.\d+"),
    DecimalMark.COMMA: re.compile(r"\d+(?:,\d*)?|,\d+"),
}
_WRITTEN_GROUPS = re.compile(r"(?<!\d)\d{1,3}(?:[ '’`´]\d{3})+(?!\d)")
_NOTHING = {"-", "–", "—", "n/a", "nil", "none"}


def readings(text: str) -> dict[DecimalMark, Decimal]:
    """Return what the text says with each decimal mark; a mark with which it says nothing is left out."""
    digits = _bare(text)[0]
    return {mark: value for mark in DecimalMark if (value := _value(digits, mark)) is not None}


def settled_mark(texts: Iterable[str]) -> DecimalMark | None:
    """Return the one decimal mark that the texts allow, None if they leave it open or contradict one another."""
    deciding = {next(iter(found)) for text in texts if len(found := readings(text)) == 1}
    return deciding.pop() if len(deciding) == 1 else None


@lru_cache(maxsize=1_000)
def currency_named(text: str) -> str | None:
    """Return the currency that a header or a format names, as in `Amount (EUR)`."""
    found = _CURRENCY.search(text)
    return _code(found[0]) if found else None


def is_ambiguous(text: str) -> bool:
    """Tell whether the two decimal marks make two different amounts of the text."""
    return len(set(readings(text).values())) > 1


def read_amount(cell: Cell, mark: DecimalMark | None) -> Amount | None:
    """Return the amount in the cell, None for an empty one; raises UnreadableError."""
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
    """Return the rest of a sentence that says what stands in the cell instead of what is wanted."""
    match cell:
        case DamagedCell():
            return f"is damaged in the file ({cell.text}): enter it again in Excel"
        case ErrorValue():
            return f"shows the error {cell.text}: mend the formula in Excel"
        case UncalculatedFormula():
            return "holds a formula without a stored result: open the workbook in Excel, save it and upload it again"
        case Duration():
            return f"holds a time ({cell.text}) where {wanted} belongs"
        case datetime():
            return f"holds the date {cell.date().isoformat()} where {wanted} belongs"
        case _:
            return f"does not hold {wanted}"


def _formatted(cell: FormattedNumber) -> Amount:
    if "%" in cell.format:
        raise UnreadableError("holds a percentage where an amount belongs")
    return Amount(_bounded(Decimal(cell.number)), _currency_of_format(cell.format))


def _currency_of_format(number_format: str) -> str | None:
    # The currency stands in [$€-407], in quotes, behind a backslash, or as itself.
    positive = number_format.split(";", maxsplit=1)[0]
    bracketed = _BRACKETED.search(positive)
    if bracketed and bracketed[2] in _CROWNS:
        return _CROWNS[bracketed[2]]
    if bracketed and re.fullmatch("[A-Z]{3}", bracketed[1].strip()):
        return bracketed[1].strip()
    return currency_named(positive.replace("[$", " ").replace('"', " ").replace("\\", ""))


def _from_text(text: str, mark: DecimalMark | None) -> Amount | None:
    cleaned = clean_text(text)
    if not cleaned or cleaned.casefold() in _NOTHING:
        return None
    digits, currency = _bare(cleaned)
    values = {each: value for each in DecimalMark if (value := _value(digits, each)) is not None}
    if not values:
        raise UnreadableError(f"says '{shortened(cleaned)}', which is not an amount")
    if len(set(values.values())) == 1:
        return Amount(_bounded(next(iter(values.values()))), currency)
    if mark is None:
        raise UnreadableError(f"says '{cleaned}', which can be read two ways")
    return Amount(_bounded(values[mark]), currency)


def shortened(text: str) -> str:
    """Return the text as a message shows it: at most 40 characters."""
    return text if len(text) <= 40 else f"{text[:37]}..."


def _bare(text: str) -> tuple[str, str | None]:
    """Return the digits with their marks and sign, and the currency that stood with them."""
    text = clean_text(text)
    currency = None
    found = _CURRENCY.search(text)
    if found:
        currency = _code(found[0])
        text = text[: found.start()] + " " + text[found.end() :]
    # Spaces and apostrophes stand between groups of three digits or they are two numbers.
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
    return ("-" if negative else "") + text, currency


def _value(signed: str, mark: DecimalMark) -> Decimal | None:
    digits = signed.removeprefix("-")
    if not (_UNGROUPED[mark].fullmatch(digits) or _GROUPED[mark].fullmatch(digits)):
        return None
    grouping, point = (",", ".") if mark is DecimalMark.POINT else (".", ",")
    value = Decimal(digits.replace(grouping, "").replace(point, "."))
    return -value if signed.startswith("-") else value


def _code(sign: str) -> str:
    upper = sign.upper()
    return _DOLLARS.get(upper) or _SIGNS.get(sign) or _SIGNS.get(sign.lower()) or upper


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) >= LARGEST:
        raise UnreadableError("holds a number too large to be an amount")
    return value
