"""Identifiers and texts in cells: numbers as displayed, leading zeros kept, odd spaces normalised."""

import re
from datetime import datetime
from decimal import Decimal

from app.domain.sentences import count_text, day_text
from app.workbook.meaning.cell_values.amounts import UnreadableError, why_unreadable
from app.workbook.reading.cells import Cell, Duration, ErrorValue, FormattedNumber, Merged, clean_text, without_unseen

_FORMAT_PART = re.compile(r'"(?P<quoted>[^"]*)"|(?P<places>[0#?]+)|\\?(?P<sign>[-/: ()+]|(?<=\\).)')
_ESCAPE_AGAINST_FORMULAS = re.compile(r"^'(?=['=+\-@\t\r\0])")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_DIGITS_KEPT = 15
_YES = {"yes", "y", "true", "x", "✓", "✔", "1", "ja", "j", "oui", "si", "sí", "sim"}
_NO = {"no", "n", "false", "0", "nein", "non", "nee", "não", "-", ""}
# `Net 30`, `30 days`, `30 jours`, `2 weeks`; any other word may change the date, as `end of month` does.
_TERMS = re.compile(
    r"(?:(?:net|netto|within|innerhalb von|terms|n)[\s.:/-]*)?(?P<number>\d{1,3})\s*(?:(?:calendar |cal )?"
    r"(?:days?|d|tage?n?|jours?|giorni|gg|d[ií]as?|dagen|dias|dagar|dage|dager|dni)|(?P<weeks>weeks?|wochen?|semaines?))?"
    r"\.?(?:\s*(?:net|netto|nets|nett))?"
)
SHORT_TEXT = 255


def read_identifier(cell: Cell) -> str:
    """Return what Excel displays, with leading zeros from the format; raises UnreadableError."""
    match cell:
        case str():
            text = read_text(cell, SHORT_TEXT)
            if _SHORTENED.fullmatch(text):
                raise UnreadableError(f"says '{text}', a number that a program has shortened: enter it in full")
            return text
        case bool():
            raise UnreadableError("holds TRUE or FALSE where an identifier belongs")
        case Decimal() if cell != cell.to_integral_value():
            raise UnreadableError(f"holds the number {cell} where an identifier belongs")
        case datetime():
            raise UnreadableError(
                f"holds the date {day_text(cell.date())} where an identifier belongs: "
                "Excel may have changed what was typed"
            )
        case int() | Decimal() | FormattedNumber() if abs(_number(cell)) >= 10**_DIGITS_KEPT:
            raise UnreadableError(
                f"holds a number of more than {_DIGITS_KEPT} digits, of which Excel keeps no more: "
                "format the column as text and enter it again"
            )
        case FormattedNumber():
            return _as_shown(cell)
        case _:
            return read_text(cell, SHORT_TEXT)


def read_short_text(cell: Cell) -> str:
    return read_text(cell, SHORT_TEXT)


def read_text(cell: Cell, longest: int) -> str:
    """Raise UnreadableError if the text is longer, or the cell holds an error or no value that can be shown."""
    match cell:
        case str():
            return _within(clean_text(without_guard(cell.replace("\0", ""))), longest)
        case None:
            return ""
        case bool():
            return "Yes" if cell else "No"
        case int():
            return str(cell)
        case Decimal():
            return _plain(cell)
        case FormattedNumber():
            return _as_shown(cell) if cell.number == int(cell.number) else _plain(Decimal(cell.number))
        case datetime():
            return cell.date().isoformat()
        case _:
            raise UnreadableError(why_unreadable(cell, "a text"))


def read_paragraphs(cell: Cell, longest: int) -> str:
    """Keep line breaks; raises UnreadableError."""
    if not isinstance(cell, str):
        return read_text(cell, longest)
    return _within(as_read(without_guard(cell.replace("\0", ""))), longest)


def _within(text: str, longest: int) -> str:
    if len(text) > longest:
        raise UnreadableError(f"holds {count_text(len(text))} characters, and at most {count_text(longest)} are kept")
    return text


