"""Who may ask for what: every route, as every role, for what is theirs and for what is another's.

The table says what a route answers; a route without a row fails. `own` and `other` are records inside and outside the
scope of a scoped user; whoever has no scope owns all. The answers:

    yes    it is done, or what was sent is said to be wrong
    no     the role, or the scope, does not include the right (403)
    gone   there is no such thing, as far as whoever asks can tell (404)
    in     sign in first
    password  a session does not count here: the password of a spreadsheet does (401)
"""

import re
import shutil
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from support.browser import QUICK_HASH, Browser
from support.clock import Clock
from support.records import (
    LONG_AGO,
    a_customer,
    a_link_mail,
    a_passkey,
    a_payment,
    a_statement_mail,
    a_user,
    a_webhook,
    an_import,
    an_invoice,
)
from support.settings import settings_of

from app.actions import events, incoming_payments
from app.domain.incoming_payment import IncomingFacts
from app.domain.permissions import Role, Scope
from app.domain.webhooks import DeliveryState
from app.jobs.heartbeat import Heartbeat
from app.store.access import users
from app.store.db import database, tables
from app.store.db.transactions import transaction
from app.store.outbox import events as outbox
from app.web.application import build

# viewer, accountant and admin see everything; then accountant with a scope: what is theirs, what is another's.
ROWS = """
                                               stranger viewer accountant admin  own  other
GET  /                                               in    yes        yes   yes  yes  -
GET  /invoices                                       in    yes        yes   yes  yes  -
POST /invoices                                       in     no        yes   yes  yes  -
GET  /invoices/new                                   in     no        yes   yes  yes  -
GET  /invoices/<invoice_id:id>                       in    yes        yes   yes  yes  gone
GET  /invoices/<invoice_id:id>/edit                  in     no        yes   yes  yes  gone
POST /invoices/<invoice_id:id>/edit                  in     no        yes   yes  yes  gone
POST /invoices/<invoice_id:id>/status                in     no        yes   yes  yes  gone
POST /invoices/<invoice_id:id>/payments              in     no        yes   yes  yes  gone
POST /invoices/<invoice_id:id>/refunds               in     no        yes   yes  yes  gone
POST /invoices/<invoice_id:id>/credit                in     no        yes   yes  yes  gone
POST /invoices/bulk                                  in     no        yes   yes  yes  -
POST /invoices/bulk/apply                            in     no        yes   yes  yes  -
GET  /invoices.<kind:re:xlsx|csv>                    in     no        yes   yes  yes  -
GET  /search                                         in    yes        yes   yes  yes  -
GET  /payments                                       in    yes        yes   yes  yes  -
GET  /payments/new                                   in     no        yes   yes  yes  -
POST /payments/new                                   in     no        yes   yes  yes  -
GET  /payments/advance                                  in     no        yes   yes  yes  -
POST /payments/advance                                  in     no        yes   yes  yes  -
GET  /payments/incoming                                in     no        yes   yes  yes  -
GET  /payments/incoming/<incoming_id:id>               in     no        yes   yes  yes  gone
POST /payments/incoming/<incoming_id:id>/place         in     no        yes   yes   no  no
POST /payments/incoming/<incoming_id:id>/credit        in     no        yes   yes   no  no
POST /payments/incoming/<incoming_id:id>/dismiss       in     no        yes   yes   no  no
POST /payments/incoming/<incoming_id:id>/reopen        in     no        yes   yes   no  no
POST /payments/<payment_id:id>/void                  in     no        yes   yes  yes  gone
POST /payments/<payment_id:id>/undo                  in     no        yes   yes  yes  gone
GET  /payments.<kind:re:xlsx|csv>                    in     no        yes   yes  yes  -
GET  /customers                                      in    yes        yes   yes  yes  -
POST /customers                                      in     no        yes   yes   no  -
GET  /customers/new                                  in     no        yes   yes   no  -
GET  /customers/<customer_id:id>                     in    yes        yes   yes  yes  gone
GET  /customers/<customer_id:id>/edit                in     no        yes   yes   no  no
POST /customers/<customer_id:id>/edit                in     no        yes   yes   no  no
POST /customers/<customer_id:id>/archive             in     no        yes   yes   no  no
POST /customers/<customer_id:id>/unarchive           in     no        yes   yes   no  no
GET  /customers/<customer_id:id>/statement           in    yes        yes   yes  yes  gone
GET  /customers/<customer_id:id>/statement.xlsx      in     no        yes   yes  yes  gone
GET  /customers/<customer_id:id>/statement.pdf       in     no        yes   yes  yes  gone
GET  /customers/<customer_id:id>/statement/mail      in     no        yes   yes  yes  gone
POST /customers/<customer_id:id>/statement/mail      in     no        yes   yes  yes  gone
GET  /customers.<kind:re:xlsx|csv>                   in     no        yes   yes  yes  -
GET  /views                                          in    yes        yes   yes  yes  -
POST /views                                          in    yes        yes   yes  yes  -
POST /views/<view_id:id>                             in   gone       gone  gone  yes  gone
POST /views/<view_id:id>/default                     in   gone       gone  gone  yes  gone
POST /views/<view_id:id>/delete                      in   gone       gone  gone  yes  gone
GET  /views/<view_id:id>/excel                       in     no       gone  gone  yes  gone
POST /views/<view_id:id>/excel                       in     no       gone  gone  yes  gone
GET  /excel                                          in     no        yes   yes  yes  -
POST /excel                                          in     no        yes   yes  yes  -
GET  /feeds/views/<view_id:id>.csv             password password password password password password
GET  /feeds/<name:re:open-invoices|invoices|customers|payments>.csv password password password password password -
GET  /imports                                        in    yes        yes   yes   no  -
POST /imports                                        in     no        yes   yes   no  -
GET  /imports/sample.xlsx                            in     no        yes   yes   no  -
GET  /imports/template.xlsx                          in     no        yes   yes   no  -
GET  /imports/<import_id:id>                         in    yes        yes   yes   no  no
GET  /imports/<import_id:id>/progress                in    yes        yes   yes   no  no
GET  /imports/<import_id:id>/marked                  in     no        yes   yes   no  no
POST /imports/<import_id:id>/choices                 in     no        yes   yes   no  no
POST /imports/<import_id:id>/apply                   in     no        yes   yes   no  no
POST /imports/<import_id:id>/undo                    in     no        yes   yes   no  no
POST /imports/<import_id:id>/discard                 in     no        yes   yes   no  no
GET  /jobs                                           in     no        yes   yes   no  -
POST /jobs/imports/<job_id:id>/cancel                in     no        yes   yes   no  no
POST /jobs/imports/<job_id:id>/retry                 in     no        yes   yes   no  no
POST /jobs/statement-mails/<job_id:id>/cancel        in     no         no   yes   no  no
POST /jobs/statement-mails/<job_id:id>/retry         in     no         no   yes   no  no
POST /jobs/link-mails/<job_id:id>/cancel             in     no         no   yes   no  no
POST /jobs/link-mails/<job_id:id>/retry              in     no         no   yes   no  no
POST /jobs/deliveries/<job_id:id>/cancel             in     no         no   yes   no  no
POST /jobs/deliveries/<job_id:id>/retry              in     no         no   yes   no  no
GET  /export.xlsx                                    in     no        yes   yes  yes  -
GET  /webhooks                                       in     no         no   yes   no  -
POST /webhooks                                       in     no         no   yes   no  -
GET  /webhooks/<endpoint_id:id>                      in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>                      in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>/on                   in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>/off                  in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>/secret               in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>/remove               in     no         no   yes   no  no
POST /webhooks/<endpoint_id:id>/test                 in     no         no   yes   no  no
GET  /webhooks/deliveries                            in     no         no   yes   no  -
GET  /webhooks/deliveries/<delivery_id:id>           in     no         no   yes   no  no
POST /webhooks/deliveries/<delivery_id:id>/again     in     no         no   yes   no  no
GET  /system                                         in     no         no   yes   no  -
GET  /audit                                          in     no         no   yes   no  -
GET  /audit.csv                                      in     no         no   yes   no  -
GET  /automation                                     in     no         no   yes   no  -
POST /automation                                     in     no         no   yes   no  -
POST /automation/digests/overdue                     in     no         no   yes   no  -
POST /automation/digests/month-end                   in     no         no   yes   no  -
GET  /settings                                       in     no         no   yes   no  -
POST /settings                                       in     no         no   yes   no  -
GET  /users                                          in     no         no   yes   no  -
POST /users                                          in     no         no   yes   no  -
GET  /users/new                                      in     no         no   yes   no  -
GET  /users/<user_id:id>                             in     no         no   yes   no  no
POST /users/<user_id:id>                             in     no         no   yes   no  no
POST /users/<user_id:id>/activate                    in     no         no   yes   no  no
POST /users/<user_id:id>/deactivate                  in     no         no   yes   no  no
POST /users/<user_id:id>/link                        in     no         no   yes   no  no
POST /users/<user_id:id>/provider                    in     no         no   yes   no  no
POST /users/<user_id:id>/second-factor               in     no         no   yes   no  no
POST /users/<user_id:id>/passkeys/<passkey_id:id>/remove in    no         no   yes   no  no
GET  /help                                           in    yes        yes   yes  yes  -
GET  /guide                                          in    yes        yes   yes  yes  -
GET  /guide/importing                                in    yes        yes   yes  yes  -
GET  /guide/excel                                    in    yes        yes   yes  yes  -
GET  /guide/glossary                                 in    yes        yes   yes  yes  -
GET  /tokens                                         in    yes        yes   yes  yes  -
POST /tokens                                         in     no        yes   yes  yes  -
POST /tokens/<token_id:id>/revoke                    in   gone       gone   yes  yes  gone
GET  /components                                     in    yes        yes   yes  yes  -
GET  /sign-in                                       yes    yes        yes   yes  yes  -
POST /sign-in                                       yes    yes        yes   yes  yes  -
GET  /sign-in/code                                   in    yes        yes   yes  yes  -
POST /sign-in/code                                  yes    yes        yes   yes  yes  -
GET  /sign-in/passkey                               yes    yes        yes   yes  yes  -
POST /sign-in/passkey                               yes    yes        yes   yes  yes  -
GET  /set-password                                 gone   gone       gone  gone gone  -
POST /set-password                                 gone   gone       gone  gone gone  -
GET  /forgot-password                               yes    yes        yes   yes  yes  -
POST /forgot-password                               yes    yes        yes   yes  yes  -
GET  /account                                        in    yes        yes   yes  yes  -
POST /account/name                                   in    yes        yes   yes  yes  -
POST /account/password                               in    yes        yes   yes  yes  -
POST /account/logins/<login_id:id>/end               in   gone       gone  gone  yes  gone
POST /account/logins/end-others                      in    yes        yes   yes  yes  -
GET  /account/second-factor                          in    yes        yes   yes  yes  -
POST /account/second-factor                          in    yes        yes   yes  yes  -
POST /account/second-factor/codes                    in    yes        yes   yes  yes  -
POST /account/second-factor/remove                   in    yes        yes   yes  yes  -
GET  /account/passkeys                               in    yes        yes   yes  yes  -
POST /account/passkeys                               in    yes        yes   yes  yes  -
POST /account/passkeys/begin                         in    yes        yes   yes  yes  -
GET  /account/passkeys/new                           in    yes        yes   yes  yes  -
GET  /account/passkeys/step-up                       in    yes        yes   yes  yes  -
POST /account/passkeys/<passkey_id:id>/remove        in    yes        yes   yes  yes  yes
GET  /signed-in                                      in    yes        yes   yes  yes  -
POST /sign-out                                       in    yes        yes   yes  yes  -
GET  /health                                        yes    yes        yes   yes  yes  -
GET  /healthz                                       yes    yes        yes   yes  yes  -
GET  /readyz                                        yes    yes        yes   yes  yes  -
GET  /metrics                                      gone   gone       gone  gone gone  -
GET  /static/<content_hash>/<path:path>            gone   gone       gone  gone gone  -
"""
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COLUMNS, *LINES = (line.split() for line in ROWS.strip().splitlines())
TABLE = {(method, rule): dict(zip(COLUMNS, answers, strict=True)) for method, rule, *answers in LINES}
# What must be sent for the record of the address to be looked for at all.
FORMS = {
    "/invoices/<invoice_id:id>/status": {"change": "dispute"},
    "/payments/new": {"customer": "1"},
    "/payments/advance": {"customer": "1"},
    "/views/<view_id:id>": {"name": "Late"},
}
CELLS = [
    pytest.param(method, rule, who, answer, id=f"{method} {rule} {who}")
    for (method, rule), answers in TABLE.items()
    for who, answer in answers.items()
    if answer != "-"
]


