"""Dates in cells: dates, serial numbers of either epoch, and texts in the many ways people write them."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cache

from babel.dates import get_day_names, get_month_names

from app.domain.plausible_days import is_plausible
from app.domain.sentences import day_text
from app.workbook.meaning.cell_values.amounts import (
    AmbiguousError,
    UnreadableError,
    is_enough,
    shortened,
    why_unreadable,
)
from app.workbook.meaning.vocabulary import currencies
from app.workbook.reading.cells import Cell, Duration, FormattedNumber, clean_text

_EPOCHS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "pl")

_ISO = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_HYPHENED = re.compile(r"\d{2}-\d{2}-\d{2}")
_DAY_MONTH_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[-/. ]*(?:of |de )?([^\W\d_]+)\.?,?[-/. ]*(?:de )?(\d{4}|\d{2})"
)
_MONTH_NAME_DAY = re.compile(r"([^\W\d_]+)\.?[-/. ]*(\d{1,2})(?:st|nd|rd|th)?,?[-/. ]+(\d{4}|\d{2})")
_CLOCK = re.compile(
    r"(?:(?:T|,? +)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M| ?Uhr| ?h)?(?:Z|[+-]\d{2}:?\d{2})?)$", re.IGNORECASE
)
_MIDNIGHT = time(0)


class DateOrder(StrEnum):
    """Which number of `03/04/2026` is the day; the year comes first only with hyphens and two digits: `26-04-03`."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"


def readings(text: str) -> dict[DateOrder, date]:
    """Return the date for each order; orders in which the text is no date are left out."""
    cleaned = _CLOCK.sub("", clean_text(text))
    if cleaned[:1].isalpha() and _unordered(cleaned) is None:
        cleaned = _weekday().sub("", cleaned)  # `Mar` is a month in English and a weekday in French
    plain = _unordered(cleaned)
    if plain is not None:
        return dict.fromkeys(DateOrder, plain)
    match = _NUMERIC.fullmatch(cleaned)
    if match is None:
        return {}
    first, second, year = int(match[1]), int(match[2]), _full_year(match[3])
    found = {DateOrder.DAY_FIRST: _day(year, second, first), DateOrder.MONTH_FIRST: _day(year, first, second)}
    if _HYPHENED.fullmatch(cleaned):
        day = _day(_full_year(match[1]), second, int(match[3]))
        found[DateOrder.YEAR_FIRST] = day if day and is_plausible(day) else None
    return {order: day for order, day in found.items() if day is not None}


def settled_order(texts: Iterable[str]) -> DateOrder | None:
    """Return the one order that fits all texts of a column; None if they leave it open or contradict each other.

    A single date such as 25/04/2026 does not decide a column of hundreds.
    """
    allowed = set(DateOrder)
    deciding = unclear = 0
    for text in texts:
        found = readings(text)
        if found:
            allowed &= found.keys()
            unclear += len(set(found.values())) > 1
            deciding += len(found) == 1
    return allowed.pop() if len(allowed) == 1 and is_enough(deciding, unclear) else None


def is_written_in_order(text: str) -> bool:
    """Return whether only one order allows the numeric date, such as 21/05/2026."""
    return len(readings(text)) == 1


def is_month(text: str) -> bool:
    return _month(re.sub(r"[\W\d_]+", "", text)) is not None


