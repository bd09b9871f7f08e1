"""Parsing of forms: typed texts become values, or error sentences beside the fields; the typed text is kept."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

from bottle import BaseRequest

from app.domain import fields
from app.domain.as_of import YEARS
from app.domain.confirmation import Confirmation
from app.domain.fields import Field, Type
from app.domain.own_fields import LONGEST_NAME, LONGEST_TEXT
from app.domain.plausible_days import why_not_plausible
from app.web.http.errors import Refusal
from app.web.http.locales import Locale
from app.workbook.meaning.columns.own_columns import named

_Choice = TypeVar("_Choice", bound=StrEnum)
_Default = TypeVar("_Default", int, None)

LARGEST_ID = 2_147_483_647  # PostgreSQL's largest `integer`, of which ids and versions are
LONGEST_LINE = 200  # default maximum of a text field
_MOST_PAGES = 1_000_000
_LIKE_THIS_DAY = date(2026, 12, 31)


class Form:
    """The fields of a form as typed, and one error sentence for each invalid field."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = {name: _without_controls(text).strip() for name, text in typed.items()}
        self.errors: dict[str, str] = {}
        self.leads: dict[str, tuple[str, str]] = {}  # behind an error, the address and label of where it is corrected
        self.differs: set[str] = set()  # what somebody else saved otherwise while it was typed
        self._asked: dict[Confirmation, str] = {}

    def ask(self, confirmation: Confirmation, name: str, sentence: str) -> None:
        """Ask beside the field what the confirmation's box answers."""
        self.errors[name] = " ".join(filter(None, (self.errors.get(name), sentence)))
        self._asked[confirmation] = f"{name}={self.typed.get(name, '')}"

    def asks(self, confirmation: Confirmation) -> bool:
        """Return whether the confirmation's box is shown: when it is asked for, and once it was ticked."""
        return confirmation in self._asked or confirmation in self.confirmed()

    def box_of(self, confirmation: Confirmation) -> str:
        """Return what the box sends: the field with what was typed there, as only that is confirmed."""
        return self._asked.get(confirmation) or self.typed[confirmation]

    def confirmed(self) -> frozenset[Confirmation]:
        return frozenset(one for one in Confirmation if self._is_confirmed(*self.typed.get(one, "").split("=", 1)))

    def _is_confirmed(self, name: str, text: str | None = None) -> bool:
        return text is not None and self.typed.get(name) == text

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_LINE, lines: bool = False) -> str:
        """Strip surrounding blanks; line breaks and tabs become spaces unless `lines` is set."""
        text = self.typed.get(name, "")
        if not lines:
            text = text.replace("\n", " ").replace("\t", " ")
        if required and not text:
            self.errors[name] = "Please fill this in."
        elif len(text) > longest:
            self.errors[name] = f"Please use at most {longest} characters."
            return text[:longest]
        return text

    def plain(self, described: Iterable[Field]) -> dict[str, str]:
        return {
            field.name: self.text(field.name, longest=field.longest, lines=field.type is Type.PARAGRAPHS)
            for field in fields.plain(described)
        }

    def refuse_errors(self) -> None:
        """Raise Refusal for the first error, where no page shows it beside its field."""
        for name, sentence in self.errors.items():
            raise Refusal(f"{name.replace('_', ' ').capitalize()}: {sentence}")

    @contextmanager
    def refusal_at(self, name: str, error: type[Exception]) -> Iterator[None]:
        """Say beside the field what is refused within the block, and go on after it."""
        try:
            yield
        except error as refused:
            self.errors[name] = str(refused)

    def own_fields(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number in range(self._own_rows()):
            name = named(self.text(f"own_name:{number}", longest=LONGEST_NAME))
            text = self.text(f"own_text:{number}", longest=LONGEST_TEXT, lines=True)
            if name in found:
                self.errors[f"own_name:{number}"] = "There is a column of that name already."
            elif name:
                found[name] = text
            elif text:
                self.errors[f"own_name:{number}"] = "Please say what the column is called."
        return found

    def own_rows(self, stored: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the rows of the own fields' form: as typed, then as stored, then an empty one to add another."""
        typed = [
            (named(self.typed.get(f"own_name:{number}", "")), self.typed.get(f"own_text:{number}", ""))
            for number in range(self._own_rows())
        ]
        names = {name for name, _ in typed}
        rows = typed + [(name, text) for name, text in stored.items() if name not in names]
        return rows if rows and rows[-1] == ("", "") else [*rows, ("", "")]

    def own_labels(self) -> dict[str, str]:
        wrong = (name for name in self.errors if name.startswith(("own_name:", "own_text:")))
        return {name: self.typed.get(name.replace("text", "name")) or "Another column" for name in wrong}

    def _own_rows(self) -> int:
        return next(number for number in count() if f"own_text:{number}" not in self.typed)

    def day(self, name: str, default: date) -> date:
        """Return the default if the date (YYYY-MM-DD) is empty or invalid."""
        return self._day(name, default) or default

    def optional_day(self, name: str, *, required: bool = False) -> date | None:
        """Return None if the date (YYYY-MM-DD) is empty or invalid."""
        if required and not self.typed.get(name):
            self.errors[name] = "Please choose a day."
            return None
        return self._day(name, _LIKE_THIS_DAY)

    def entered_day(self, name: str) -> date | None:
        """Return the day of what is entered; None if it is empty, invalid or too far from today to be right."""
        day = self.optional_day(name, required=True)
        if day and (sentence := why_not_plausible(day)):
            self.errors[name] = sentence
            return None
        return day

    def amount(
        self, name: str, locale: Locale, *, required: bool = False, least: int | None = None, currency: str = ""
    ) -> int | None:
        """Return cents, None if the amount is empty or invalid."""
        text = self.typed.get(name, "")
        if not text:
            if required:
                self.errors[name] = "Please fill this in."
            return None
        try:
            cents = locale.cents(text, currency)
        except ValueError as error:
            self.errors[name] = str(error)
            return None
        if least is not None and cents < least:
            self.errors[name] = f"Please write an amount of at least {locale.money(least)}."
            return None
        return cents

    def checked(self, name: str) -> bool:
        """Browsers send nothing for a box that is not ticked."""
        return bool(self.typed.get(name))

    def choice(self, name: str, choices: type[_Choice]) -> _Choice | None:
        """Return None if the choice is empty or invalid."""
        text = self.typed.get(name, "")
        if not text:
            return None
        try:
            return choices(text)
        except ValueError:
            self.errors[name] = "Please choose one of the list."
            return None

    def whole_number(
        self, name: str, default: _Default, *, least: int = 1, most: int, unit: str = ""
    ) -> int | _Default:
        """Return a number from `least` to `most`, the default if it is empty or invalid."""
        text = self.typed.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
            return int(text)
        if text:
            self.errors[name] = f"Please write a whole number{unit} from {least} to {most}."
        return default

    def id(self, name: str) -> int:
        """Return the id, or 0 if it is empty or invalid."""
        return self.whole_number(name, 0, most=LARGEST_ID)

    def by_id(self, prefix: str) -> dict[int, str]:
        """Return the fields whose names are the prefix and an id, by the id."""
        named = ((name.removeprefix(prefix), text) for name, text in self.typed.items() if name.startswith(prefix))
        return {int(number): text for number, text in named if re.fullmatch("[0-9]{1,9}", number)}

    def version(self) -> int:
        """Return the version of the record that the form was shown with, or 0."""
        return self.whole_number("version", 0, least=0, most=LARGEST_ID)

    def page(self) -> int:
        """Return the number of the page in a list, from 1 on."""
        return self.whole_number("page", 1, most=_MOST_PAGES)

    def _day(self, name: str, like: date) -> date | None:
        text = self.typed.get(name, "")
        if not text:
            return None
        # Browsers send ISO 8601 however they show a day. Babel's parse_date would swap day and month where that fits.
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.errors[name] = f"“{text[:40]}” is not a day; please write it like {like.isoformat()}."
            return None
        if day.year not in YEARS:
            self.errors[name] = "Please choose a day between 1900 and 2999."
            return None
        return day


def local_path(text: str) -> str:
    """Return `/` unless the text is a path on this site, to prevent open redirects."""
    # Browsers read `\\` as `/` and drop control characters, so `/\\evil` and `/<tab>/evil` are other sites too.
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_local else "/"


def path_of_page(request: BaseRequest) -> str:
    """Return the page of ours from which the request came, `/` if the browser does not say."""
    came_from = urlsplit(request.get_header("Referer", ""))
    path = local_path(came_from.path) if came_from.netloc.lower() == request.get_header("Host", "").lower() else "/"
    return f"{path}?{came_from.query}" if came_from.query and path != "/" else path


def _without_controls(text: str) -> str:
    # PostgreSQL rejects the null character, and workbooks cannot hold U+FFFE and U+FFFF; our fields need no control
    # characters except line breaks and tabs. U+2066 to U+2069 mark numbers in sentences (`app/domain/sentences.py`).
    refused = "\ufffe\uffff\u2066\u2067\u2068\u2069"
    return "".join(sign for sign in text if " " <= sign not in refused or sign in "\n\t")
