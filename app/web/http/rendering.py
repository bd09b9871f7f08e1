"""Rendering of pages from templates, and redirects with a flash message for the next page.

Templates may use `context`, `user` (or None), `may(Right.X)`, `asset(path)`, `address(path, name=value…)`, and filters
that format values in the user's locale: money, day, month, moment, number, percent, counted, agreeing.
"""

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bottle import HTTPResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.domain.ageing import BUCKET_NAMES
from app.domain.fields import label
from app.domain.incoming_payment import IncomingState
from app.domain.permissions import Right
from app.domain.sentences import agreeing, localized
from app.store.access.users import User
from app.store.ledger.incoming_payments import received
from app.web.http.assets import Assets
from app.web.http.browser_names import browser_called
from app.web.http.cookies import Cookies
from app.web.http.csrf import FIELD, Csrf
from app.web.http.errors import Refusal
from app.web.http.flashes import Flashes
from app.web.http.forms import Form
from app.web.http.locales import BRITISH, Locale
from app.web.http.no_writing.disk_space import DiskSpace
from app.web.http.no_writing.read_only import ReadOnly
from app.web.http.request_context import RequestContext
from app.web.http.sent_forms import SentForm

_ERRORS = re.compile(r'(<ul class="list" data-errors>\n)(.*?)( *</ul>)', re.DOTALL)
_ERROR = re.compile(r' *<li><a href="#([^"]*)">.*?</li>\n', re.DOTALL)
_TEMPLATES = Path(__file__).parents[2] / "templates"
_FLASH_SECONDS = 60
_FORM_SECONDS = 86_400
# Imported templates do not see the request's variables, and filters are shared by all requests. A context variable
# gives filters the user's locale, and costs less per cell than template variables.
_locale: ContextVar[Locale] = ContextVar("locale", default=BRITISH)


@dataclass(frozen=True, slots=True)
class Pages:
    templates: Environment
    csrf: Csrf
    flashes: Flashes
    cookies: Cookies
    disk_space: DiskSpace
    read_only: ReadOnly
    idle: timedelta
    provider_name: str = ""
    is_password_for_some: bool = False

    def show(
        self, context: RequestContext, template: str, *, status: int | None = None, **values: object
    ) -> HTTPResponse:
        """Show the page, and for the last time the flash message of the one before.

        Without a status it is 422 where the form in `fields` has errors, else 200. Forms of visitors who are not signed
        in are bound to a secret in a cookie instead of a login.
        """
        fields = values.get("fields")
        usual = 422 if isinstance(fields, Form) and fields.errors else 200
        if context.login is None:
            context = replace(context, form_secret=context.form_secret or secrets.token_urlsafe(32))
        response = self._page(context, template, status or usual, values)
        if context.login is None:
            self.cookies.set(response, "form", context.form_secret, seconds=_FORM_SECONDS)
        if context.flash:
            self.cookies.delete(response, "flash")
        return response

    def part(self, locale: Locale, template: str, **values: object) -> Markup:
        """Return a fragment that is the same for all users of the locale: it gets no user and no request."""
        token = _locale.set(locale)
        try:
            return Markup(self.templates.get_template(template).render(values).strip())  # noqa: S704  # escaped by the template
        finally:
            _locale.reset(token)

    def redirect(self, context: RequestContext, address: str, *, flash: str = "") -> HTTPResponse:
        response = HTTPResponse(status=303, headers={"Location": address})
        if flash and context.login:
            signed = self.flashes.sign(flash, context.login.jti)
            self.cookies.set(response, "flash", signed, seconds=_FLASH_SECONDS)
        return response

    def refusal(
        self, context: RequestContext | None, refusal: Refusal, sent: SentForm | None = None, lost: str = ""
    ) -> HTTPResponse:
        """Say why, and show what was typed, to be sent again where that may succeed."""
        values: dict[str, Any] = {"title": refusal.title, "sentence": str(refusal), "request_id": ""}
        values |= {"sent": sent, "lost": lost, "can_be_repeated": refusal.can_be_repeated}
        response = self._page(context, "errors/show.html", refusal.status, values)
        for name, value in refusal.headers.items():
            response.set_header(name, value)
        return response

    def failure(self, request_id: str) -> HTTPResponse:
        """Name the id under which the failure is logged."""
        values = {
            "title": "Something went wrong here",
            "sentence": "If you sent something, look whether it was saved before you send it again. If it happens "
            "again, tell the operator of this site the number below.",
            "request_id": request_id,
            "sent": None,
            "lost": "",
        }
        return self._page(None, "errors/show.html", 500, values)

    def _page(
        self, context: RequestContext | None, template: str, status: int, values: Mapping[str, Any]
    ) -> HTTPResponse:
        around = self._common_values(context) if context else _ANONYMOUS_VALUES
        token = _locale.set(context.locale) if context else None
        try:
            locale = _locale.get()
            html = self.templates.get_template(template).render({**around, **values})
            html = in_order_of_fields(localized(html, locale.decimal_number, locale.day))
        finally:
            if token:
                _locale.reset(token)
        headers = {"Content-Type": "text/html; charset=utf-8", **(self.login_header(context) if context else {})}
        return HTTPResponse(html, status, headers=headers)

    def login_header(self, context: RequestContext) -> dict[str, str]:
        """Return the header by which an open page learns for how many seconds its user stays signed in."""
        if context.login is None:
            return {}
        left = context.login.ends_at(self.idle) - context.now
        return {"Login-Seconds": str(int(left.total_seconds()))}

    def _common_values(self, context: RequestContext) -> dict[str, Any]:
        user = context.login.user if context.login else None
        token = self.csrf.token_for(context.form_secret)
        return {
            "context": context,
            "provider_name": self.provider_name,
            "is_password_for_some": self.is_password_for_some,
            "user": user,
            "flash": context.flash,
            "disk_space": self.disk_space,
            "maintenance": self.read_only.current,
            "may": lambda right: user is not None and user.may(right),
            "payment_questions": _payment_questions(user),
            "login_seconds": self.login_header(context).get("Login-Seconds"),
            "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token),
        }


