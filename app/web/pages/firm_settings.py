"""The settings of the firm that are no secret; secrets and what concerns the server are in its environment."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from bottle import HTTPResponse

from app.actions import firm as firm_actions
from app.actions.firm import UnknownCurrencyError
from app.domain.fields import FIRM
from app.domain.firm import Firm
from app.store.access import audit_entries
from app.store.ledger.firm import FirmConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.overtaken_edits import overtaken_edit

_LABELS = {field.name: field.label for field in FIRM}
_LONGEST = {field.name: field.longest for field in FIRM}


@dataclass(frozen=True, slots=True)
class FirmSettings:
    """`unsaved` is the firm as long as nobody saved this page."""

    pages: Pages
    unsaved: Firm

    def show(self, context: RequestContext) -> HTTPResponse:
        return self._form(context, Form({}), context.firm.version)

    def update(self, context: RequestContext) -> HTTPResponse:
        """Where somebody else was quicker, show what they saved beside what was typed."""
        fields = Form(context.form)
        version = fields.version()
        firm = _typed(fields, version, context.firm.zone)
        if not fields.errors:
            try:
                with fields.refusal_at("currency", UnknownCurrencyError):
                    changed = firm_actions.edit(firm, self.unsaved, context.user, context.now)
                    flash = "The settings were saved." if changed else "Nothing was different."
                    return self.pages.redirect(context, "/settings", flash=flash)
            except FirmConflictError as conflict:
                return self._conflict(context, fields, conflict.current, firm)
        return self._form(context, fields, version)

    def _conflict(self, context: RequestContext, fields: Form, current: Firm, typed: Firm) -> HTTPResponse:
        latest = next(iter(audit_entries.of_subject("firm:1", limit=1)), None)
        saver = (latest.actor, latest.at) if latest else None
        theirs, ours = current.described(), typed.described()
        overtaken = overtaken_edit(theirs, ours, fields, context.locale, saver=saver, names={})
        return self._form(context, fields, current.version, status=409, overtaken=overtaken)

    def _form(
        self, context: RequestContext, fields: Form, version: int, status: int | None = None, **more: object
    ) -> HTTPResponse:
        return self.pages.show(
            context,
            "settings/show.html",
            status=status,
            fields=fields,
            labels=_LABELS,
            longest=_LONGEST,
            values=asdict(context.firm),
            zones=_zones(context.firm.zone.key),
            **{"version": version, "overtaken": None, **more},
        )


def _typed(fields: Form, version: int, zone: ZoneInfo) -> Firm:
    """Read the form; an e-mail address without an @ and a time zone that is not of the list are refused."""
    lines = {name: fields.text(name, longest=_LONGEST[name], lines=True) for name in ("address", "bank_details")}
    email = fields.text("email", longest=_LONGEST["email"])
    if email and "@" not in email.strip("@"):
        fields.errors["email"] = "An e-mail address has an @ in it."
    wanted = fields.text("zone", required=True)
    if wanted and wanted not in dict(_zones(zone.key)):
        fields.errors["zone"] = "Please choose one of the list."
    return Firm(
        currency=fields.text("currency", required=True, longest=_LONGEST["currency"]).upper(),
        zone=zone if "zone" in fields.errors else ZoneInfo(wanted),
        name=" ".join(fields.text("name", longest=_LONGEST["name"]).split()),
        email=email,
        phone=fields.text("phone", longest=_LONGEST["phone"]),
        version=version,
        **lines,
    )


@lru_cache(maxsize=8)
def _zones(current: str) -> tuple[tuple[str, str], ...]:
    """Return those that are named after a place, UTC, and the one that holds now, for a select."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))}
    return tuple((name, name.replace("_", " ")) for name in sorted(places | {"UTC", current}))
