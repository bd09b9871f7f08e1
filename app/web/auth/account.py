"""The account: what users change about how they themselves sign in, and where they are signed in."""

from dataclasses import dataclass
from datetime import timedelta

from bottle import HTTPResponse

from app.store.access import logins, one_time_links, second_factor, users
from app.store.db.database import transaction
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.chosen_password import hash_of_chosen
from app.web.auth.one_time_codes import RECOVERY_CODES
from app.web.auth.step_up import check_password
from app.web.auth.throttling import record
from app.web.http.errors import NotFoundError
from app.web.http.forms import Fields
from app.web.http.rendering import Pages
from app.web.http.request_context import Visit


@dataclass(frozen=True, slots=True)
class AccountPages:
    """Shows the user's own account, changes the password and ends logins."""

    pages: Pages
    browsers: BrowserSessions
    idle: timedelta

    def show(self, visit: Visit) -> HTTPResponse:
        """Answer with the account."""
        return self._show(visit, Fields({}))

    def change_password(self, visit: Visit) -> HTTPResponse:
        """Take another password, which ends all other logins."""
        fields = Fields({})
        check_password(visit, fields)
        password_hash = "" if fields.errors else hash_of_chosen(visit, fields, visit.user)
        if fields.errors:
            return self._show(visit, fields)
        with transaction():
            users.set_password_hash(visit.user.id, password_hash)
            one_time_links.void(visit.user.id)
            logins.revoke_all_of(visit.user.id, visit.now)
            record(visit, "password.changed", visit.user, by=visit.user)
            renewed = self.browsers.start(visit, visit.user)
        said = "Your password was changed, and you are signed out everywhere else."
        return self.browsers.hand_over(renewed, self.pages.redirect(renewed, "/account", flash=said))

    def end_login(self, visit: Visit, login_id: int) -> HTTPResponse:
        """Sign another browser of the user out."""
        with transaction():
            if not logins.revoke_one_of(visit.user.id, login_id, visit.now):
                raise NotFoundError("You are not signed in there any more.")
            record(visit, "login.revoked", visit.user, by=visit.user, login=login_id)
        return self.pages.redirect(visit, "/account", flash="That browser is signed out.")

    def end_other_logins(self, visit: Visit) -> HTTPResponse:
        """Sign all other browsers of the user out."""
        if visit.login:
            with transaction():
                count = logins.revoke_others_of(visit.login, visit.now)
                record(visit, "login.revoked", visit.user, by=visit.user, others=count)
        return self.pages.redirect(visit, "/account", flash="You are signed out everywhere else.")

    def _show(self, visit: Visit, fields: Fields) -> HTTPResponse:
        return self.pages.show(
            visit,
            "account/show.html",
            status=422 if fields.errors else 200,
            fields=fields,
            logins=logins.of_user(visit.user.id, visit.now, self.idle),
            this=visit.login.id if visit.login else None,
            codes_left=second_factor.recovery_codes_left(visit.user.id),
            codes=RECOVERY_CODES,
        )
