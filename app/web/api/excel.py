"""Use in Excel: the addresses of the lists as CSV, and the passwords that open them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.actions import api_tokens as token_actions
from app.actions.api_tokens import LONGEST_FEED_DAYS
from app.domain.permissions import TokenRight
from app.store.access import api_tokens, views
from app.store.access.api_tokens import ApiToken, TokenFacts
from app.store.access.views import View
from app.web.api import feeds
from app.web.auth import scopes
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

PAGE = "/excel"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Excel:
    pages: Pages
    public_url: str

    def index(self, context: RequestContext, fields: Form | None = None) -> HTTPResponse:
        return self._show(context, None, fields)

    def view(self, context: RequestContext, view_id: int, fields: Form | None = None) -> HTTPResponse:
        return self._show(context, views.existing(context.user.id, view_id), fields)

    def create(self, context: RequestContext) -> HTTPResponse:
        return self._made(context, None)

    def create_for_view(self, context: RequestContext, view_id: int) -> HTTPResponse:
        return self._made(context, views.existing(context.user.id, view_id))

    def _show(self, context: RequestContext, view: View | None, fields: Form | None) -> HTTPResponse:
        passwords = _passwords_of(context)
        return self.pages.show(
            context,
            "excel/show.html",
            fields=fields or Form({}),
            view=view,
            here=page_of(view),
            addresses=self._addresses(context, view),
            name=f"Excel: {view.name}"[:_LONGEST_NAME] if view else "Excel",
            days=LONGEST_FEED_DAYS,
            passwords=passwords,
            sees={token.id: scopes.described(token.scope) for token in passwords},
        )

    def _made(self, context: RequestContext, view: View | None) -> HTTPResponse:
        """Show the new password, once."""
        fields = Form(context.form)
        name = fields.text("name", required=True, longest=_LONGEST_NAME)
        days = fields.whole_number("days", LONGEST_FEED_DAYS, most=LONGEST_FEED_DAYS)
        if fields.errors:
            return self._show(context, view, fields)
        facts = TokenFacts(name, frozenset({TokenRight.FEEDS}), context.now + timedelta(days=days))
        token = token_actions.create(facts, context.user, context.now)
        addresses = self._addresses(context, view)
        return self.pages.show(
            context,
            "excel/password.html",
            token=token,
            facts=facts,
            here=page_of(view),
            addresses=addresses,
            level=f"{self.public_url}{feeds.ROOT}/",
        )

    def _addresses(self, context: RequestContext, view: View | None) -> Mapping[str, str]:
        """Return the addresses by the names of the lists."""
        saved = [view] if view else views.of_user(context.user.id)
        of_views = {one.name: f"{self.public_url}{feeds.ROOT}/views/{one.id}.csv" for one in saved}
        if view:
            return of_views
        return {title: f"{self.public_url}{feeds.ROOT}/{name}.csv" for name, title in feeds.LISTS.items()} | of_views


def page_of(view: View | None) -> str:
    return f"/views/{view.id}/excel" if view else PAGE


def _passwords_of(context: RequestContext) -> list[ApiToken]:
    good = api_tokens.good_ones_of(context.user.id, context.now)
    return [token for token in good if TokenRight.FEEDS in token.facts.rights]