_ANONYMOUS_VALUES: dict[str, Any] = {
    "context": None,
    "provider_name": "",
    "is_password_for_some": False,
    "user": None,
    "flash": "",
    "disk_space": None,
    "maintenance": None,
    "may": lambda _right: False,
    "payment_questions": 0,
}


def _payment_questions(user: User | None) -> int:
    """Return how many incoming payments wait for an answer of the user."""
    if user is None or not user.may(Right.MATCH_PAYMENTS):
        return 0
    return received.count(IncomingState.QUESTION)


def templates(assets: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(asset=assets.url, address=address, Right=Right, field_label=label)
    environment.globals["ageing_names"] = BUCKET_NAMES
    environment.filters.update(
        money=lambda cents: _locale.get().money(cents),
        number=lambda number: _locale.get().number(number),
        counted=lambda count, singular, plural: f"{_locale.get().number(count)} {agreeing(count, singular, plural)}",
        agreeing=agreeing,
        percent=lambda part, whole: _locale.get().percent(part, whole),
        day=lambda day: _locale.get().day(day),
        month=lambda day: _locale.get().month(day),
        moment=lambda at: _locale.get().moment(at),
        sentence=sentence,
        dialled=lambda number: "".join(sign for sign in number if sign.isdigit() or sign == "+"),
        browser=browser_called,
    )
    environment.globals["keys"] = Markup(environment.get_template("_keys.html").render())  # noqa: S704  # our own template
    return environment


def address(path: str, **query: object) -> str:
    parameters = {name: str(value) for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(parameters)}" if parameters else path


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_order_of_fields(html: str) -> str:
    """Return the page with the entries of its error summaries as their fields stand in it; others come last."""
    if "data-errors" not in html:
        return html

    def ordered(found: re.Match[str]) -> str:
        entries = [(entry[1], entry[0]) for entry in _ERROR.finditer(found[2])]
        in_order = sorted(entries, key=lambda entry: _place(entry[0], html))
        return f"{found[1]}{''.join(text for _, text in in_order)}{found[3]}"

    return _ERRORS.sub(ordered, html)


def _place(name: str, html: str) -> int:
    place = html.find(f'id="{name}"')
    return place if place >= 0 else len(html)
