"""Authentication, checks and error handling around each page."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from bottle import BaseRequest, FormsDict, HTTPResponse, request

from app.actions import sign_in
from app.actions.automation.program_accounts import ProgramAccountError
from app.actions.customers import StillOpenError
from app.actions.imports import NotNowError
from app.actions.own_account import OwnAccountError
from app.domain.firm import Firm
from app.domain.permissions import Right, may
from app.domain.sentences import count_text
from app.store.access import logins
from app.store.access.logins import Login
from app.store.access.throttles import Throttles
from app.store.db import current_user
from app.store.db.cache import pin_version
from app.store.db.database import connection
from app.store.db.missing_records import MissingError
from app.store.ledger import firm
from app.web.auth.access_policy import SECOND_FACTOR, AccessPolicy
from app.web.auth.oidc.rechecks import Rechecks
from app.web.auth.session_tokens import SessionTokens
from app.web.auth.typed_secrets import typed_beside_secrets, with_step_up
from app.web.http.csrf import FIELD, SAFE_METHODS
from app.web.http.errors import (
    ConflictError,
    ForbiddenError,
    LengthRequiredError,
    NotFoundError,
    OutdatedFormError,
    Refusal,
    TooLargeError,
    refusal_for_outage,
)
from app.web.http.forms import path_of_page
from app.web.http.locales import Locale
from app.web.http.passkeys.relying_party import RelyingParty
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.http.request_log import acting_as_user
from app.web.http.sent_forms import SentForm, why_lost
from app.web.http.threads import received_file
from app.web.http.tidy_addresses import goes_on_typing, is_untidy, tidy_address

LARGEST_FORM = 100_000
LARGEST_SENT = 4 * LARGEST_FORM  # with a form that is kept while signing in: what it quotes is quoted again
# Bottle refuses forms, though not files, that are larger than this, whatever a route allows.
BaseRequest.MEMFILE_MAX = LARGEST_SENT

_LONGEST_SUBJECT = 200

log = logging.getLogger(__name__)


class StepUp(StrEnum):
    UNSAID = "unsaid"
    BY_HANDLER = "by handler"  # it asks each time, however short ago somebody proved who they are


@dataclass(frozen=True, slots=True)
class Route:
    """`right` is None where the page is public; `largest_body` is in bytes.

    Each route that writes says whether a browser that was left open is enough for it: `step_up` is None if it is.
    Otherwise the user must have proved again who they are, by the same form or a short while ago; if they did not,
    `step_up` shows that form again, with `fields` for what was typed and what is wrong.

    `changes_sign_in` routes are about how users sign in here: not for those who sign in by the provider only.
    `is_for_enrolling` routes are allowed to users who must set up a second factor first.
    `is_open_in_maintenance` is said of a POST that only looks, or that signs somebody in or out.
    """

    method: str
    path: str
    handler: Callable[..., HTTPResponse]
    right: Right | None = None
    largest_body: int = LARGEST_FORM
    is_for_enrolling: bool = False
    changes_sign_in: bool = False
    step_up: Callable[..., HTTPResponse] | StepUp | None = StepUp.UNSAID
    is_open_in_maintenance: bool = False

    def __post_init__(self) -> None:
        if self.step_up is StepUp.UNSAID and self.method not in SAFE_METHODS:
            raise ValueError(f"{self.method} {self.path} must say whether it needs a step-up.")


@dataclass(frozen=True, slots=True)
class Guard:
    """Opens a connection, identifies the user, checks right and form, calls the handler, and renders errors."""

    now: Callable[[], datetime]
    unsaved_firm: Firm
    tokens: SessionTokens
    pages: Pages
    access_policy: AccessPolicy
    throttles: Throttles
    rechecks: Rechecks
    relying_party: RelyingParty

    def around(self, route: Route) -> Callable[..., HTTPResponse]:
        def answer(**arguments: object) -> HTTPResponse:
            self.access_policy.check_address(current_user.actor().address)
            with connection(), pin_version() if request.method in SAFE_METHODS else nullcontext():
                context = self._request_context()
                with acting_as_user(context.login.user if context.login else None):
                    return self._answer(route, context, arguments)

        return self.catching(answer)

    def catching(self, handler: Callable[..., HTTPResponse]) -> Callable[..., HTTPResponse]:
        def answer(**arguments: object) -> HTTPResponse:
            try:
                return handler(**arguments)
            except HTTPResponse:
                raise
            except Refusal as refusal:
                return self.pages.refusal(None, refusal)
            except Exception as error:
                log.exception("failure at %s %r", request.method, request.path)
                if outage := refusal_for_outage(error):
                    return self.pages.refusal(None, outage)
                return self.pages.failure(current_user.actor().request_id)

        return answer

    def refused(self, refusal: Refusal) -> HTTPResponse:
        """Answer a request that no route takes: with the menu for users who are signed in."""
        if not self.pages.cookies.read(request, "session"):
            return self.pages.refusal(None, refusal)

        def answer() -> HTTPResponse:
            self.access_policy.check_address(current_user.actor().address)
            with connection():
                context = self._request_context()
                with acting_as_user(context.login.user if context.login else None):
                    return self.pages.refusal(context, refusal)

        return self.catching(answer)()

    def _answer(self, route: Route, context: RequestContext, arguments: dict[str, Any]) -> HTTPResponse:
        sent = context  # with the form, once it was read
        try:
            if route.right is not None:
                if context.login is None:
                    return self._sign_in_again(context)
                if self._has_to_enrol(context) and not route.is_for_enrolling:
                    return _redirect(SECOND_FACTOR, SECOND_FACTOR)
                _check_right(context, route.right)
                self._check_signs_in_here(route, context)
            if request.method in SAFE_METHODS:
                return _shown(route, context, arguments)
            if route.right is not None and not _is_small():
                self.pages.disk_space.check(route.right)
                self._check_maintenance(route, context)
            with _with_body(context, route.largest_body) as sent:
                if route.right is not None:
                    self.pages.disk_space.check(route.right)
                with self._writing(route, context):
                    self._check_form(sent)
                    return _stepped_up(route, sent, arguments)
        except Refusal as refused:
            refusal = refused
        except MissingError as missing:
            refusal = NotFoundError(str(missing))
        except (NotNowError, OwnAccountError, ProgramAccountError, StillOpenError) as refused:
            refusal = ConflictError(str(refused))
        except Exception as error:
            outage = refusal_for_outage(error)
            if outage is None:
                raise
            log.exception("failure at %s %r", request.method, request.path)
            refusal = outage
        if request.method in SAFE_METHODS or not self.pages.csrf.is_from_our_page(request):
            return self.pages.refusal(context, refusal)
        return self.pages.refusal(context, refusal, SentForm.of(request, sent), _why_lost(refusal, sent))

    def _sign_in_again(self, context: RequestContext) -> HTTPResponse:
        """Keep what a user typed who was signed in until now; let others come back to what they asked for."""
        had_login = bool(self.pages.cookies.read(request, "session"))
        if request.method in SAFE_METHODS or not had_login or not self.pages.csrf.is_from_our_page(request):
            return _redirect_to_sign_in()
        # Whoever is not signed in must not make us read more than a form.
        with _with_body(context, LARGEST_FORM) if _is_small() else nullcontext(context) as with_form:
            sent, lost = SentForm.of(request, with_form), why_lost(request, with_form, LARGEST_FORM)
        if sent is None and not lost:
            return _redirect_to_sign_in()
        values = {"wanted": path_of_page(request), "email": "", "failure": "", "sent": sent, "lost": lost}
        return self.pages.show(context, "sessions/new.html", status=401, **values)

    def _request_context(self) -> RequestContext:
        now, ours, cookie = self.now(), firm.current(self.unsaved_firm), partial(self.pages.cookies.read, request)
        login = self._login(cookie("session"), now)
        return RequestContext(
            now=now,
            today=now.astimezone(ours.zone).date(),
            path=request.path,
            address=current_user.actor().address,
            query=_texts(request.query),
            form={},
            files={},
            user_agent=request.get_header("User-Agent", ""),
            login=login,
            form_secret=login.jti if login else cookie("form"),
            flash=self.pages.flashes.read(cookie("flash"), login.jti) if login else "",
            # Babel caches every locale it loads: visitors who are not signed in must not fill the memory.
            locale=Locale.accepted(request.get_header("Accept-Language", "") if login else "", ours.zone),
            firm=ours,
            throttles=self.throttles,
            relying_party=self.relying_party,
        )

    def _login(self, token: str, now: datetime) -> Login | None:
        reference = self.tokens.read(token, now)
        login = logins.find_active(reference.jti, now, self.access_policy.idle) if reference else None
        if reference is None or login is None or login.user.id != reference.user_id:
            return None
        if self.access_policy.must_use_provider(login.user) and not login.is_by_provider:
            return None
        confirmed = self.rechecks.confirmed(login, now)
        return logins.touch(confirmed, now) if confirmed else None

    def _has_to_enrol(self, context: RequestContext) -> bool:
        """Of who signs in by the provider, the provider asks for what it wants to be sure."""
        return not context.is_by_provider and self.access_policy.has_to_enrol(context.user)

    def _check_signs_in_here(self, route: Route, context: RequestContext) -> None:
        """Raise ForbiddenError if the route is of no use to a user who signs in by the provider only."""
        if route.changes_sign_in and self.access_policy.must_use_provider(context.user):
            name = self.pages.provider_name
            raise ForbiddenError(f"You sign in by {name}: how you do that is changed there.")

    def _writing(self, route: Route, context: RequestContext) -> AbstractContextManager[None]:
        if route.is_open_in_maintenance:
            return nullcontext()
        return self.pages.read_only.writing(context.now, context.locale.moment)

    def _check_maintenance(self, route: Route, context: RequestContext) -> None:
        if not route.is_open_in_maintenance:
            self.pages.read_only.check(context.now, context.locale.moment)

    def _check_form(self, context: RequestContext) -> None:
        if not self.pages.csrf.is_genuine(request, context.form_secret, context.form.get(FIELD, "")):
            log.warning("refused a form that is not ours: %s %r", request.method, context.path)
            _record_refusal(context, "form.refused", {"method": request.method})
            raise OutdatedFormError(
                "This form is out of date or comes from another site: nothing was saved. Please open the page again."
            )


def _shown(route: Route, context: RequestContext, arguments: dict[str, Any]) -> HTTPResponse:
    """Show the page under its tidy address: each pause while typing a search is no step of "Back"."""
    if request.get_header("HX-Target") == "results":
        response = route.handler(context, **arguments)
        is_typing = goes_on_typing(context, request.get_header("HX-Current-URL", ""))
        response.set_header("HX-Replace-Url" if is_typing else "HX-Push-Url", tidy_address(context))
        return response
    if route.right is not None and is_untidy(context):
        return _redirect(tidy_address(context), tidy_address(context))
    return route.handler(context, **arguments)


def _stepped_up(route: Route, context: RequestContext, arguments: dict[str, Any]) -> HTTPResponse:
    if not callable(route.step_up):
        return route.handler(context, **arguments)
    fields = typed_beside_secrets(context)
    proved = with_step_up(context, fields)
    if fields.errors:
        return route.step_up(context, fields=fields, **arguments)
    return route.handler(proved, **arguments)


def _is_small() -> bool:
    return bool(request.content_length <= LARGEST_FORM)


def _why_lost(refusal: Refusal, sent: RequestContext) -> str:
    """Say what to do where something was refused that could have been sent again."""
    return (
        why_lost(request, sent, LARGEST_FORM) if refusal.can_be_repeated or isinstance(refusal, TooLargeError) else ""
    )


def _redirect_to_sign_in() -> HTTPResponse:
    """Let a visitor who only looked come back, with the parameters of what was asked for."""
    asked_for = f"{request.path}?{request.query_string}" if request.query_string else request.path
    wanted = asked_for if request.method in SAFE_METHODS and asked_for != "/" else ""
    return _redirect(address("/sign-in", next=wanted), "/sign-in")


def _redirect(location: str, location_for_htmx: str) -> HTTPResponse:
    if request.get_header("HX-Request"):
        # htmx would insert that page into the requesting page.
        return HTTPResponse(status=204, headers={"HX-Redirect": location_for_htmx})
    return HTTPResponse(status=303, headers={"Location": location})


def _check_right(context: RequestContext, right: Right) -> None:
    if context.user.may(right):
        return
    log.warning("refused user %s the right to %s: %s %r", context.user.id, right, request.method, context.path)
    _record_refusal(context, "access.refused", {"method": request.method, "right": right})
    if may(context.user.role, right):
        raise ForbiddenError(f"You see some customers or ledgers only, which does not include the right to {right}.")
    raise ForbiddenError(f"Your role, {context.user.role}, does not include the right to {right}.")


def _record_refusal(context: RequestContext, action: str, what: dict[str, str]) -> None:
    """Record the refusal of a user; refusals of visitors are only logged, as they could fill the table."""
    if context.login is None:
        return
    sign_in.refuse_request(context.user, action, context.path[:_LONGEST_SUBJECT], what, context.now)


@contextmanager
def _with_body(context: RequestContext, largest: int) -> Iterator[RequestContext]:
    """Read the form and files; the temporary files are deleted after the block."""
    if not request.get_header("Content-Length"):
        raise LengthRequiredError("The size of what is sent must be said in advance.")
    if request.content_length > largest:
        raise TooLargeError(f"At most {count_text(largest)} bytes can be sent here.")
    with received_file(request.content_length):
        try:
            yield replace(context, form=_texts(request.forms), files=dict(request.files))
        finally:
            for _, upload in request.files.allitems():
                upload.file.close()
            request.body.close()


def _texts(fields: FormsDict) -> dict[str, str]:
    """Return the last value of each field as text; empty if it is not UTF-8."""
    return {name: fields.getunicode(name, default="") for name in fields}
