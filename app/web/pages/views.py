"""Saved views: a user's named filters of the invoices, one of which may be what the list opens with."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from bottle import HTTPResponse

from app.store.access import views
from app.web.http.errors import NotFoundError
from app.web.http.forms import Form
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.narrowed_lists import narrowed_to

_MISSING = "There is no such view."


@dataclass(frozen=True, slots=True)
class Views:
    pages: Pages

    def index(
        self,
        context: RequestContext,
        fields: Form | None = None,
        parameters: dict[str, str] | None = None,
        renamed: int | None = None,
    ) -> HTTPResponse:
        return self.pages.show(
            context,
            "views/index.html",
            fields=fields or Form({}),
            nothing=Form({}),
            views=[(view, _filters(view.parameters, context)) for view in views.of_user(context.user.id)],
            parameters=parameters,
            renamed=renamed,
            address_of=address_of,
            query_of=query_of,
        )

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        name = fields.text("name", required=True, longest=60)
        search = InvoiceSearch.of(Form(dict(parse_qsl(context.form.get("parameters", "")))), context)
        if not fields.errors:
            with fields.refusal_at("name", views.NameTakenError):
                view_id = views.save(context.user.id, name, search.parameters, context.locale.identifier)
                if fields.checked("default"):
                    views.make_default(context.user.id, view_id)
                shown = f"/views/{view_id}/excel" if fields.checked("excel") else address_of(search.parameters)
                return self.pages.redirect(context, shown, flash=f"The view {name} was saved.")
        return self.index(context, fields, search.parameters)

    def update(self, context: RequestContext, view_id: int) -> HTTPResponse:
        fields = Form(context.form)
        name = fields.text("name", required=True, longest=60)
        if not fields.errors:
            with fields.refusal_at("name", views.NameTakenError):
                if not views.rename(context.user.id, view_id, name):
                    raise NotFoundError(_MISSING)
                return self.pages.redirect(context, "/views", flash=f"The view is called {name} now.")
        return self.index(context, fields, renamed=view_id)

    def make_default(self, context: RequestContext, view_id: int) -> HTTPResponse:
        is_wanted = context.form.get("default") == "yes"
        if not any(view.id == view_id for view in views.of_user(context.user.id)):
            raise NotFoundError(_MISSING)
        views.make_default(context.user.id, view_id if is_wanted else None)
        opens = "with this view" if is_wanted else "with all invoices"
        return self.pages.redirect(context, "/views", flash=f"The list of invoices opens {opens} now.")

    def delete(self, context: RequestContext, view_id: int) -> HTTPResponse:
        if not views.delete(context.user.id, view_id):
            raise NotFoundError(_MISSING)
        return self.pages.redirect(context, "/views", flash="The view was deleted.")


def _filters(parameters: Mapping[str, str], context: RequestContext) -> str:
    search = InvoiceSearch.of(Form(parameters), context)
    return ", ".join([*search.in_words(context.locale), *(words for _, words, _ in narrowed_to(context, search))])


def address_of(parameters: dict[str, str]) -> str:
    return address("/invoices", **(parameters or {"all": "yes"}))


def query_of(parameters: dict[str, str]) -> str:
    return address("", **parameters).removeprefix("?")
