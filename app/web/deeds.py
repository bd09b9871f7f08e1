"""Deeds: what happened, told in words for a history or a list of what was done of late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from app.store.audit import Entry
from app.store.history import Deed, ImportDone, ImportedChange
from app.web.locales import Locale
from app.web.rendering import address


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened: when, who, what, to what, and what was different before and after."""

    at: datetime
    actor: str
    what: str
    link: str = ""
    label: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    reason: str = ""


def told(happened: Entry | ImportedChange | Deed | ImportDone, locale: Locale) -> Told:
    """Return what happened in words, at whose end the label stands, if there is one."""
    if isinstance(happened, ImportedChange):
        where = f"{happened.file_name}, {happened.tab}, row {happened.row}"
        link = address(f"/imports/{happened.import_id}", tab=happened.tab, row=happened.row) + "#row"
        what = "imported it from" if happened.action == "created" else "imported a change from"
        return Told(happened.at, happened.actor or _COMMAND_LINE, what, link, where)
    if isinstance(happened, ImportDone):
        what = "imported" if happened.action == "import.applied" else "undid the import of"
        return Told(
            happened.at, happened.actor or _COMMAND_LINE, what, f"/imports/{happened.import_id}", happened.file_name
        )
    if isinstance(happened, Deed):
        kind, _, number = happened.entry.subject.partition(":")
        aimed = ", for" if happened.entry.action in _PAYMENTS else ""
        one = _entry(happened.entry, locale, aimed)
        return replace(one, link=f"/{kind}s/{number}", label=f"{kind} {happened.label}")
    return _entry(happened, locale, "" if happened.action in _PAYMENTS else " it")


_COMMAND_LINE = "The command line"
_PAYMENTS = {"payment.recorded", "payment.voided"}


def _entry(entry: Entry, locale: Locale, aimed: str) -> Told:
    return Told(
        entry.at,
        entry.actor,
        _WHAT[entry.action](entry.after, locale) + aimed,
        changes=_changes(entry, locale) if entry.action.endswith(".edited") else [],
        reason=str(entry.after.get("reason", "")),
    )


def _changes(entry: Entry, locale: Locale) -> list[tuple[str, str, str]]:
    return [
        (
            name.removesuffix("_cents").removesuffix("_id").replace("_", " "),
            _value(name, entry.before.get(name), locale),
            _value(name, value, locale),
        )
        for name, value in sorted(entry.after.items())
    ]


def _value(name: str, value: Any, locale: Locale) -> str:  # noqa: ANN401  # whatever JSON holds
    if value is None or value == "":
        return "nothing"
    if name.endswith("_cents"):
        return locale.money(value)
    if name.endswith("_on"):
        return locale.day(date.fromisoformat(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _payment(after: Mapping[str, Any], locale: Locale) -> str:
    kind = "a refund" if after["amount_cents"] < 0 else "a payment"
    return (
        f"{kind} of {locale.money(abs(after['amount_cents']))}, paid on {_value('paid_on', after['paid_on'], locale)}"
    )


def _said(words: str) -> Callable[[Mapping[str, Any], Locale], str]:
    return lambda _after, _locale: words


_WHAT: Mapping[str, Callable[[Mapping[str, Any], Locale], str]] = {
    "payment.recorded": lambda after, locale: f"recorded {_payment(after, locale)}",
    "payment.voided": lambda after, locale: f"voided {_payment(after, locale)}",
    "invoice.created": _said("entered"),
    "invoice.edited": _said("edited"),
    "invoice.void": _said("voided"),
    "invoice.write_off": _said("wrote off what was left of"),
    "invoice.reinstate": _said("reinstated"),
    "invoice.dispute": _said("noted a dispute about"),
    "invoice.settle_dispute": _said("settled the dispute about"),
    "customer.created": _said("entered"),
    "customer.edited": _said("edited"),
    "customer.archived": _said("archived"),
    "customer.unarchived": _said("unarchived"),
}