ROLES = {"viewer": Role.VIEWER, "accountant": Role.ACCOUNTANT, "admin": Role.ADMIN, "scoped": Role.ACCOUNTANT}


@pytest.fixture(scope="module")
def signed_in(migrated_sqlite, tmp_path_factory):
    """A database in which each role has signed in once, the records in it, and the cookies by role."""
    path = tmp_path_factory.mktemp("roles") / "invoices.sqlite3"
    shutil.copy(migrated_sqlite, path)
    opened = database.open_database(f"sqlite:///{path}")
    with database.connection():
        people = {name: a_user(f"{name}@example.com", role, name, QUICK_HASH) for name, role in ROLES.items()}
        records = {"own": _records("C1", people["scoped"]), "other": _records("C2", people["admin"])}
        users.set_scope(people["scoped"].id, Scope(customers=frozenset({records["own"].customer_id})))
        cookies = {name: _cookies_of(name, path.parent) for name in ROLES}
        # With a passkey of theirs the password alone would not have signed them in.
        records["own"].passkey_id = a_passkey(people["scoped"]).id
        records["other"].passkey_id = a_passkey(people["admin"]).id
    opened.close()
    return SimpleNamespace(path=path, records=records, cookies=cookies)


def _cookies_of(name, folder):
    browser = Browser(build(settings_of(folder), Clock(NOON)))
    browser.sign_in(f"{name}@example.com")
    return dict(browser.cookies)


