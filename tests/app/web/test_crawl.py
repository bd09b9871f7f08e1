"""Each role walks along everything that pages lead to, over the demo: all of it is there, and no probe breaks it."""

from datetime import timedelta

import pytest
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.clock import Clock
from support.crawl import Crawl
from support.records import (
    LONG_AGO,
    a_customer,
    a_delivery,
    a_link_mail,
    a_passkey,
    a_payment,
    a_statement_mail,
    a_user,
    a_webhook,
    an_import,
    an_invoice,
)
from support.server import copy_the_demo
from support.settings import settings_of
from support.workbooks import AN_INVOICE, INVOICES, workbook
from support.worker import a_worker
from webtest import Upload

from app.actions import events, incoming_payments, webhooks
from app.clock import utc_now
from app.domain.incoming_payment import IncomingFacts
from app.domain.permissions import EVERYTHING, Role, Scope, may
from app.store.access import one_time_links, second_factor, users
from app.store.access.one_time_links import Purpose
from app.store.db import database, tables
from app.store.db.transactions import transaction
from app.web.application import build
from app.web.guard import Guard

ROLES = {
    "admin": (Role.ADMIN, EVERYTHING),
    "accountant": (Role.ACCOUNTANT, EVERYTHING),
    "viewer": (Role.VIEWER, EVERYTHING),
    "scoped": (Role.ACCOUNTANT, Scope(customers=frozenset({1}))),
}
SECRET = "JBSWY3DPEHPK3PXP" * 2
LINK = "a-link-that-an-admin-made"
TYPED = {
    "email": "secured@example.com",
    "password": PASSWORD,
    "current": PASSWORD,
    "amount": "1.00",
    "total": "12.00",
    "received": "1.00",
    "paid_on": "2026-03-01",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "reason": "a mistake",
    "number": "C-1",
    "name": "Crawler",
    "url": "https://hooks.example.com/",
}
# No page leads there as the walk finds it: what is for developers, what a script asks for, and what is of a second
# factor or a passkey, which nobody who walks has yet.
NEVER_LED_TO = [
    ("GET", "/account/passkeys/new"),
    ("GET", "/account/passkeys/step-up"),
    ("GET", "/components"),
    ("GET", "/signed-in"),
    ("POST", "/account/passkeys"),
    ("POST", "/account/passkeys/<passkey_id:id>/remove"),
    ("POST", "/account/second-factor/codes"),
    ("POST", "/account/second-factor/remove"),
    ("POST", "/users/<user_id:id>/provider"),
]


@pytest.fixture
def guarded(monkeypatch):
    """The routes that the app is built of."""
    routes = []
    around = Guard.around

    def noting(self, route):
        routes.append(route)
        return around(self, route)

    monkeypatch.setattr(Guard, "around", noting)
    return routes


@pytest.fixture
def app(guarded, tmp_path, _password_hasher):
    """The app over the demo, where somebody of each role has worked, and a workbook waits for a decision."""
    settings = settings_of(tmp_path)
    copy_the_demo(settings.data_dir)
    opened = database.open_database(settings.database_url)
    with database.connection():
        clock = Clock(utc_now())
        mail = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "us@example.com"}  # queued, and never sent
        application = build(settings.model_copy(update=mail), clock)
        for name, (role, scope) in ROLES.items():
            leave_traces(a_user(f"{name}@example.com", role, name.capitalize(), QUICK_HASH), scope, clock())
        secured = a_user("secured@example.com", Role.VIEWER, "Secured", QUICK_HASH)
        second_factor.set_secret(secured.id, SECRET, 0)
        a_passkey(secured)
        one_time_links.add(LINK, secured.id, Purpose.RESET, None, clock())
        leave_failed_jobs(settings.data_dir, clock())
        upload_a_workbook(Browser(application), a_worker(settings, clock), tmp_path)
        an_import("being-read.xlsx", state="reading")
        bring_in_payments(clock())
        yield application
    opened.close()


def bring_in_payments(now):
    """One that is recorded for a customer that all may see, one that is asked about, and one that was dismissed."""
    admin = users.find_by_email("admin@example.com")
    owed = an_invoice("IN-1", tables.CustomerModel.get_by_id(1), total_cents=1_00)
    for name, reference in (("recorded", owed.number), ("asked", ""), ("dismissed", "")):
        facts = IncomingFacts(
            provider="stripe",
            provider_payment_id=name,
            amount_cents=owed.total_cents,
            currency=owed.currency,
            paid_on=now.date(),
            reference=reference,
        )
        incoming = incoming_payments.receive(facts, admin, now, now.date())
    incoming_payments.dismiss(incoming.id, "Private", admin, now)


def leave_traces(person, scope, now):
    users.set_scope(person.id, scope)
    tables.SavedViewModel.create(user=person.id, name="Late", parameters='{"status": "overdue"}')
    said = {"user": person.id, "name": "Bank", "token_hash": person.email, "rights": "read"}
    tables.ApiTokenModel.create(**said, created_at=now)
    elsewhere = {"jti": person.email, "user": person.id, "created_at": now, "last_seen_at": now}
    tables.LoginModel.create(**elsewhere, expires_at=now + timedelta(hours=1))


