"""Formats of amounts, numbers, dates and times in the user's locale, from the browser's Accept-Language header."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Self
from zoneinfo import ZoneInfo

from babel import Locale as Cldr
from babel import UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import NumberFormatError, format_decimal, format_percent, get_currency_symbol, parse_decimal

from app.domain.money import LARGEST_CENTS

FALLBACK: Final = "en_GB"

_LONGEST_HEADER = 200
_ON_LETTER_PAPER = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())  # CLDR, paperSize US-Letter
_LATIN = "latn"  # digits are Latin in every locale, as in spreadsheets and form fields
_MOST_DIGITS = len(str(LARGEST_CENTS)) - 2
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]")
_APOSTROPHES = re.compile(r"['’]")
_MINUSES = re.compile("[-\u2212]")
_MARKS = re.compile("[\u200e\u200f\u061c]")  # direction marks: invisible and never typed


@dataclass(frozen=True, slots=True)
class Locale:
    """The formats of a country for numbers and dates, in the time zone of the business."""

    identifier: str
    zone: ZoneInfo
    group: str
    decimal: str
    minus: str
    groups_of: tuple[int, int]

    @classmethod
    def accepted(cls, header: str, zone: ZoneInfo) -> "Locale":
        """Return the most preferred locale of an Accept-Language header that CLDR has, else British English."""
        return _accepted(header[:_LONGEST_HEADER], zone)

    @classmethod
    def of(cls, identifier: str, zone: ZoneInfo) -> Self:
        """Take a CLDR identifier, such as `en_GB`; raises UnknownLocaleError."""
        cldr = Cldr.parse(identifier)
        symbols = cldr.number_symbols[_LATIN]
        groups_of = cldr.decimal_formats[None].grouping
        return cls(str(cldr), zone, symbols["group"], symbols["decimal"], symbols["minusSign"], groups_of)

    @property
    def tag(self) -> str:
        """Return the BCP 47 tag, as in HTML and JavaScript: `en-GB`."""
        return self.identifier.replace("_", "-")

    @property
    def is_on_letter_paper(self) -> bool:
        """Return whether paper is US Letter where the locale is at home, instead of A4."""
        cldr = Cldr.parse(self.identifier)
        likely = get_global("likely_subtags").get(cldr.language, "")
        return (cldr.territory or likely.rpartition("_")[2]) in _ON_LETTER_PAPER

    def money(self, cents: int) -> str:
        units, rest = divmod(abs(cents), 100)
        sign = self.minus if cents < 0 else ""
        return f"{sign}{self._grouped(units)}{self.decimal}{rest:02d}"

    def decimal_number(self, number: Decimal) -> str:
        units, _, decimals = f"{abs(number):f}".partition(".")
        sign = self.minus if number < 0 else ""
        return f"{sign}{self._grouped(int(units))}{self.decimal if decimals else ''}{decimals}"

    def number(self, number: int) -> str:
        sign = self.minus if number < 0 else ""
        return f"{sign}{self._grouped(abs(number))}"

    def percent(self, part: int, whole: int) -> str:
        ratio = Decimal(part) * 100 / whole if whole else Decimal(0)
        return _percent(self.identifier, int(ratio.quantize(Decimal(1), rounding=ROUND_HALF_UP)))

    def day(self, day: date) -> str:
        return _day(self.identifier, day)

    def month(self, day: date) -> str:
        return _month(self.identifier, day.year, day.month)

    def moment(self, at: datetime) -> str:
        """Write date and time to the minute, in the time zone of the business."""
        return _moment(self.identifier, at.astimezone(self.zone).replace(second=0, microsecond=0, tzinfo=None))

    def cents(self, text: str, currency: str = "") -> int:
        """Raise ValueError, with an example, if the amount is not in the locale's format."""
        like = self.money(123_450)
        sign, number = self._without_currency(text, currency)
        try:
            amount = self._parsed(number)
        except NumberFormatError as error:
            raise ValueError(f"“{text[:40]}” is not an amount. Write it like {like}.") from error
        if len(number.partition(self.decimal)[2]) > 2:
            raise ValueError(f"Please write at most two decimals, like {like}.")
        if amount >= 10**_MOST_DIGITS:
            raise ValueError(f"Please write at most {_MOST_DIGITS} digits before the decimals.")
        cents = int(amount * 100)
        return -cents if sign else cents

    def cents_in(self, text: str) -> int | None:
        """Return None if the text is anything but an amount, as in a search."""
        try:
            return self.cents(text)
        except ValueError:
            return None

    def _grouped(self, number: int) -> str:
        if self.groups_of != (3, 3):
            return _with_wide_spaces(format_decimal(number, locale=self.identifier, numbering_system=_LATIN))
        text = f"{number:,}"
        return text if self.group == "," else _with_wide_spaces(text.replace(",", self.group))

    def _without_currency(self, text: str, currency: str) -> tuple[str, str]:
        """Return the minus sign, or an empty string, and the number; the sign of another currency is not removed."""
        bare = _MINUSES.sub("-", _APOSTROPHES.sub("’", _SPACES.sub(" ", _MARKS.sub("", text)))).strip()
        sign, bare = ("-", bare[1:].lstrip()) if bare.startswith("-") else ("", bare)
        for symbol in _currencies(self.identifier, currency, bare):
            if bare.startswith(symbol):
                bare = bare.removeprefix(symbol).lstrip()
                break
            if bare.endswith(symbol):
                bare = bare.removesuffix(symbol).rstrip()
                break
        if not sign and bare.startswith("-"):
            sign, bare = "-", bare[1:].lstrip()
        return sign, bare

    def _parsed(self, number: str) -> Decimal:
        """Return the number, in digits and the locale's separators alone; raises NumberFormatError."""
        typed_group = _APOSTROPHES.sub("’", _SPACES.sub(" ", self.group))
        # Babel, even when strict, would also read 1e5, NaN, 1_0 and .5; where groups are spaces, 12.345 as a decimal.
        # Of 27 digits and more it raises InvalidOperation.
        if not re.fullmatch(rf"[0-9](?:[0-9{re.escape(typed_group + self.decimal)}]{{0,20}}[0-9])?", number):
            raise NumberFormatError(number)
        return parse_decimal(number.replace(typed_group, self.group), locale=self.identifier, strict=True)


