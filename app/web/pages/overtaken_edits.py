"""What somebody else saved while a form was filled in, beside what was typed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.fields import label
from app.domain.own_fields import changes
from app.web.http.forms import Form
from app.web.http.locales import Locale
from app.web.pages.audit_messages import NOTHING, in_words


@dataclass(frozen=True, slots=True)
class DifferingField:
    """`field` is the id that it has in the form."""

    field: str
    label: str
    saved: str
    typed: str


@dataclass(frozen=True, slots=True)
class OvertakenEdit:
    """`at` is None where nobody knows who saved it, such as when that was an import."""

    who: str
    at: datetime | None
    differences: list[DifferingField]


def overtaken_edit(
    saved: Mapping[str, Any],
    typed: Mapping[str, Any],
    fields: Form,
    locale: Locale,
    *,
    saver: tuple[str, datetime] | None,
    names: Mapping[str, str],
) -> OvertakenEdit:
    """Compare what both say, and mark in the form what differs; `names` has those that the form calls otherwise."""
    found = changes({name: saved[name] for name in typed}, typed)
    own = found.pop("own_fields", {})
    differences = [
        DifferingField(
            names.get(name, name), label(name), in_words(name, value, locale), in_words(name, typed[name], locale)
        )
        for name, value in found.items()
    ]
    fields.differs.update(difference.field for difference in differences)
    differences += [
        DifferingField("own-fields", name, text or NOTHING, typed["own_fields"].get(name) or NOTHING)
        for name, text in own.items()
    ]
    who, at = saver or ("Somebody else", None)
    return OvertakenEdit(who, at, differences)