def without_guard(text: str) -> str:
    """Remove the apostrophe that keeps a program from reading the text as a formula."""
    return _ESCAPE_AGAINST_FORMULAS.sub("", text) if text.startswith("'") else text


def read_yes_or_no(cell: Cell) -> bool:
    """Take an empty cell as a no; raises UnreadableError."""
    text = read_text(cell, SHORT_TEXT).casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise UnreadableError(f"says '{text}', which is neither yes nor no")


def is_yes_or_no(cell: Cell) -> bool:
    return isinstance(cell, bool) or (
        isinstance(cell, str) and bool(clean_text(cell)) and clean_text(cell).casefold() in _YES | _NO - {"0", "-"}
    )


def read_days(cell: Cell) -> int | None:
    """Also read texts such as `Net 30` or `30 days`; raises UnreadableError."""
    text = read_text(cell, SHORT_TEXT).casefold()
    if not text:
        return None
    if text in {"due on receipt", "on receipt", "immediate", "cod", "cash", "sofort"}:
        return 0
    found = _TERMS.fullmatch(text)
    days = int(found["number"]) * (7 if found["weeks"] else 1) if found else None
    if days is not None and days <= 730:
        return days
    raise UnreadableError(f"says '{text[:40]}', which is not a number of days: enter the due date")


def as_read(text: str) -> str:
    """Return a stored text as an import would read it: spaces normalised, line breaks kept."""
    return "\n".join(map(clean_text, without_unseen(text).replace("_x000D_", "").splitlines())).strip()


def short_text(cell: Cell, longest: int = 24) -> str:
    value = cell.value if isinstance(cell, Merged) else cell
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case bool():
            return "TRUE" if value else "FALSE"
        case FormattedNumber():
            return str(value.number)
        case str():
            text = clean_text(value)
            return text if len(text) <= longest else f"{text[: longest - 1]}…"
        case int() | Decimal():
            return str(value)
        case ErrorValue() | Duration():
            return value.text
        case _:
            return ""


def _number(cell: int | Decimal | FormattedNumber) -> Decimal:
    return Decimal(cell.number if isinstance(cell, FormattedNumber) else cell)


def _plain(number: Decimal) -> str:
    return str(int(number)) if number == number.to_integral_value() else f"{number.normalize():f}"


def _as_shown(cell: FormattedNumber) -> str:
    number = Decimal(cell.number)
    if number != number.to_integral_value():
        raise UnreadableError(f"holds the number {number} where an identifier belongs")
    digits = str(int(number))
    parts = _parts_of(cell.format.split(";")[0])
    places = sum(len(text) for is_place, text in parts if is_place)
    if number < 0 or not places or (not any(not is_place for is_place, _ in parts) and "0" not in cell.format):
        return digits
    padded = digits.zfill(sum(text.count("0") for is_place, text in parts if is_place))
    return _filled_in(parts, padded, places).strip()


def _parts_of(number_format: str) -> list[tuple[bool, str]]:
    """Return the format's digit places (True) and the texts around them; empty if it does not show a whole number.

    Texts are quoted, escaped with backslashes, or single signs such as hyphens: `"RE-2026-"000`, `000-000`.
    """
    plain = re.sub(r"\[[^\]]*\]|_.|\*.", "", number_format)
    parts: list[tuple[bool, str]] = []
    end = 0
    for match in _FORMAT_PART.finditer(plain):
        if match.start() != end:
            return []
        end = match.end()
        parts.append((True, match["places"]) if match["places"] else (False, match["quoted"] or match["sign"] or ""))
    return parts if end == len(plain) else []


def _filled_in(parts: list[tuple[bool, str]], digits: str, places: int) -> str:
    shown = []
    rest, left = digits, places
    for is_place, text in parts:
        if not is_place:
            shown.append(text)
            continue
        left -= len(text)
        taken = max(0, len(rest) - left)
        shown.append(rest[:taken])
        rest = rest[taken:]
    return "".join(shown)