@pytest.fixture
def app(signed_in, tmp_path):
    path = tmp_path / "invoices.sqlite3"
    shutil.copy(signed_in.path, path)
    opened = database.open_database(f"sqlite:///{path}")
    with database.connection():
        site = build(settings_of(tmp_path), Clock(NOON))
        Heartbeat.of(settings_of(tmp_path)).beat()
        yield site
    opened.close()


def _records(code, owner):
    customer = a_customer(code, f"Customer {code}")
    endpoint_id = a_webhook()
    with transaction():
        events.emit_test(endpoint_id, NOON)
    delivery_id = outbox.deliveries()[0].id
    tables.WebhookDeliveryModel.update(state=DeliveryState.DELIVERED).execute()
    invoice = an_invoice(f"{code}-1", customer, due_on=date(2026, 2, 1))
    a_statement_mail(customer, key=code)
    a_link_mail()
    money = {"amount_cents": 1_00, "currency": "USD", "paid_on": date(2026, 2, 1), "reference": f"{code}-1"}
    incoming = IncomingFacts(provider="stripe", provider_payment_id=code, **money)
    return SimpleNamespace(
        incoming_id=incoming_payments.receive(incoming, owner, NOON, NOON.date()).id,
        customer_id=customer.id,
        invoice_id=invoice.id,
        payment_id=a_payment(invoice, 10_00).id,
        view_id=tables.SavedViewModel.create(user=owner.id, name=code, parameters="{}").id,
        import_id=(imported := an_import(f"{code}.xlsx").id),
        job_id=imported,
        endpoint_id=endpoint_id,
        delivery_id=delivery_id,
        user_id=owner.id,
        login_id=tables.LoginModel.create(
            jti=code, user=owner.id, created_at=LONG_AGO, last_seen_at=LONG_AGO, expires_at=LONG_AGO
        ).id,
        token_id=tables.ApiTokenModel.create(
            user=owner.id, name=code, token_hash=code, rights="read", created_at=LONG_AGO
        ).id,
    )