@lru_cache(maxsize=256)
def _accepted(header: str, zone: ZoneInfo) -> Locale:
    for tag in _tags(header):
        parts = tag.split("-")
        for length in range(len(parts), 0, -1):
            try:
                return Locale.of(str(Cldr.parse("_".join(parts[:length]))), zone)
            except (UnknownLocaleError, ValueError):
                continue
    return Locale.of(FALLBACK, zone)


def _tags(header: str) -> list[str]:
    """Return the languages of the header, most preferred first."""
    wanted = []
    for entry in header.split(","):
        tag, _, parameter = entry.partition(";")
        quality = _quality(parameter)
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag.strip()) and quality > 0:
            wanted.append((quality, tag.strip()))
    return [tag for _, tag in sorted(wanted, key=lambda one: -one[0]) if not tag.casefold().startswith("und")]


def _quality(parameter: str) -> Decimal:
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", parameter)
    return Decimal(match[1]) if match else Decimal(0 if parameter.strip() else 1)


def _with_wide_spaces(text: str) -> str:
    """Replace the narrow no-break spaces of CLDR, in which the font shows no gap, by no-break spaces."""
    return text.replace("\u202f", "\u00a0")


def _currencies(identifier: str, currency: str, text: str) -> list[str]:
    if not currency:
        return list(filter(_is_currency_sign, text))  # letters may be anything: `INV-1` is not an amount
    symbol = str(get_currency_symbol(currency, locale=identifier))
    return [symbol, currency, *filter(_is_currency_sign, symbol)]  # accept `$` for `US$`


def _is_currency_sign(sign: str) -> bool:
    return unicodedata.category(sign) == "Sc"


@lru_cache(maxsize=2_048)
def _percent(identifier: str, percent: int) -> str:
    return _with_wide_spaces(format_percent(Decimal(percent) / 100, locale=identifier, numbering_system=_LATIN))


@lru_cache(maxsize=8_192)
def _day(identifier: str, day: date) -> str:
    return _with_wide_spaces(format_date(day, "medium", locale=identifier))


@lru_cache(maxsize=512)
def _month(identifier: str, year: int, month: int) -> str:
    return _with_wide_spaces(format_skeleton("yMMM", date(year, month, 1), locale=identifier))


@lru_cache(maxsize=8_192)
def _moment(identifier: str, at: datetime) -> str:
    pattern = str(Cldr.parse(identifier).datetime_formats["medium"])
    clock = format_time(at.time(), "short", locale=identifier)
    return _with_wide_spaces(pattern.replace("{1}", _day(identifier, at.date())).replace("{0}", clock).replace("'", ""))


BRITISH: Final = Locale.of(FALLBACK, ZoneInfo("UTC"))
