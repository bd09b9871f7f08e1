"""Second factors: set up with an app and confirmed by a code and the password, replaced, and taken away."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.store.access import logins, second_factor
from app.store.db.database import transaction
from app.web.auth import one_time_codes
from app.web.auth.access_policy import Admission
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.step_up import check_code, check_password
from app.web.http.forms import Fields
from app.web.http.rendering import Pages
from app.web.http.request_context import Visit


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """Sets the user's own second factor up, and takes it away."""

    pages: Pages
    browsers: BrowserSessions
    admission: Admission
    key: bytes

    def show(self, visit: Visit) -> HTTPResponse:
        """Answer with what to do to set one up, or with what can be done with the one there is."""
        return self._show(visit, Fields({}))

    def enable(self, visit: Visit) -> HTTPResponse:
        """Ask for codes from now on, and show the recovery codes once; all other logins end."""
        if visit.user.has_second_factor:
            return self.pages.redirect(visit, "/account/second-factor")
        fields = Fields({})
        secret = self._offered(visit)
        step = one_time_codes.step_of(secret, visit.form.get("code", ""), visit.now)
        if step is None:
            fields.errors["code"] = "This is not the code that your app shows now: please type the next one."
        check_password(visit, fields)
        if step is None or fields.errors:
            return self._show(visit, fields)
        codes = one_time_codes.new_recovery_codes()
        with transaction():
            logins.revoke_all_of(visit.user.id, visit.now)
            second_factor.enable(visit.user, secret, step, codes, visit.now)
            renewed = self.browsers.start(visit, visit.user)
        return self.browsers.hand_over(renewed, self._codes(renewed, codes, is_new=True))

    def renew_codes(self, visit: Visit) -> HTTPResponse:
        """Show a new set of recovery codes, once; the old ones are worth nothing any more."""
        fields = Fields({})
        self._check(visit, fields)
        if fields.errors:
            return self._show(visit, fields, opened="codes")
        codes = one_time_codes.new_recovery_codes()
        second_factor.renew_recovery_codes(visit.user, codes, visit.now)
        return self._codes(visit, codes, is_new=False)

    def disable(self, visit: Visit) -> HTTPResponse:
        """Ask for no codes any more; all other logins end."""
        fields = Fields({})
        self._check(visit, fields)
        if fields.errors:
            return self._show(visit, fields, opened="removal")
        with transaction():
            second_factor.reset(visit.user.id, visit.user, visit.now)
            renewed = self.browsers.start(visit, visit.user)
        said = "You sign in by your password alone now, and are signed out everywhere else."
        return self.browsers.hand_over(renewed, self.pages.redirect(renewed, "/account", flash=said))

    def _check(self, visit: Visit, fields: Fields) -> None:
        check_password(visit, fields)
        if not fields.errors:  # a code counts once: it is not spent on a wrong password
            check_code(visit, fields)

    def _offered(self, visit: Visit) -> str:
        return one_time_codes.offered_secret(self.key, visit.form_secret)

    def _show(self, visit: Visit, fields: Fields, opened: str = "") -> HTTPResponse:
        status = 422 if fields.errors else 200
        if visit.user.has_second_factor:
            left = second_factor.recovery_codes_left(visit.user.id)
            return self.pages.show(
                visit,
                "account/second_factor.html",
                status=status,
                fields=fields,
                nothing=Fields({}),
                opened=opened,
                codes_left=left,
            )
        secret = self._offered(visit)
        return self.pages.show(
            visit,
            "account/enrol.html",
            status=status,
            fields=fields,
            is_required=self.admission.has_to_enrol(visit.user),
            secret=one_time_codes.grouped(secret),
            picture=one_time_codes.picture(secret, visit.user.email),
        )

    def _codes(self, visit: Visit, codes: list[str], *, is_new: bool) -> HTTPResponse:
        grouped = [one_time_codes.grouped(code) for code in codes]
        return self.pages.show(visit, "account/codes.html", codes=grouped, is_new=is_new)