def moment(text: str) -> datetime | None:
    """Parse a text with a time zone, such as `2026-03-31T22:00:00.000Z`; None for other texts."""
    if "T" not in text or not _ISO.match(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def are_plain_days(texts: Iterable[str]) -> bool:
    """Return whether all moments with a time zone are midnight in that zone: then they are days, not moments."""
    return all(found.time() == _MIDNIGHT for text in texts if (found := moment(text)))


def read_day(
    cell: Cell, order: DateOrder | None, *, epoch_1904: bool, zone: tzinfo | None = None, swapped: bool = False
) -> date | None:
    """Return None if the cell is empty; raises UnreadableError.

    A moment with a time zone is converted to `zone` before its date is taken; with `swapped`, day and month of real
    dates are exchanged.
    """
    match cell:
        case datetime() if swapped:
            return _plausible(cell.date().replace(month=cell.day, day=cell.month), day_text(cell.date()))
        case str() if zone and (found := moment(clean_text(cell))):
            return _plausible(found.astimezone(zone).date(), clean_text(cell))
        case None:
            return None
        case datetime():
            return _plausible(cell.date(), day_text(cell.date()))
        case bool():
            raise UnreadableError("holds TRUE or FALSE where a date belongs")
        case int() | Decimal():
            return _from_number(Decimal(cell), epoch_1904=epoch_1904)
        case FormattedNumber() if "%" in cell.format or _shows_currency(cell.format):
            raise UnreadableError(f"holds the amount or percentage {cell.number} where a date belongs")
        case FormattedNumber():
            return _from_number(Decimal(cell.number), epoch_1904=epoch_1904)
        case str():
            return _from_text(cell, order)
        case Duration() if not cell.text.strip("0:"):
            return None  # a link to an empty cell: Excel shows 0 January 1900
        case _:
            raise UnreadableError(why_unreadable(cell, "a date"))


def _shows_currency(number_format: str) -> bool:
    try:
        return currencies.of_format(number_format) is not None
    except LookupError:
        return True


def _from_text(text: str, order: DateOrder | None) -> date | None:
    cleaned = clean_text(text)
    if not cleaned or cleaned in {"-", "–", "—"} or cleaned.casefold() in {"n/a", "none", "tbd", "tba"}:
        return None
    found = readings(cleaned)
    if not found:
        raise UnreadableError(f"says '{shortened(cleaned)}', which is not a date")
    if len(set(found.values())) == 1:
        return _plausible(next(iter(found.values())), cleaned)
    if order is None:
        raise AmbiguousError(f"says '{cleaned}', which can be read two ways")
    if order not in found:
        raise UnreadableError(f"says '{cleaned}', which is no date when read as {order}")
    return _plausible(found[order], cleaned)


def _from_number(number: Decimal, *, epoch_1904: bool) -> date:
    # 20260403 is a date without separators; as a serial number it would be 50,000 years ahead.
    compact = _COMPACT.fullmatch(str(number))
    if compact and (day := _day(*map(int, compact.groups()))):
        return _plausible(day, str(number))
    if not 0 < number < 80_000:
        raise UnreadableError(f"holds the number {number}, which is not a date")
    return _plausible(_EPOCHS[epoch_1904] + timedelta(days=int(number)), str(number))


def _plausible(day: date, shown: str) -> date:
    if not is_plausible(day):
        raise UnreadableError(f"says {shown}, which would be {day_text(day)}: too far from today to be right")
    return day


def _unordered(text: str) -> date | None:
    for pattern in (_ISO, _COMPACT):
        if match := pattern.fullmatch(text):
            return _day(*map(int, match.groups()))
    for pattern, day, month in ((_DAY_MONTH_NAME, 1, 2), (_MONTH_NAME_DAY, 2, 1)):
        if (match := pattern.fullmatch(text)) and (number := _month(match[month])):
            return _day(_full_year(match[3]), number, int(match[day]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_year(digits: str) -> int:
    """As Excel does: 00-29 are in this century, 30-99 in the last."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < 30 else 1900)


@cache
def _weekday() -> re.Pattern[str]:
    """Match the weekday before a date: `Tue`, `mardi`, `Di.,`."""
    names = {
        name.rstrip(".")
        for language in _LANGUAGES
        for width in ("wide", "abbreviated", "short")
        for name in get_day_names(width, locale=language).values()
    }
    longest_first = sorted({*names, "tues", "thurs", "weds"}, key=len, reverse=True)
    return re.compile(rf"^(?:{'|'.join(map(re.escape, longest_first))})[.,]* +", re.IGNORECASE)


def _month(name: str) -> int | None:
    return _months().get(name.casefold())


@cache
def _months() -> dict[str, int]:
    months: dict[str, int] = {"sept": 9}
    for language in reversed(_LANGUAGES):
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=language).items():
                months[name.casefold().rstrip(".")] = number
    return months