def test_every_route_has_a_row(app):
    assert {(route.method, route.rule) for route in app.routes if not route.rule.startswith("/api")} == set(TABLE)


@pytest.mark.parametrize(("method", "rule", "who", "answer"), CELLS)
def test_a_route_answers_as_the_table_says(app, signed_in, method, rule, who, answer):
    browser = Browser(app)
    for name, value in signed_in.cookies.get({"own": "scoped", "other": "scoped"}.get(who, who), {}).items():
        browser.set_cookie(name, value)
    path = _path(rule, signed_in.records["other" if who == "other" else "own"])

    assert _answer(_asked(browser, method, path, FORMS.get(rule, {})), who) == answer


def _path(rule, records):
    path = re.sub(r"<name:re:([^|>]+)[^>]*>", r"\1", rule)
    path = path.replace("<kind:re:xlsx|csv>", "csv").replace("<content_hash>", "0").replace("<path:path>", "a.css")
    for name, value in vars(records).items():
        path = path.replace(f"<{name}:id>", str(value))
    return path


def _asked(browser, method, path, form):
    if method == "GET":
        return browser.get(path, expect_errors=True)
    return browser.post(path, {"csrf_token": _token(browser), **form}, expect_errors=True)


def _token(browser):
    page = browser.get("/help", expect_errors=True)
    return (page if page.status_int == 200 else browser.get("/sign-in")).forms[0]["csrf_token"].value


def _answer(response, who):
    if who == "stranger" and response.status_int == 303 and response.location.startswith("/sign-in"):
        return "in"
    known = {401: "password", 403: "no", 404: "gone"}
    return known.get(response.status_int) or ("yes" if response.status_int < 500 else "broken")
