"""Audit entries in words, for a history or a list of recent activity."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from app.domain.fields import label
from app.domain.permissions import Right
from app.store.access.audit_entries import Entry
from app.store.ledger.history import AuditEvent, ImportDone, ImportedChange
from app.web.http.locales import Locale
from app.web.http.rendering import address, sentence


@dataclass(frozen=True, slots=True)
class AuditMessage:
    at: datetime
    actor: str
    what: str
    link: str = ""
    label: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    reason: str = ""

    @property
    def right(self) -> Right:
        """What it takes to follow the link."""
        return _RIGHTS.get(self.link.split("/")[1], Right.READ) if self.link else Right.READ


def audit_message(happened: Entry | ImportedChange | AuditEvent | ImportDone, locale: Locale) -> AuditMessage:
    """End with the label of what it was done to, if there is one."""
    if isinstance(happened, ImportedChange):
        where = f"{happened.file_name}, {happened.tab}, row {happened.row}"
        link = address(f"/imports/{happened.import_id}", tab=happened.tab, row=happened.row) + "#row"
        what = "imported it from" if happened.action == "created" else "imported a change from"
        return AuditMessage(happened.at, happened.actor or _COMMAND_LINE, what, link, where)
    if isinstance(happened, ImportDone):
        what = "imported" if happened.action == "import.applied" else "undid the import of"
        return AuditMessage(
            happened.at, happened.actor or _COMMAND_LINE, what, f"/imports/{happened.import_id}", happened.file_name
        )
    if isinstance(happened, AuditEvent):
        aimed = ", for" if happened.entry.action in _COMPLETE else ""
        return _aimed_at(happened, _entry(happened.entry, locale, aimed))
    return _entry(happened, locale, "" if happened.action in _COMPLETE else " it")


def details(entry: Entry, locale: Locale) -> list[tuple[str, str]]:
    if entry.action.endswith(".edited"):
        return []
    message = [(name, after) for name, _, after in _changes(entry, locale) if name != "reason"]
    return [(name, text) for name, text in message if text != NOTHING]


NOTHING = "nothing"
TECHNICAL = {"sha256", "size bytes"}
_COMMAND_LINE = "The command line"
_FAILED = {"session.refused": "Failed sign-in for", "session.throttled": "Too many failed sign-ins for"}
_PAYMENTS = {"payment.recorded", "payment.voided"}
_STATEMENTS = {
    "statement.asked",
    "statement.sent",
    "statement.failed",
    "statement.cancelled",
    "statement.retried",
}
_COMPLETE = _PAYMENTS | _STATEMENTS  # what says by itself what was done
_WITHOUT_SUBJECT = {"session.started", "session.ended", "firm.edited", "automation.edited"}
_RIGHTS = {"imports": Right.SEE_IMPORTS, "users": Right.ADMINISTER, "webhooks": Right.ADMINISTER}
_PAGES = {
    "invoice": "/invoices/{}",
    "customer": "/customers/{}",
    "import": "/imports/{}",
    "incoming_payment": "/payments/incoming/{}",
    "user": "/users/{}",
    "webhook": "/webhooks/{}",
}


def _aimed_at(event: AuditEvent, message: AuditMessage) -> AuditMessage:
    """Add the subject to the message, with a link if it has a page and still exists."""
    kind, _, number = event.entry.subject.partition(":")
    if event.entry.action in _FAILED and not event.entry.actor:
        link = _PAGES[kind].format(number) if event.label else ""
        return replace(message, actor="", what=_FAILED[event.entry.action], link=link, label=event.label or number)
    if event.entry.action in _WITHOUT_SUBJECT:
        return message
    if kind not in _PAGES:
        return replace(message, label=number)
    name = kind.replace("_", " ")
    if not event.label:
        return replace(message, label=f"{name} {number}")
    return replace(message, link=_PAGES[kind].format(number), label=f"{name} {event.label}")


def _actor(entry: Entry) -> str:
    if entry.actor:
        return f"{entry.actor} (by {entry.program})" if entry.program else entry.actor
    if entry.program:
        return sentence(entry.program)
    return "Somebody" if entry.address else _COMMAND_LINE


def _entry(entry: Entry, locale: Locale, aimed: str) -> AuditMessage:
    # An action that was removed from the app is shown by its name.
    words = _WHAT.get(entry.action, f"did “{entry.action}” to")
    if entry.after.get("apply_when_clean"):
        words = "uploaded and, if nothing is left to decide, asked to apply"
    return AuditMessage(
        entry.at,
        _actor(entry),
        " ".join(filter(None, (words, _object(entry, locale)))) + aimed,
        changes=_changes(entry, locale) if entry.action.endswith(".edited") else [],
        reason=str(entry.after.get("reason", "")),
    )


def _changes(entry: Entry, locale: Locale) -> list[tuple[str, str, str]]:
    before, after = dict(entry.before), dict(entry.after)
    own_before, own_after = before.pop("own_fields", {}), after.pop("own_fields", {})
    return [
        *(
            (label(name), in_words(name, before.get(name), locale), in_words(name, value, locale))
            for name, value in sorted(after.items())
        ),
        *((name, own_before.get(name) or NOTHING, text or NOTHING) for name, text in own_after.items()),
    ]


def in_words(name: str, value: object, locale: Locale) -> str:
    if value is None or value == "":
        return NOTHING
    if name.endswith("_cents") and isinstance(value, int):
        return locale.money(value)
    if name.endswith("_on") and isinstance(value, str):
        return locale.day(date.fromisoformat(value))
    if name.endswith("_at") and isinstance(value, str):
        return locale.moment(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        parts = [(label(key), in_words(key, one, locale)) for key, one in value.items() if one]
        return ", ".join(f"{key} {text}" for key, text in parts if text != NOTHING) or NOTHING
    if isinstance(value, list):
        return ", ".join(in_words(name, one, locale) for one in value) or NOTHING
    return str(value)


def _object(entry: Entry, locale: Locale) -> str:
    if entry.action in _PAYMENTS:
        return _payment(entry.after, locale)
    return _statement(entry.after, locale) if entry.action in _STATEMENTS else ""


def _statement(after: Mapping[str, Any], locale: Locale) -> str:
    return f"a statement of {in_words('closed_on', after['closed_on'], locale)} to {after['recipient']}"


def _payment(after: Mapping[str, Any], locale: Locale) -> str:
    amount = locale.money(abs(after["amount_cents"]))
    day = in_words("paid_on", after["paid_on"], locale)
    if after.get("moves_credit"):
        where = "to another invoice" if after["amount_cents"] < 0 else "from another invoice"
        return f"moved credit of {amount} {where}, on {day}"
    kind = "a refund" if after["amount_cents"] < 0 else "a payment"
    source = f", from {after['source']}" if after.get("source") else ""
    return f"{kind} of {amount}, paid on {day}{source}"


def actions() -> list[str]:
    return sorted(_WHAT)


_WHAT = {
    "payment.recorded": "recorded",
    "payment.voided": "voided",
    "incoming_payment.received": "received",
    "incoming_payment.recorded": "recorded",
    "incoming_payment.dismissed": "dismissed",
    "incoming_payment.reopened": "reopened",
    "invoice.created": "entered",
    "invoice.edited": "edited",
    "invoice.void": "voided",
    "invoice.write_off": "wrote off what was left of",
    "invoice.reinstate": "reinstated",
    "invoice.dispute": "marked as disputed",
    "invoice.settle_dispute": "settled the dispute about",
    "customer.created": "entered",
    "customer.edited": "edited",
    "customer.archived": "archived",
    "customer.unarchived": "unarchived",
    "statement.asked": "asked to send",
    "statement.sent": "sent",
    "statement.failed": "could not send",
    "statement.cancelled": "cancelled",
    "statement.retried": "asked to send again",
    "import.uploaded": "uploaded",
    "import.chosen": "said how to read",
    "import.confirmed": "asked to apply",
    "import.applied": "applied",
    "import.recalled": "asked to undo",
    "import.undone": "undid",
    "import.discarded": "discarded",
    "import.retried": "asked to read again",
    "import.reported": "sent the report of",
    "automation.edited": "edited the settings of automation",
    "digest.sent": "sent the digest",
    "digest.asked": "asked to send again the digest",
    "backup.restored": "went back to backup",
    "firm.edited": "edited the settings of the firm",
    "export.made": "took a file of",
    "access.refused": "was refused",
    "form.refused": "sent a form that was refused, to",
    "user.created": "added",
    "user.edited": "edited",
    "user.deactivated": "deactivated",
    "user.activated": "reactivated",
    "session.started": "signed in",
    "session.ended": "signed out",
    "session.refused": "failed to sign in as",
    "session.throttled": "tried too often to sign in as",
    "login.revoked": "signed out another browser of",
    "step_up.passed": "proved again to be",
    "step_up.refused": "did not prove to be",
    "password.changed": "changed the password of",
    "link.made": "made a link to choose a password for",
    "link.cancelled": "cancelled the mailed link to choose a password for",
    "link.retried": "asked to send again the link to choose a password for",
    "session.ended_by_provider": "was signed out, as the provider of sign-ins no longer confirms",
    "provider.linked": "linked an account of the provider of sign-ins to",
    "provider.unlinked": "removed the account of the provider of sign-ins from",
    "second_factor.enabled": "turned on two-step sign-in for",
    "second_factor.removed": "turned off two-step sign-in for",
    "passkey.registered": "added a passkey of",
    "passkey.removed": "removed a passkey of",
    "recovery_codes.renewed": "made new recovery codes for",
    "token.created": "made the token",
    "token.revoked": "revoked the token",
    "webhook.added": "added",
    "webhook.edited": "edited",
    "webhook.switched_on": "switched on",
    "webhook.switched_off": "switched off",
    "webhook.secret_renewed": "made another secret for",
    "webhook.sent_again": "sent an event again to",
    "webhook.cancelled": "cancelled an event to",
    "webhook.removed": "removed",
}
