"""Saved views: a user's named filters of the invoices, one of which may be what the list opens with."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from bottle import HTTPResponse

from app.store.access import views
from app.web.http.errors import NotFoundError
from app.web.http.forms import Fields
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.rendering import Pages, address
from app.web.http.request_context import Visit


@dataclass(frozen=True, slots=True)
class Views:
    """Keeps, renames and forgets views; nobody sees those of another."""

    pages: Pages

    def index(self, visit: Visit) -> HTTPResponse:
        """Answer with the user's views."""
        return self._index(visit, Fields({}))

    def create(self, visit: Visit) -> HTTPResponse:
        """Keep what the list shows under a name."""
        fields = Fields(visit.form)
        name = fields.text("name", required=True, longest=60)
        search = InvoiceSearch.of(Fields(dict(parse_qsl(visit.form.get("parameters", "")))), visit.locale, visit.today)
        if not fields.errors:
            try:
                view_id = views.save(visit.user.id, name, search.parameters)
            except views.NameTakenError as error:
                fields.errors["name"] = str(error)
            else:
                if fields.checked("default"):
                    views.make_default(visit.user.id, view_id)
                shown = address_of(search.parameters)
                return self.pages.redirect(visit, shown, flash=f"The view {name} was saved.")
        return self._index(visit, fields, search.parameters)

    def update(self, visit: Visit, view_id: int) -> HTTPResponse:
        """Give a view another name."""
        fields = Fields(visit.form)
        name = fields.text("name", required=True, longest=60)
        if not fields.errors:
            try:
                _or_not_found(views.change(visit.user.id, view_id, name=name))
                return self.pages.redirect(visit, "/views", flash=f"The view is called {name} now.")
            except views.NameTakenError as error:
                fields.errors["name"] = str(error)
        return self._index(visit, fields, renamed=view_id)

    def make_default(self, visit: Visit, view_id: int) -> HTTPResponse:
        """Let the list open with the view, or no longer."""
        is_wanted = visit.form.get("default") == "yes"
        if not any(view.id == view_id for view in views.of_user(visit.user.id)):
            raise NotFoundError("There is no such view.")
        views.make_default(visit.user.id, view_id if is_wanted else None)
        opens = "with this view" if is_wanted else "with all invoices"
        return self.pages.redirect(visit, "/views", flash=f"The list of invoices opens {opens} now.")

    def delete(self, visit: Visit, view_id: int) -> HTTPResponse:
        """Forget a view."""
        _or_not_found(views.delete(visit.user.id, view_id))
        return self.pages.redirect(visit, "/views", flash="The view was deleted.")

    def _index(
        self,
        visit: Visit,
        fields: Fields,
        parameters: dict[str, str] | None = None,
        renamed: int | None = None,
    ) -> HTTPResponse:
        return self.pages.show(
            visit,
            "views/index.html",
            status=422 if fields.errors else 200,
            fields=fields,
            nothing=Fields({}),
            views=views.of_user(visit.user.id),
            parameters=parameters,
            renamed=renamed,
            address_of=address_of,
            query_of=query_of,
        )


def address_of(parameters: dict[str, str]) -> str:
    """Return the address of the list that the parameters ask for."""
    return address("/invoices", **(parameters or {"all": "yes"}))


def query_of(parameters: dict[str, str]) -> str:
    """Return the parameters as an address has them."""
    return address("", **parameters).removeprefix("?")


def _or_not_found(was_there: bool) -> None:  # noqa: FBT001  # what the store says
    if not was_there:
        raise NotFoundError("There is no such view.")
