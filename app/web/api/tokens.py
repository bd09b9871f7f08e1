"""API tokens: users create one for each program, see when it was used, and revoke it."""

from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.actions import api_tokens as token_actions
from app.domain.permissions import Right, TokenRight
from app.store.access import api_tokens
from app.store.access.api_tokens import ApiToken, TokenFacts
from app.store.ledger import customer_choice, invoices
from app.web.auth import scopes
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

USUAL_DAYS = 90
MOST_DAYS = 730
_NAMES = {
    TokenRight.READ: "Read: invoices, customers, payments, reports, the export",
    TokenRight.EDIT: "Edit: enter and change invoices and customers",
    TokenRight.PAYMENTS: "Payments: record and void them, bring in those of a payment provider",
    TokenRight.IMPORT: "Import: upload and apply workbooks",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """An admin sees and revokes the tokens of all users."""

    pages: Pages

    def index(self, context: RequestContext, fields: Form | None = None) -> HTTPResponse:
        sees_all = context.user.may(Right.ADMINISTER)
        tokens = api_tokens.of_everybody() if sees_all else api_tokens.of_user(context.user.id)
        return self.pages.show(
            context,
            "api/tokens.html",
            fields=fields or Form({}),
            tokens=tokens,
            sees_all=sees_all,
            states={token.id: _state(token, context) for token in tokens},
            sees={token.id: scopes.described(token.scope) for token in tokens},
            rights=_NAMES,
            ledgers=sorted(context.user.scope.ledgers) or invoices.ledgers(),
            customers=customer_choice.all_choices(),
            days=USUAL_DAYS,
        )

    def create(self, context: RequestContext) -> HTTPResponse:
        """Show the new token, once."""
        fields = Form(context.form)
        name = fields.text("name", required=True, longest=60)
        rights = frozenset(right for right in TokenRight if fields.checked(f"right:{right}"))
        if not rights:
            fields.errors["rights"] = "Choose at least one: a token without rights is of no use."
        days = fields.whole_number("days", USUAL_DAYS, most=MOST_DAYS)
        narrowed_to = scopes.chosen(fields)
        if not fields.errors:
            facts = TokenFacts(name, rights, context.now + timedelta(days=days), narrowed_to)
            with fields.refusal_at("customer", token_actions.OutsideScopeError):
                token = token_actions.create(facts, context.user, context.now)
                return self.pages.show(context, "api/token.html", token=token, facts=facts)
        return self.index(context, fields)

    def revoke(self, context: RequestContext, token_id: int) -> HTTPResponse:
        name = token_actions.revoke(token_id, context.user, context.now)
        return self.pages.redirect(context, "/tokens", flash=f"The token {name} no longer counts.")


def _state(token: ApiToken, context: RequestContext) -> str:
    if token.revoked_at is not None:
        return "Revoked"
    if not token.user.active:
        return "User deactivated"
    return "Active" if token.is_active(context.now) else "Expired"
