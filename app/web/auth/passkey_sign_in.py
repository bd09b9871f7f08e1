"""Sign-in by a passkey, which is both factors: something that the user has, and a PIN, finger or face."""

import logging
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import sign_in
from app.store.access import users
from app.store.access.passkeys import Passkey
from app.store.access.users import User
from app.web.auth.passkey_proof import FIELD, claimed_id, claimed_passkey
from app.web.auth.sessions import Sessions
from app.web.auth.throttling import Attempt, TooManyAttemptsError
from app.web.http.errors import NotFoundError
from app.web.http.forms import local_path
from app.web.http.passkeys.relying_party import Ceremony, PasskeyRefusedError
from app.web.http.request_context import RequestContext

# One sentence for each reason: it must not tell a stranger which passkeys and users there are.
_REFUSED = "This passkey does not sign you in: please try again, or sign in another way."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PasskeySignIn:
    sessions: Sessions

    def options(self, context: RequestContext) -> HTTPResponse:
        """Return what the browser is to ask for: any passkey of this site, so no user is named."""
        if not context.relying_party.is_possible:
            raise NotFoundError("Passkeys do not work at this address.")
        options = context.relying_party.request_options(Ceremony.SIGN_IN, (), context.form_secret, context.now)
        return HTTPResponse(options, headers={"Content-Type": "application/json"})

    def create(self, context: RequestContext) -> HTTPResponse:
        sent, wanted = context.form.get(FIELD, ""), local_path(context.form.get("next", "/"))
        owner = _owner(sent)
        try:
            attempt = Attempt.at_passkey(claimed_id(sent), context).begin(context, owner)
        except TooManyAttemptsError as refused:
            return refused.said_on(self.sessions.form_again(context, wanted, str(refused)))
        new_login = self.sessions.browsers.new_login(context)
        try:
            passkey = claimed_passkey(sent)
            user = self._may_sign_in(passkey)
            use = context.relying_party.used(sent, passkey, Ceremony.SIGN_IN, context.form_secret, context.now)
        except PasskeyRefusedError as refused:
            if owner:
                sign_in.refuse(owner, str(refused), context.now)
            return self._refused(context, wanted, owner, str(refused))
        if not sign_in.start_with_passkey(user, passkey, use.sign_count, use.challenged_at, new_login, context.now):
            return self._refused(context, wanted, owner, sign_in.REPLAYED)
        attempt.succeeded(context)
        return self.sessions.signed_in(context, new_login, wanted)

    def _may_sign_in(self, passkey: Passkey) -> User:
        user = users.get(passkey.user_id)
        if user is None or not user.active:
            raise PasskeyRefusedError("a deactivated user")
        if self.sessions.access_policy.must_use_provider(user):
            raise PasskeyRefusedError("a passkey where the provider is asked")
        return user

    def _refused(self, context: RequestContext, wanted: str, owner: User | None, reason: str) -> HTTPResponse:
        self.sessions.metrics.failed_logins.labels("passkey").inc()
        log.warning("refused to sign in user %s: %s", owner.id if owner else "unknown", reason)
        return self.sessions.form_again(context, wanted, _REFUSED)


def _owner(sent: str) -> User | None:
    try:
        return users.get(claimed_passkey(sent).user_id)
    except PasskeyRefusedError:
        return None
