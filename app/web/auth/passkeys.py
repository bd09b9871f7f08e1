"""The page of a user's own passkeys: added and removed, and what browsers are asked for meanwhile."""

import logging
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions.credentials import passkeys as passkey_actions
from app.actions.credentials.passkeys import LastWayInError, TooManyPasskeysError
from app.store.access import passkeys, users
from app.store.access.logins import NewLogin
from app.store.access.passkeys import PasskeyTakenError
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.passkey_proof import FIELD
from app.web.auth.remaining_tokens import those_that_count
from app.web.http.errors import NotFoundError
from app.web.http.forms import Form
from app.web.http.passkeys.relying_party import Ceremony, PasskeyRefusedError, RelyingParty
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_LONGEST_NAME = 60
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PasskeyPages:
    pages: Pages
    browsers: BrowserSessions
    issuer: str

    def show(
        self, context: RequestContext, fields: Form | None = None, removing: int = 0, status: int | None = None
    ) -> HTTPResponse:
        """Show the page; `fields` are those of the form that adds one, or of that which removes number `removing`."""
        return self.pages.show(
            context,
            "account/passkeys.html",
            status=status,
            fields=fields or Form({}),
            nothing=Form({}),
            passkeys=passkeys.of_user(context.user.id),
            removing=removing,
            has_other_way=context.user.has_totp or users.has_account_at(context.user.id, self.issuer),
            is_possible=context.relying_party.is_possible,
        )

    def ask_again(self, context: RequestContext, fields: Form, passkey_id: int) -> HTTPResponse:
        return self.show(context, fields, passkey_id)

    def begin(self, context: RequestContext) -> HTTPResponse:
        """Go on with a user who has stepped up: no passkey may be made that is then refused for a wrong password."""
        return self.pages.redirect(context, "/account/passkeys")

    def creation_options(self, context: RequestContext) -> HTTPResponse:
        party, user = _possible(context), context.user
        known = passkeys.of_user(user.id)
        return _json(
            party.creation_options(user.email, user.name, _handle(context), known, context.form_secret, context.now)
        )

    def step_up_options(self, context: RequestContext) -> HTTPResponse:
        known = passkeys.of_user(context.user.id)
        return _json(_possible(context).request_options(Ceremony.STEP_UP, known, context.form_secret, context.now))

    def create(self, context: RequestContext) -> HTTPResponse:
        """Register the passkey that the browser made; all other logins end."""
        fields = Form(context.form)
        name = " ".join(fields.text("name", required=True, longest=_LONGEST_NAME).split())
        if fields.errors:
            return self.show(context, fields)
        sent, new_login = context.form.get(FIELD, ""), self.browsers.renewed_login(context)
        try:
            new = _possible(context).registered(sent, name, _handle(context), context.form_secret, context.now)
        except PasskeyRefusedError as refused:
            log.warning("refused a new passkey of user %s: %s", context.user.id, refused)
            fields.errors["name"] = "The passkey could not be added: please try again."
            return self.show(context, fields)
        try:
            passkey_actions.register(context.user, new, context.now, new_login=new_login)
        except (PasskeyTakenError, TooManyPasskeysError) as refused:
            fields.errors["name"] = str(refused)
            return self.show(context, fields)
        return self._renewed(context, new_login, f"The passkey {name} signs you in from now on.")

    def delete(self, context: RequestContext, passkey_id: int) -> HTTPResponse:
        """Remove a passkey; all other logins end."""
        new_login = self.browsers.renewed_login(context)
        try:
            passkey_actions.remove(context.user, passkey_id, context.now, new_login=new_login, issuer=self.issuer)
        except LastWayInError as refused:
            fields = Form({})
            fields.errors["remove"] = str(refused)
            return self.show(context, fields, passkey_id, status=409)
        return self._renewed(context, new_login, "The passkey no longer signs you in: delete it on your device too.")

    def _renewed(self, context: RequestContext, new_login: NewLogin, said: str) -> HTTPResponse:
        renewed = self.browsers.signed_in(context, new_login)
        still = those_that_count(context.user.id, context.now, "see on your account page whether you know them.")
        flash = f"{said} You are signed out everywhere else. {still}".strip()
        return self.browsers.hand_over(renewed, self.pages.redirect(renewed, "/account/passkeys", flash=flash))


def _possible(context: RequestContext) -> RelyingParty:
    if not context.relying_party.is_possible:
        raise NotFoundError("Passkeys do not work at this address.")
    return context.relying_party


def _handle(context: RequestContext) -> str:
    return passkeys.user_handle_of(context.user.id) or context.relying_party.first_handle(context.user.id)


def _json(options: str) -> HTTPResponse:
    return HTTPResponse(options, headers={"Content-Type": "application/json"})
