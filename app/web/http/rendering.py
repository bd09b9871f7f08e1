"""Rendering: pages from templates, and redirects that leave a sentence for the next page.

@dataclass(frozen=True, slots=True)
class Imports:                                   # handlers are methods of what holds the things they need
    pages: Pages

    def show(self, visit: Visit, import_id: int) -> HTTPResponse:
        found = imports.get(import_id)
        if found is None:
            raise NotFoundError("There is no such import.")         # app.web.http.errors: answers with its own page
        return self.pages.show(visit, "imports/show.html", found=found)

    def create(self, visit: Visit) -> HTTPResponse:
        ...
        return self.pages.redirect(visit, f"/imports/{found.id}", flash="3 invoices were added.")

Every template extends `base.html`, fills the blocks `title` and `main`, and puts `{{ csrf_field }}` into each form
that is posted. It may use `visit`, `user` (or None), `may(Right.X)`, `asset(path)`, `address(path, name=value…)`, the
parts of `_parts.html` and `_charts.html`, and these filters, which write as whoever asks does:

    {{ cents|money }}  {{ day|day }}  {{ day|month }}  {{ at|moment }}  {{ count|number }}  {{ part|percent(whole) }}
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bottle import HTTPResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.domain.fields import label
from app.domain.permissions import Right
from app.domain.sentences import localized
from app.web.http.assets import Assets
from app.web.http.browser_names import browser_called
from app.web.http.cookies import Cookies
from app.web.http.csrf import FIELD, Csrf
from app.web.http.disk_space import DiskSpace
from app.web.http.errors import Refusal
from app.web.http.flashes import Flashes
from app.web.http.locales import FALLBACK, Locale
from app.web.http.request_context import RequestContext

_TEMPLATES = Path(__file__).parents[2] / "templates"
_FLASH_SECONDS = 60
_BRITISH = Locale.of(FALLBACK, ZoneInfo("UTC"))
# What templates import sees nothing of the request, and a filter is the same for all requests: this tells them whose
# page is being made, at less cost for each cell than any way through the template's own variables.
_locale: ContextVar[Locale] = ContextVar("locale", default=_BRITISH)


@dataclass(frozen=True, slots=True)
class Pages:
    """Turns templates and values into answers."""

    templates: Environment
    csrf: Csrf
    flashes: Flashes
    cookies: Cookies
    disk_space: DiskSpace

    def show(self, context: RequestContext, template: str, *, status: int = 200, **values: Any) -> HTTPResponse:  # noqa: ANN401  # whatever the template shows
        """Answer with the page, and with the sentence that the last page left for it."""
        response = self._page(template, status, {**self._around(context), **values})
        if context.flash:
            self.cookies.delete(response, "flash")
        return response

    def part(self, locale: Locale, template: str, **values: Any) -> Markup:  # noqa: ANN401  # whatever the template shows
        """Return a part of a page that is the same for whoever reads in the locale: it is told of nobody."""
        shown_to = _locale.set(locale)
        try:
            return Markup(self.templates.get_template(template).render(values).strip())  # noqa: S704  # escaped there
        finally:
            _locale.reset(shown_to)

    def redirect(self, context: RequestContext, address: str, *, flash: str = "") -> HTTPResponse:
        """Send the browser to another page of ours, which will show the sentence once."""
        response = HTTPResponse(status=303, headers={"Location": address})
        if flash and context.login:
            signed = self.flashes.sign(flash, context.login.jti)
            self.cookies.set(response, "flash", signed, seconds=_FLASH_SECONDS)
        return response

    def refusal(self, context: RequestContext | None, refusal: Refusal) -> HTTPResponse:
        """Answer with why the page asked for is not shown."""
        around = self._around(context) if context else _AROUND_NOBODY
        values = {"title": refusal.title, "sentence": str(refusal), "request_id": ""}
        response = self._page("errors/show.html", refusal.status, {**around, **values})
        for name, value in refusal.headers.items():
            response.set_header(name, value)
        return response

    def failure(self, request_id: str) -> HTTPResponse:
        """Answer that something broke, with the id under which the log tells what."""
        values = {
            "title": "Something went wrong here",
            "sentence": "Nothing was changed. Please try again; if it happens again, tell whoever runs this site the "
            "number below.",
            "request_id": request_id,
        }
        return self._page("errors/show.html", 500, {**_AROUND_NOBODY, **values})

    def _page(self, template: str, status: int, values: Mapping[str, Any]) -> HTTPResponse:
        context = values["context"]
        shown_to = _locale.set(context.locale) if context else None
        try:
            html = localized(self.templates.get_template(template).render(values), _locale.get().decimal_number)
        finally:
            if shown_to:
                _locale.reset(shown_to)
        return HTTPResponse(html, status, headers={"Content-Type": "text/html; charset=utf-8"})

    def _around(self, context: RequestContext) -> dict[str, Any]:
        user = context.login.user if context.login else None
        token = self.csrf.token_for(context.form_secret)
        return {
            "context": context,
            "user": user,
            "flash": context.flash,
            "disk_space": self.disk_space,
            "may": lambda right: user is not None and user.may(right),
            "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token),
        }


_AROUND_NOBODY: dict[str, Any] = {
    "context": None,
    "user": None,
    "flash": "",
    "disk_space": None,
    "may": lambda _right: False,
}


def templates(assets: Assets) -> Environment:
    """Return the templates: everything escaped, and a name that does not exist is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(asset=assets.url, address=address, Right=Right, field_label=label)
    environment.filters.update(
        money=lambda cents: _locale.get().money(cents),
        number=lambda number: _locale.get().number(number),
        percent=lambda part, whole: _locale.get().percent(part, whole),
        day=lambda day: _locale.get().day(day),
        month=lambda day: _locale.get().month(day),
        moment=lambda at: _locale.get().moment(at),
        sentence=sentence,
        browser=browser_called,
    )
    environment.globals["keys"] = Markup(environment.get_template("_keys.html").render())  # noqa: S704  # our own
    return environment


def address(path: str, **query: object) -> str:
    """Return the address with the parameters that say something."""
    said = {name: str(value) for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(said)}" if said else path


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]
