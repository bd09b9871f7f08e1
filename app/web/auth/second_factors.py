"""Second factors: set up with an app, confirmed by a code and the password; replaced and removed."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import second_factors
from app.store.access import second_factor
from app.web.auth import one_time_codes
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.remaining_tokens import those_that_count
from app.web.auth.typed_secrets import check_proof
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class SecondFactors:
    pages: Pages
    browsers: BrowserSessions
    access_policy: AccessPolicy
    key: bytes

    def show(self, context: RequestContext, fields: Form | None = None, opened: str = "") -> HTTPResponse:
        if context.user.has_totp:
            left = second_factor.recovery_codes_left(context.user.id)
            return self.pages.show(
                context,
                "account/second_factor.html",
                fields=fields or Form({}),
                nothing=Form({}),
                opened=opened,
                codes_left=left,
            )
        secret = self._offered(context)
        return self.pages.show(
            context,
            "account/enrol.html",
            fields=fields or Form({}),
            is_required=self.access_policy.has_to_enrol(context.user),
            secret=one_time_codes.grouped(secret),
            picture=one_time_codes.picture(secret, context.user.email),
        )

    def enable(self, context: RequestContext) -> HTTPResponse:
        """Enable the second factor and show the recovery codes once; all other logins end."""
        if context.user.has_totp:
            return self.pages.redirect(context, "/account/second-factor")
        fields = Form({})
        secret = self._offered(context)
        step = second_factors.step_of(secret, context.form.get("code", ""), context.now)
        if step is None:
            fields.errors["code"] = "This is not the code that your app shows now: please type the next one."
        check_proof(context, fields)
        if step is None or fields.errors:
            return self.show(context, fields)
        codes = one_time_codes.new_recovery_codes()
        new_login = self.browsers.renewed_login(context)
        second_factors.enable(context.user, secret, step, codes, context.now, new_login=new_login)
        renewed = self.browsers.signed_in(context, new_login)
        return self.browsers.hand_over(renewed, self._codes(renewed, codes, is_new=True))

    def renew_codes(self, context: RequestContext) -> HTTPResponse:
        """Show a new set of recovery codes once; the old ones become invalid."""
        fields = Form({})
        check_proof(context, fields)
        if fields.errors:
            return self.show(context, fields, opened="codes")
        codes = one_time_codes.new_recovery_codes()
        second_factors.renew_recovery_codes(context.user, codes, context.now)
        return self._codes(context, codes, is_new=False)

    def disable(self, context: RequestContext) -> HTTPResponse:
        """Disable the second factor; all other logins end."""
        fields = Form({})
        check_proof(context, fields)
        if fields.errors:
            return self.show(context, fields, opened="removal")
        new_login = self.browsers.renewed_login(context)
        second_factors.disable(context.user, context.now, new_login=new_login)
        renewed = self.browsers.signed_in(context, new_login)
        still = those_that_count(context.user.id, context.now, "see below whether you know them.")
        way = "your password or a passkey, without a code," if renewed.user.has_passkey else "your password alone"
        flash = f"You sign in by {way} now, and are signed out everywhere else. {still}".strip()
        return self.browsers.hand_over(renewed, self.pages.redirect(renewed, "/account", flash=flash))

    def _offered(self, context: RequestContext) -> str:
        return one_time_codes.offered_secret(self.key, context.form_secret)

    def _codes(self, context: RequestContext, codes: list[str], *, is_new: bool) -> HTTPResponse:
        grouped = [one_time_codes.grouped(code) for code in codes]
        tokens = those_that_count(context.user.id, context.now, "see on your account page whether you know them.")
        return self.pages.show(context, "account/codes.html", codes=grouped, is_new=is_new, tokens=tokens)
