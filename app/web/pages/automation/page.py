"""The page of automation, for admins: imports by mail and folder, digests, and what came by itself lately."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bottle import HTTPResponse

from app.actions.automation import digests as digest_actions
from app.actions.automation import settings as automation_actions
from app.domain.automation import LONGEST_ADDRESS, LONGEST_CHAT_URL, MOST_RECIPIENTS, Automation, is_chat_url
from app.domain.digests import DigestKind, period
from app.jobs.inbox_state import InboxState
from app.store.access import api_tokens, audit_entries, mail_senders
from app.store.ledger import imports
from app.store.ledger.automation import digests
from app.store.ledger.automation import settings as store
from app.store.ledger.automation.settings import AutomationConflictError
from app.store.ledger.imports import Source
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.overtaken_edits import overtaken_edit

_CARRIER = "n8n"  # the name of its token
_MOST_IMPORTS = 20
_LONGEST_RECIPIENTS = MOST_RECIPIENTS * (LONGEST_ADDRESS + 1)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KINDS = {DigestKind.OVERDUE: "What is overdue", DigestKind.MONTH_END: "Month end"}
_LABELS = {
    "recipients": "Recipients",
    "chat_url": "Address of a chat",
    "weekday": "Day",
    "hour": "Hour",
    "current": "Your password",
    "code": "Code",
}


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A digest, with the period that it is of now, and the one that was sent last."""

    kind: DigestKind
    name: str
    period: str
    is_due: bool
    sent: tuple[str, datetime] | None


@dataclass(frozen=True, slots=True)
class AutomationPage:
    pages: Pages
    data_dir: Path
    has_inbox: bool

    def show(self, context: RequestContext, fields: Form | None = None) -> HTTPResponse:
        return self._form(context, fields or Form({}), store.current())

    def update(self, context: RequestContext) -> HTTPResponse:
        """Where somebody else was quicker, show what they saved beside what was typed."""
        fields, current = Form(context.form), store.current()
        typed = _typed(fields, current)
        if fields.errors:
            return self._form(context, fields, current)
        try:
            changed = automation_actions.edit(typed, context.user, context.now)
        except AutomationConflictError as conflict:
            return self._conflict(context, fields, conflict.current, typed)
        flash = "The settings were saved." if changed else "Nothing was different."
        return self.pages.redirect(context, "/automation", flash=flash)

    def send_overdue(self, context: RequestContext) -> HTTPResponse:
        return self._send_again(context, DigestKind.OVERDUE)

    def send_month_end(self, context: RequestContext) -> HTTPResponse:
        return self._send_again(context, DigestKind.MONTH_END)

    def _send_again(self, context: RequestContext, digest: DigestKind) -> HTTPResponse:
        name = digest_actions.send_again(digest, context.firm, context.user, context.now)
        said = "is sent within a quarter of an hour, if n8n runs and somebody is named to send it to"
        return self.pages.redirect(context, "/automation", flash=f"{_KINDS[digest]} ({name}) {said}.")

    def _conflict(self, context: RequestContext, fields: Form, current: Automation, typed: Automation) -> HTTPResponse:
        latest = next(iter(audit_entries.of_subject("automation:1", limit=1)), None)
        saver = (latest.actor, latest.at) if latest else None
        overtaken = overtaken_edit(
            current.described(), typed.described(), fields, context.locale, saver=saver, names={}
        )
        return self._form(context, fields, current, status=409, overtaken=overtaken)

    def _form(
        self, context: RequestContext, fields: Form, current: Automation, status: int | None = None, **more: object
    ) -> HTTPResponse:
        came = imports.come_by_themselves(_MOST_IMPORTS)
        return self.pages.show(
            context,
            "automation/show.html",
            status=status,
            fields=fields,
            values=current,
            labels=_LABELS,
            weekdays=list(enumerate(_WEEKDAYS, start=1)),
            hours=[(hour, f"{hour:02}:00") for hour in range(24)],
            longest_recipients=_LONGEST_RECIPIENTS,
            longest_chat_url=LONGEST_CHAT_URL,
            senders=mail_senders.addresses(),
            has_inbox=self.has_inbox,
            inbox=InboxState.read(self.data_dir),
            last_file=next((one for one in came if one.source is Source.FOLDER), None),
            came=came,
            digests=[_digest(kind, current, context) for kind in DigestKind],
            asked_at=_asked_at(),
            **{"overtaken": None, **more},
        )


def _digest(kind: DigestKind, current: Automation, context: RequestContext) -> DigestRow:
    found = period(kind, current, context.now, context.firm.zone)
    is_due = digest_actions.is_due(kind, current, found, context.firm, context.now)
    return DigestRow(kind, _KINDS[kind], found.name, is_due, digests.latest(kind))


def _asked_at() -> datetime | None:
    """Return when a program with the token of n8n asked last."""
    asked = [one.last_used_at for one in api_tokens.of_everybody() if one.facts.name == _CARRIER]
    return max(filter(None, asked), default=None)


def _typed(fields: Form, current: Automation) -> Automation:
    return Automation(
        applies_mailed=fields.checked("applies_mailed"),
        overdue_digest=fields.checked("overdue_digest"),
        weekday=fields.whole_number("weekday", current.weekday, least=1, most=7),
        hour=fields.whole_number("hour", current.hour, least=0, most=23),
        month_end_digest=fields.checked("month_end_digest"),
        recipients=_recipients(fields),
        chat_url=_chat_url(fields, current),
        version=fields.version(),
    )


def _recipients(fields: Form) -> tuple[str, ...]:
    text = fields.text("recipients", longest=_LONGEST_RECIPIENTS, lines=True)
    found = tuple(dict.fromkeys(line.strip() for line in text.replace(",", "\n").split("\n") if line.strip()))
    wrong = next((one for one in found if not _is_address(one)), None)
    if wrong is not None:
        fields.errors["recipients"] = f"“{wrong}” is not an e-mail address: write one on each line."
    elif len(found) > MOST_RECIPIENTS:
        fields.errors["recipients"] = f"Please name at most {MOST_RECIPIENTS} recipients."
    return found


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    is_plain = text.isprintable() and not any(sign in text for sign in ' ,;:<>()[]"\\')
    return bool(name and at and host) and "@" not in name and is_plain and len(text) <= LONGEST_ADDRESS


def _chat_url(fields: Form, current: Automation) -> str:
    """Keep the address where nothing is typed: it is a secret, and so does not stand in the form."""
    typed = fields.text("chat_url", longest=LONGEST_CHAT_URL)
    if fields.checked("forget_chat"):
        return ""
    if typed and not is_chat_url(typed):
        fields.errors["chat_url"] = "Please write the https address of an incoming webhook, as the chat shows it."
    return typed or current.chat_url
