"""Feeds: lists as CSV at addresses of their own, which a spreadsheet refreshes with a token as its password.

Only HTTP Basic is asked for and read, whatever the user name; cookies are not.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bottle import HTTPResponse, parse_auth, request

from app.backups.versions import product_version
from app.domain import account
from app.domain.account import AccountOrder
from app.domain.firm import Firm
from app.domain.permissions import Right, TokenRight
from app.store.access import api_tokens, views
from app.store.access.api_tokens import ApiToken
from app.store.access.limits import TokenUses
from app.store.db import current_user
from app.store.db.cache import ledger_version, pin_version
from app.store.db.database import connection
from app.store.db.missing_records import MissingError
from app.store.ledger import customers, firm, invoices, payment_list
from app.store.ledger.invoices import LONGEST_DUE_FIRST, NEWEST_FIRST, OUTSTANDING, Filter, Order
from app.store.ledger.payment_list import PaymentFilter
from app.web.api.calls import Call
from app.web.api.rate_limits import RateLimit
from app.web.auth.access_policy import AccessPolicy
from app.web.http.downloads import headers_of_a_file, one_at_a_time
from app.web.http.errors import Refusal, refusal_for_outage
from app.web.http.forms import Form
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.locales import Locale
from app.web.http.request_log import acting_as_user
from app.web.http.threads import SentFile
from app.workbook.writing import feeds
from app.workbook.writing.feeds import FeedTable

ROOT = "/feeds"
LISTS = {
    "open-invoices": "Open invoices",
    "invoices": "All invoices",
    "customers": "Customers",
    "payments": "Payments",
}
VIEW_RULE = f"{ROOT}/views/<view_id:id>.csv"
LIST_RULE = f"{ROOT}/<name:re:{'|'.join(LISTS)}>.csv"

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="invoices", charset="UTF-8"'}
_KEEP = {"Cache-Control": "private, no-cache"}  # may be kept, but is asked for again each time
_VERSION = product_version()  # another one may write other columns
_PATIENCE = 5.0  # a workbook with several lists asks for all of them at once

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """`parameters` are what its rows depend on besides the ledger, the day, the time zone and the scope."""

    name: str
    parameters: Mapping[str, str]
    table: Callable[[], FeedTable]


@dataclass(frozen=True, slots=True)
class _Reader:
    today: date
    locale: Locale


class _SignInError(Refusal):
    status = 401
    headers = _CHALLENGE


class _TooOftenError(Refusal):
    status = 429


class _RightError(Refusal):
    status = 403


@dataclass(frozen=True, slots=True)
class Feeds:
    now: Callable[[], datetime]
    unsaved_firm: Firm
    access_policy: AccessPolicy
    requests_per_minute: int
    token_uses: TokenUses

    def view(self, view_id: int) -> HTTPResponse:
        return self._answer(partial(_view, view_id=view_id))

    def list(self, name: str) -> HTTPResponse:
        return self._answer(partial(_list, name=name))

    def _answer(self, find: Callable[[Call], Feed]) -> HTTPResponse:
        extra_headers: dict[str, str] = {}  # set on the response, whatever its outcome
        try:
            response = self._found(find, extra_headers)
        except Refusal as refusal:
            response = _refused(refusal)
        except MissingError as missing:
            response = _text(404, f"{missing} It was deleted, or belongs to another user.")
        except Exception as error:
            log.exception("failure at %s %r", request.method, request.path)
            outage = refusal_for_outage(error)
            response = _refused(outage) if outage else _failure()
        for name, value in extra_headers.items():
            response.set_header(name, value)
        return response

    def _found(self, find: Callable[[Call], Feed], extra_headers: dict[str, str]) -> HTTPResponse:
        self.access_policy.check_address(current_user.actor().address)
        now = self.now()
        with connection(), pin_version():
            token = _token(now)
            limit = RateLimit.counted(self.token_uses, token, self.requests_per_minute, now)
            extra_headers.update(limit.headers)
            if limit.is_exceeded:
                raise _TooOftenError(limit.sentence)
            _check_right(token)
            call = Call(token, now, firm.current(self.unsaved_firm).zone)
            with acting_as_user(call.user, token.facts.name):
                return _sent(find(call), call)


def _token(now: datetime) -> ApiToken:
    _, password = parse_auth(request.get_header("Authorization", "")) or ("", "")
    if not password:
        raise _SignInError("Sign in with a password from the page “Use in Excel”; the user name does not matter.")
    token = api_tokens.find_active(password.strip(), now)
    if token is None:
        log.warning("refused a password at %s %r", request.method, request.path)
        raise _SignInError("This password is not known, has expired or was revoked: make another on “Use in Excel”.")
    return token


def _check_right(token: ApiToken) -> None:
    if token.may(TokenRight.FEEDS, Right.EXPORT):
        return
    log.warning("refused token %s: %s %r", token.id, request.method, request.path)
    raise _RightError("This needs a token with the right to feeds, of a user who may export.")


def _sent(feed: Feed, call: Call) -> HTTPResponse:
    kept = {**_KEEP, "ETag": _tag(feed, call)}
    if kept["ETag"].removeprefix("W/") in request.get_header("If-None-Match", ""):
        return HTTPResponse(status=304, headers=kept)
    if request.method == "HEAD":
        # A body that is never sent, so that no Content-Length says that the list is empty.
        return HTTPResponse(iter([b" "]), 200, headers={**kept, "Content-Type": "text/csv; charset=utf-8"})
    with one_at_a_time(_PATIENCE):
        content = feed.table().csv
    return HTTPResponse(SentFile(content), 200, headers={**headers_of_a_file(content, f"{feed.name}.csv"), **kept})


def _tag(feed: Feed, call: Call) -> str:
    scope = call.token.scope
    parts = [
        _VERSION, ledger_version(), call.today.isoformat(), str(call.zone), feed.name, dict(feed.parameters),
        scope.is_everything, sorted(scope.customers), sorted(scope.ledgers),
    ]  # fmt: skip
    return f'W/"{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]}"'


def _view(call: Call, view_id: int) -> Feed:
    view = views.existing(call.user.id, view_id)
    fields = Form(view.parameters)
    search = InvoiceSearch.of(fields, _Reader(call.today, Locale.of(view.locale, call.zone)))
    fields.refuse_errors()
    table = partial(_invoices, call, search.wanted, search.order)
    return Feed(view.name, {**view.parameters, "locale": view.locale}, table)


def _list(call: Call, name: str) -> Feed:
    tables: dict[str, Callable[[], FeedTable]] = {
        "open-invoices": partial(_invoices, call, Filter(statuses=OUTSTANDING), LONGEST_DUE_FIRST),
        "invoices": partial(_invoices, call, Filter(), NEWEST_FIRST),
        "customers": partial(_customers, call),
        "payments": lambda: feeds.payment_table(payment_list.matching(PaymentFilter())),
    }
    return Feed(name, {}, tables[name])


def _invoices(call: Call, wanted: Filter, order: Order) -> FeedTable:
    own = invoices.own_field_names()
    return feeds.invoice_table(invoices.every(wanted, call.as_of(None), order), own, call.zone)


def _customers(call: Call) -> FeedTable:
    found = account.matching(customers.accounts(call.as_of(None)), "")
    in_order = account.in_order(found, AccountOrder.NAME, descending=False)
    return feeds.customer_table(in_order, customers.details_of_all())


def _refused(refusal: Refusal) -> HTTPResponse:
    waits = {"Retry-After": "1"} if refusal.status == 429 and not refusal.headers else refusal.headers
    return _text(refusal.status, str(refusal), waits)


def _failure() -> HTTPResponse:
    return _text(500, f"Something went wrong here; it is in the log under {current_user.actor().request_id}.")


def _text(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return HTTPResponse(f"{sentence}\n", status, headers={**kind, **(headers or {})})
