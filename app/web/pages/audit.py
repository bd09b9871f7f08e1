"""The audit: everything that was done, by whom and from where, for admins."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bottle import HTTPResponse

from app.domain.paging import PAGE_LENGTH
from app.domain.sentences import count_text
from app.store.access import audit_entries
from app.store.access.audit_entries import AuditFilter, Entry
from app.store.ledger import history
from app.web.http.downloads import export, written_list
from app.web.http.errors import Refusal
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.audit_messages import TECHNICAL, actions, audit_message, details
from app.workbook.writing.listing import Listed

MOST_EXPORTED = 100_000
FILTER_FIELDS = ("who", "action", "subject", "from", "to", "address")
HEADERS = ("No", "At (UTC)", "User", "Who", "Program", "Address", "Request", "Action", "Subject", "Before", "After")


@dataclass(frozen=True, slots=True)
class Audit:
    pages: Pages

    def index(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        wanted = _filter(context, fields)
        before = fields.id("before") or None
        found = audit_entries.matching(wanted, PAGE_LENGTH + 1, older_than=before)
        shown = found[:PAGE_LENGTH]
        query = {name: text for name, text in fields.typed.items() if name in FILTER_FIELDS}
        return self.pages.show(
            context,
            "audit/index.html",
            fields=fields,
            audit_messages=[
                (audit_message(event, context.locale), event.entry, *_told(event.entry, context))
                for event in history.named(shown)
            ],
            actions=[(action, action.replace(".", ": ").replace("_", " ")) for action in actions()],
            newest=address("/audit", **query) if before else "",
            older=address("/audit", **query, before=shown[-1].id) if len(found) > PAGE_LENGTH else "",
            export_as=address("/audit.csv", **query),
            is_narrowed=wanted != AuditFilter(),
        )

    def export(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        wanted = _filter(context, fields)
        fields.refuse_errors()
        found = audit_entries.matching(wanted, MOST_EXPORTED + 1)
        if len(found) > MOST_EXPORTED:
            raise Refusal(f"These are more than {count_text(MOST_EXPORTED)} entries: narrow the days first.")
        content = written_list("csv", "Audit", HEADERS, map(_row, found))
        return export(context, "audit", content, f"audit-{context.today.isoformat()}.csv", len(found))


def _filter(context: RequestContext, fields: Form) -> AuditFilter:
    since, until = fields.optional_day("from"), fields.optional_day("to")
    return AuditFilter(
        actor=fields.text("who"),
        action=fields.text("action", longest=40),
        subjects=history.subjects_called(subject) if (subject := fields.text("subject")) else None,
        address=fields.text("address", longest=45),
        since=context.as_of(since - timedelta(days=1)).ended_at if since else None,
        until=context.as_of(until).ended_at if until else None,
    )


def _told(entry: Entry, context: RequestContext) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the details for everybody and those for people who look into the machine."""
    technical = [("action", entry.action), ("request", entry.request_id), ("entry", str(entry.id))]
    said = details(entry, context.locale)
    shown = [(name, text) for name, text in said if name not in TECHNICAL]
    return shown, [one for one in (*technical, *said) if one not in shown and one[1]]


def _row(entry: Entry) -> tuple[Listed, ...]:
    return (
        entry.id,
        entry.at.replace(tzinfo=None).isoformat(" "),
        entry.user_id,
        entry.actor,
        entry.program,
        entry.address,
        entry.request_id,
        entry.action,
        entry.subject,
        _json(entry.before),
        _json(entry.after),
    )


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)