def upload_a_workbook(browser, work_off, folder):
    browser.sign_in("admin@example.com")
    form = browser.get("/imports").forms["upload"]
    wrong = ["1002", "Bolt", "some day", "2026-02-05", 12]
    content = workbook(folder, {"Invoices": [INVOICES, AN_INVOICE, wrong]}).read_bytes()
    form["workbook"] = Upload("march.xlsx", content)
    form.submit()
    work_off()


def leave_failed_jobs(data_dir, now):
    failed = an_import("failed.xlsx", state="failed", failure="The disk was full.", begun_at=now)
    folder = data_dir / "imports" / failed.stored_file
    folder.mkdir(parents=True)
    (folder / "workbook").write_bytes(b"")
    a_statement_mail(tables.CustomerModel.get(), state="failed", failure="refused", next_try_at=now)
    a_link_mail(state="failed", failure="refused", next_try_at=now)
    a_delivery(state="failed", tries=10, answer="500 Broken", next_try_at=now)
    a_delivery(tries=1, answer="503 Busy", next_try_at=now + timedelta(days=1))


@pytest.fixture
def out_of_the_way():
    """Pages that are far down in lists, each with something that few others have."""
    gone = a_customer("GONE", "Gone Ltd", archived_at=LONG_AGO)
    quiet = a_customer("QUIET", "Quiet Ltd")
    paid_twice = a_customer("TWICE", "Paid Twice Ltd")
    an_invoice("TWICE-1", paid_twice)
    a_payment(an_invoice("TWICE-2", paid_twice), 150_00)
    left = a_user("left@example.com", Role.VIEWER, "Left", QUICK_HASH)
    users.set_active(left.id, active=False)
    webhooks_with_deliveries(LONG_AGO)
    secured = users.find_by_email("secured@example.com")
    customers = [f"/customers/{one.id}" for one in (gone, quiet, paid_twice)]
    invoices = [
        f"/invoices/{one.id}" for one in tables.InvoiceModel.select().where(tables.InvoiceModel.customer == paid_twice)
    ]
    return customers + invoices, [f"/users/{one.id}" for one in (left, secured)]


def webhooks_with_deliveries(now):
    """One that is on and took an event, another that wanted no more."""
    a_webhook()
    wants_no_more = a_webhook()
    with transaction():
        events.emit("import.applied", "import:1", {"import_id": 1}, now=now)
    webhooks.delivered(webhooks.claim_next(now, {wants_no_more}), "200 OK", now)
    webhooks.not_delivered(webhooks.claim_next(now, set()), "410 Gone", now, is_gone=True)


@pytest.fixture
def walk(app, guarded, out_of_the_way):
    """Walk as a role, and return what was found with the routes that the role may ask for."""

    def walked(name):
        browser = Browser(app)
        role, scope = ROLES[name]
        browser.sign_in(f"{name}@example.com")
        crawl = Crawl(browser, typed=TYPED, hidden=hidden_from(scope) - numbers_suggested_to(browser))
        far, people = out_of_the_way
        crawl.walk("/", *(far if scope.is_everything else []), *(people if role is Role.ADMIN else []))
        return crawl, {(one.method, one.path) for one in guarded if one.right and may(role, one.right, scope)}

    return walked


def hidden_from(scope):
    """Customers and numbers of invoices that somebody of this scope must never read."""
    if scope.is_everything:
        return set()
    customers = tables.CustomerModel.select().where(tables.CustomerModel.id.not_in(scope.customers))
    invoices = tables.InvoiceModel.select().where(tables.InvoiceModel.customer.not_in(scope.customers))
    return {one.name for one in customers} | {one.number for one in invoices}


def numbers_suggested_to(browser):
    """The number after their own last one may be taken by what they must not read of."""
    page = browser.get("/invoices/new", expect_errors=True)
    return {field["value"] for field in page.html.select("#number")}


@pytest.mark.parametrize("name", ROLES)
def test_whatever_a_page_leads_to_is_there_and_well_made(walk, name):
    crawl, may_ask_for = walk(name)

    assert not crawl.complaints, "\n".join(crawl.complaints)
    assert sorted(may_ask_for - crawl.reached) == [one for one in NEVER_LED_TO if one in may_ask_for]


def test_a_stranger_is_led_through_every_way_in(app, guarded):
    crawl = Crawl(Browser(app), typed=TYPED)
    crawl.walk("/", f"/set-password?token={LINK}", "/sign-in/code")

    assert not crawl.complaints, "\n".join(crawl.complaints)
    assert {(one.method, one.path) for one in guarded if one.right is None} - crawl.reached == {
        ("GET", "/sign-in/passkey")
    }  # a script asks for it


def test_nothing_that_is_asked_for_or_typed_breaks_a_page(walk):
    crawl, _ = walk("admin")

    crawl.probe()

    assert not crawl.complaints, "\n".join(crawl.complaints)
