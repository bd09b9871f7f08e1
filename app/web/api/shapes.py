"""Base models and value types of the API; the same types check, describe and serialise values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.domain.as_of import YEARS
from app.domain.confirmation import Confirmation
from app.domain.money import LARGEST_CENTS
from app.domain.own_fields import LONGEST_NAME, LONGEST_TEXT, MOST, merged
from app.web.http.forms import LARGEST_ID
from app.workbook.meaning.columns.own_columns import named

# Characters that workbooks and some databases cannot hold, and those that mark numbers in our sentences.
_CONTROLS = r"\x00-\x08\x0b-\x1f\u2066-\u2069\ufffe\uffff"
_IN_LINE = _CONTROLS + r"\n\t"
# Listed one by one, as the meaning of \s depends on the regular expression engine.
_BLANKS = r" \n\t\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@dataclass(frozen=True, slots=True)
class Matching:
    """A text that must match a pattern; the schema has the pattern, an error the sentence."""

    pattern: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def _checked(self, text: str) -> str:
        # `$` would allow a trailing line break.
        if re.fullmatch(self.pattern.removeprefix("^").removesuffix("$"), text) is None:
            raise PydanticCustomError("written_otherwise", "{sentence}", {"sentence": self.sentence})
        return text


def _trimmed(controls: str) -> str:
    return rf"[^{_BLANKS}{controls}](?:[^{controls}]*[^{_BLANKS}{controls}])?"


_ONE_LINE = "Please write it in one line, without blanks at its ends and without control characters."
_LINES = "Please write it without blanks at its ends and without control characters."

Name = Annotated[str, Matching(f"^{_trimmed(_IN_LINE)}$", _ONE_LINE)]
Line = Annotated[str, Matching(f"^(?:{_trimmed(_IN_LINE)})?$", _ONE_LINE)]
Lines = Annotated[str, Matching(f"^(?:{_trimmed(_CONTROLS)})?$", _LINES)]
Email = Annotated[
    str,
    Matching(
        rf"^(?:[^{_BLANKS}{_IN_LINE}@]+@[^{_BLANKS}{_IN_LINE}@]+)?$", "An e-mail address has an @ in it, and no blanks."
    ),
]
Currency = Annotated[
    str, Matching("^[A-Z]{3}$", "Please write the three letters of a currency, such as USD."), Field(examples=["USD"])
]
OwnName = Annotated[Name, Field(max_length=LONGEST_NAME)]
OwnText = Annotated[Lines, Field(max_length=LONGEST_TEXT)]
OwnFields = Annotated[
    dict[OwnName, OwnText],
    Field(max_length=MOST),
    # Pydantic would describe the names with `patternProperties`, which does not exclude other names.
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{_trimmed(_IN_LINE)}$", "maxLength": LONGEST_NAME},
            "additionalProperties": {
                "type": "string",
                "pattern": f"^(?:{_trimmed(_CONTROLS)})?$",
                "maxLength": LONGEST_TEXT,
            },
            "maxProperties": MOST,
        }
    ),
]
OWN_FIELDS_CHANGED = "Those that are named are changed, an empty text takes one away, the rest stay as they are."
OWN_FIELDS = "Columns of the workbook that are not known, as texts by their headings."
Cursor = Annotated[str, Matching("^[0-9a-f]{8}$", "This is none of the cursors that a list's `next` holds.")]


def _integral(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


# In JSON, 5.0 is a whole number like 5.
INTEGRAL = BeforeValidator(_integral)
Id = Annotated[int, Field(ge=1, le=LARGEST_ID), INTEGRAL]
Cents = Annotated[int, Field(ge=-LARGEST_CENTS, le=LARGEST_CENTS), INTEGRAL]


def _in_years(day: date) -> date:
    if day.year not in YEARS:
        raise PydanticCustomError("other_years", "Please choose a day between 1900 and 2999.")
    return day


def _read_as(read: Callable[[str], object], pattern: str, sentence: str) -> BeforeValidator:
    def check(text: object) -> object:
        if not isinstance(text, str):
            return text
        try:
            if re.fullmatch(pattern, text):
                return read(text)
        except ValueError:
            pass  # a day that does not exist, such as 2026-02-30
        raise PydanticCustomError("written_otherwise", "{sentence}", {"sentence": sentence})

    return BeforeValidator(check)


# Pydantic would read a number as a moment, and use its date.
_DAY = _read_as(date.fromisoformat, "[0-9]{4}-[0-9]{2}-[0-9]{2}", "Please write a day like 2026-12-31.")
_YEARS = Field(json_schema_extra={"pattern": "^(?:19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"})
Day = Annotated[date, AfterValidator(_in_years), _DAY, _YEARS]


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_utc, when_used="json"), Field(examples=["2026-03-02T09:30:00Z"])]


# Query parameters are texts, with one accepted format each, as documented.
_WHOLE = _read_as(int, "-?(0|[1-9][0-9]{0,17})", "Please write a whole number.")
Flag = Annotated[bool, _read_as("true".__eq__, "true|false", "Please write true or false.")]
IdAsked = Annotated[Id, _WHOLE]
CentsAsked = Annotated[Cents, _WHOLE]


class Sent(BaseModel):
    """Strict types, and no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ResponseModel(BaseModel):
    model_config = ConfigDict(frozen=True)

    @classmethod
    def filled(cls, *sources: object, **values: object) -> Self:
        """Take each field from the values, else from the first source that has an attribute of its name."""
        for source in sources:
            for name in cls.model_fields.keys() - values.keys():
                if hasattr(source, name):
                    values[name] = getattr(source, name)
        return cls(**values)


def confirmed(body: Sent) -> frozenset[Confirmation]:
    """Return what the body confirms: its fields have the names of the confirmations."""
    return frozenset(one for one in Confirmation if getattr(body, one, False))


class Asked(Sent):
    limit: Annotated[int, Field(ge=1, le=200), _WHOLE] = Field(default=50, description="How many to answer at most.")
    cursor: Cursor | None = Field(default=None, description="Where to go on: part of the `next` of the page before.")

    @property
    def after_id(self) -> int:
        return int(self.cursor, 16) if self.cursor else 0


NEXT = Field(description="The address of the next page, nothing on the last. New entries come at the end.")
CENTS = "In cents, a whole number: 12.50 is 1250."


def own_fields(stored: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the stored own fields updated with the sent ones, with names normalised as in an import."""
    return merged(stored, {name: text for heading, text in sent.items() if (name := named(heading))})
