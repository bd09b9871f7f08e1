"""Numbers and days in sentences that are stored before the reader's locale is known.

sentence = f"says {amount_text(123_450)} is open in {counted(3, 'row', 'rows')}"
plain(sentence)                      # says 1,234.50 is open in 3 rows: for the API, files and terminals
localized(sentence, locale.decimal_number, locale.day)  # says 1.234,50 is open in 3 rows: for a page

Unicode isolates (U+2068, U+2069) mark numbers and days, as Project Fluent marks placeables in a message.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from app.domain.money import display

_OPEN, _CLOSE = "\u2068", "\u2069"
# Exactly as `number_text` and `day_text` write it, and no longer: a page also holds texts that people typed.
_NUMBER = r"(?P<number>-?[0-9]{1,3}(?:,[0-9]{3}){0,8}(?:\.[0-9]{1,20})?)"
_DAY = r"(?P<day>[12][0-9]{3}-[01][0-9]-[0-3][0-9])"
_MARKED = re.compile(rf"{_OPEN}(?:{_NUMBER}|{_DAY}){_CLOSE}")
_NEEDS_NO_GROUPS = 1_000


def amount_text(cents: int) -> str:
    return f"{_OPEN}{display(cents)}{_CLOSE}"


def number_text(number: int | Decimal) -> str:
    return f"{_OPEN}{number:,}{_CLOSE}"


def money_text(number: Decimal) -> str:
    """Show at least two decimals, so that 2.500 and 2,500 cannot be taken for one another."""
    cents = number.quantize(Decimal("0.01"))
    return number_text(cents if cents == number else number.normalize())


def day_text(day: date) -> str:
    return f"{_OPEN}{day.isoformat()}{_CLOSE}"


def count_text(count: int) -> str:
    """Mark the count only from 1,000 on: below that, every locale writes it the same way."""
    return str(count) if count < _NEEDS_NO_GROUPS else number_text(count)


def counted(count: int, singular: str, plural: str) -> str:
    return f"{count_text(count)} {agreeing(count, singular, plural)}"


def agreeing(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural


def first_of(texts: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(texts[:most])
    return f"{shown} and {count_text(len(texts) - most)} more" if len(texts) > most else shown


def first_phrases_of(phrases: Sequence[str], most: int) -> str:
    """As `first_of`, for phrases that have commas themselves."""
    more = [f"and {count_text(len(phrases) - most)} more"] if len(phrases) > most else []
    return "; ".join([*phrases[:most], *more])


def plain(text: str) -> str:
    """Write numbers as `1,234.50` and days as `2026-02-01`."""
    return _MARKED.sub(lambda found: found[0][1:-1], text) if _OPEN in text else text


def localized(text: str, number: Callable[[Decimal], str], day: Callable[[date], str]) -> str:
    if _OPEN not in text:
        return text

    def written(found: re.Match[str]) -> str:
        if not found["day"]:
            return number(Decimal(found["number"].replace(",", "")))
        try:
            return day(date.fromisoformat(found["day"]))
        except ValueError:  # not of ours
            return found[0]

    return _MARKED.sub(written, text)
