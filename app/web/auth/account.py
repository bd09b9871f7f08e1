"""The account page: users change their password and end their own logins."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import passwords, sign_in
from app.actions import users as user_actions
from app.actions.users import BorrowedNameError
from app.store.access import api_tokens, logins, second_factor, users
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.one_time_codes import RECOVERY_CODES
from app.web.auth.remaining_tokens import those_that_count
from app.web.auth.typed_secrets import check_password, hash_of_chosen
from app.web.http.errors import NotFoundError
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class AccountPages:
    pages: Pages
    browsers: BrowserSessions
    access_policy: AccessPolicy

    def show(
        self, context: RequestContext, fields: Form | None = None, name_fields: Form | None = None
    ) -> HTTPResponse:
        return self.pages.show(
            context,
            "account/show.html",
            status=422 if name_fields else None,
            fields=fields or Form({}),
            name_fields=name_fields or Form({}),
            logins=logins.of_user(context.user.id, context.now, self.access_policy.idle),
            this=context.login.id if context.login else None,
            codes_left=second_factor.recovery_codes_left(context.user.id),
            codes=RECOVERY_CODES,
            has_password=users.has_password(context.user.id),
            must_use_provider=self.access_policy.must_use_provider(context.user),
            tokens=len(api_tokens.good_ones_of(context.user.id, context.now)),
        )

    def rename(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        name = " ".join(fields.text("name", longest=_LONGEST_NAME).split())
        if not fields.errors:
            with fields.refusal_at("name", BorrowedNameError):
                renamed = user_actions.rename(context.user, name, context.now)
                flash = "Your name was changed." if renamed else "Nothing was different."
                return self.pages.redirect(context, "/account", flash=flash)
        return self.show(context, name_fields=fields)

    def change_password(self, context: RequestContext) -> HTTPResponse:
        """Change the password, which ends all other logins."""
        fields = Form({})
        check_password(context, fields)
        password_hash = "" if fields.errors else hash_of_chosen(context, fields, context.user)
        if fields.errors:
            return self.show(context, fields)
        new_login = self.browsers.renewed_login(context)
        passwords.change(context.user, password_hash, context.user, context.now, new_login=new_login)
        renewed = self.browsers.signed_in(context, new_login)
        still = those_that_count(context.user.id, context.now, "see below whether you know them.")
        flash = f"Your password was changed, and you are signed out everywhere else. {still}".strip()
        return self.browsers.hand_over(renewed, self.pages.redirect(renewed, "/account", flash=flash))

    def end_login(self, context: RequestContext, login_id: int) -> HTTPResponse:
        """End one other login of the user; raises NotFoundError if it has ended already."""
        if not sign_in.end_login(context.user, login_id, context.now):
            raise NotFoundError("You are not signed in there any more.")
        return self.pages.redirect(context, "/account", flash="That browser is signed out.")

    def end_other_logins(self, context: RequestContext) -> HTTPResponse:
        if context.login:
            sign_in.end_other_logins(context.login, context.now)
        return self.pages.redirect(context, "/account", flash="You are signed out everywhere else.")
