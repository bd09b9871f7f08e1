"""What the web is dangerous by, over all routes and forms that there are; the numbers are those of docs/security.md."""

import io
import json
import logging
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support import automation_records
from support.browser import PASSWORD, Browser, path_of
from support.pages import PAGES
from support.records import LONG_AGO, a_customer, a_payment, an_import, an_imported_row, an_invoice
from support.tables import ALL
from support.workbooks import AN_INVOICE, INVOICES, workbook

from app.store.access import audit
from app.store.db import tables
from app.store.db.transactions import transaction
from app.web import application, routes
from app.web.application import build
from app.web.auth.session_tokens import SessionTokens, TokenClaims

ROOT = Path(__file__).parents[3]
MARKUP = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}"


@pytest.fixture
def ledger(sqlite, user, clock):
    """A little of everything that pages show."""
    acme = a_customer("C1", "Acme", email="acme@example.com")
    invoice = an_invoice("1001", acme)
    an_invoice("1002", acme, due_on=date(2026, 4, 1))
    a_payment(invoice, 30_00, recorded_by=user.id)
    an_imported_row(an_import(uploaded_by=user.id, applied_at=LONG_AGO), invoice)
    tables.SavedViewModel.create(user=user.id, name="Late ones", parameters=json.dumps({"status": "overdue"}))
    with transaction():
        audit.append(user, "invoice.edited", f"invoice:{invoice.id}", before={}, after={"notes": "x"}, now=LONG_AGO)
    automation_records.fill(user, clock(), "eve@example.com")
    return acme


def dump(path, leaving_out=()):
    """All rows of all tables of an SQLite file, without what is random or says when somebody was seen."""
    random = {"jti", "entry_hash", "previous_hash", "request_id", "last_seen_at", "password_hash", *leaving_out}
    random |= {"token_hash", "code_hash", "totp_secret", "task", "data", "event_id"}
    with closing(sqlite3.connect(path)) as opened:
        opened.row_factory = sqlite3.Row
        names = [
            name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return {
            name: [
                {column: value for column, value in dict(row).items() if column not in random}
                for row in opened.execute(f"SELECT * FROM {name} ORDER BY 1")
            ]
            for name in names
            if name not in {"ledger_versions", "invoice_partitions"}
        }


def file_of(url):
    return Path(url.removeprefix("sqlite:///"))


# --- no change on GET


def test_no_get_changes_anything_but_the_record_of_exports(app, browser, ledger, sqlite_url):
    before = dump(file_of(sqlite_url))

    paths = {path_of(route.rule) for route in app.routes if route.method == "GET"} | set(PAGES)
    for path in sorted(paths):
        browser.get(path, expect_errors=True)

    after = dump(file_of(sqlite_url))
    taken = after["audit_entries"][len(before["audit_entries"]) :]
    assert {entry["action"] for entry in taken} == {"export.made"}
    assert {**after, "audit_entries": before["audit_entries"]} == before
    assert browser.get("/").status_int == 200


# --- mass assignment

FILLED = {
    "paid_on": "2026-03-01",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "email": "new@example.com",
    "currency": "USD",
    "amount": "1.00",
    "total": "1.00",
    "received": "5.00",
    "terms_days": "14",
    "password": PASSWORD,
    "present": PASSWORD,
    "code": "C9",
}


def forms_of(browser):
    """Every form that writes: what it would send, filled in, by where it goes and the names of its fields."""
    found = {}
    for path in PAGES:
        page = browser.get(path, expect_errors=True)
        for form in page.forms.values() if page.content_type == "text/html" else ():
            target = form.action or path
            if form.method.upper() != "POST" or "sign-out" in target or form.enctype == "multipart/form-data":
                continue
            fields = [(name, value or FILLED.get(name, "7")) for name, value in form.submit_fields() if name]
            shown = frozenset(filter(None, form.fields))  # a box that is not ticked is not sent
            found[target, shown] = fields
    return found


def test_no_form_changes_a_column_that_it_does_not_show(browser, ledger, sqlite_url, tmp_path):
    columns = {field.column_name for table in ALL for field in table._meta.sorted_fields}
    columns |= {field.name for table in ALL for field in table._meta.sorted_fields}
    forms, cookies = forms_of(browser), dict(browser.cookies)
    tables.database.obj.close()
    original = tmp_path / "original.sqlite3"
    shutil.copy(file_of(sqlite_url), original)

    def sent(target, fields):
        shutil.copy(original, file_of(sqlite_url))
        for ending in ("-wal", "-shm"):
            Path(f"{file_of(sqlite_url)}{ending}").unlink(missing_ok=True)
        browser.reset()
        for name, value in cookies.items():
            browser.set_cookie(name, value)
        answer = browser.post(target, fields, expect_errors=True)
        assert answer.status_int < 500, target
        tables.database.obj.close()
        return dump(file_of(sqlite_url))

    untouched, changing = dump(original), 0
    for (target, shown), fields in forms.items():
        plain = sent(target, fields)
        assert sent(target, [*fields, *((name, "9") for name in sorted(columns - shown))]) == plain, target
        changing += plain != untouched
    assert changing >= 12


# --- markup in texts


@pytest.fixture
def hostile(sqlite, user, clock):
    """Markup wherever somebody can type or import a text."""
    customer = a_customer(MARKUP, MARKUP, email=MARKUP, phone=MARKUP, address=MARKUP, notes=MARKUP)
    said = {"reference": MARKUP, "notes": MARKUP, "ledger": MARKUP, "disputed": True}
    invoice = an_invoice(MARKUP, customer, **said)
    an_invoice("2", customer, voided_at=LONG_AGO, void_reason=MARKUP, ledger=MARKUP)
    a_payment(invoice, 10_00, method=MARKUP, reference=MARKUP, note=MARKUP, recorded_by=user.id)
    a_payment(invoice, 5_00, voided_at=LONG_AGO, void_reason=MARKUP)
    source = an_import(MARKUP, uploaded_by=user.id, applied_at=LONG_AGO, failure=MARKUP)
    an_imported_row(source, invoice, tab=MARKUP)
    tables.SavedViewModel.create(user=user.id, name=MARKUP, parameters=json.dumps({"q": MARKUP}))
    tables.UserModel.update(name=MARKUP).execute()
    automation_records.fill(user, clock(), MARKUP)
    with transaction():
        said = {"reason": MARKUP, MARKUP: MARKUP, "notes": MARKUP}
        audit.append(user, "invoice.edited", f"invoice:{invoice.id}", before=said, after=said, now=LONG_AGO)
        audit.append(user, "invoice.void", f"invoice:{invoice.id}", before=said, after=said, now=LONG_AGO)


def test_markup_in_texts_is_shown_and_never_run(browser, hostile):
    shown = 0
    for path in PAGES:
        page = browser.get(path, expect_errors=True)
        assert "<img src=x" not in page.text, path
        assert "<script>alert" not in page.text, path
        assert [tag for tag in page.html.find_all(True) if any(name.startswith("on") for name in tag.attrs)] == [], path
        links = [tag.get(name, "") for tag in page.html.find_all(True) for name in ("href", "action", "src")]
        assert [link for link in links if urlsplit(link).scheme not in {"", "data", "tel", "mailto"}] == [], path
        shown += "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert shown >= 10


@pytest.mark.parametrize("name", ["q", "customer", "status", "sort", "as_of", "from", "who", "subject", "next", "tab"])
def test_markup_in_an_address_is_shown_and_never_run(browser, stranger, ledger, name):
    for path in [path for path in PAGES if "?" not in path]:
        for asker in (browser, stranger):
            assert "<img src=x" not in asker.get(path, {name: MARKUP}, expect_errors=True).text, path


def test_scripts_and_styles_stand_in_files_only(browser, ledger):
    for path in PAGES:
        page = browser.get(path, expect_errors=True).html
        assert page.find_all("style") == [], path
        assert [tag for tag in page.find_all("script") if tag.get("type") != "application/json" and tag.string] == [], (
            path
        )
        assert page.find_all(style=True) == [], path


# --- errors say nothing of the inside


def test_no_handler_that_breaks_tells_why(sqlite, user, settings, clock, monkeypatch, caplog):
    def explode(*_, **__):
        raise RuntimeError("the secret reason")

    pages = routes.pages
    monkeypatch.setattr(
        application.routes,
        "pages",
        lambda *parts: [replace(route, handler=explode, step_up=None) for route in pages(*parts)],
    )
    monkeypatch.setattr("app.web.http.csrf.Csrf.is_genuine", lambda *_: True)
    whole = Browser(build(settings, clock))
    sign_in_without_the_pages(whole, settings, clock, user)

    broken = [route for route in whole.app.routes if _is_ours(route)]
    assert len(broken) > 50
    for route in broken:
        answer = whole.request(
            path_of(route.rule),
            method=route.method,
            POST={"x": "y"} if route.method == "POST" else None,
            expect_errors=True,
        )
        assert answer.status_int == 500, route.rule
        assert answer.headers["X-Request-Id"] in answer.text
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text


def _is_ours(route):
    return not route.rule.startswith(("/api", "/feeds", "/static", "/health", "/readyz", "/metrics", "/components"))


def sign_in_without_the_pages(browser, settings, clock, user):
    """For a site whose own pages, the one that signs in among them, are all broken."""
    jti, now, later = "j" * 32, clock(), clock() + timedelta(hours=1)
    tables.LoginModel.create(jti=jti, user=user.id, created_at=now, last_seen_at=now, expires_at=later)
    token = SessionTokens.signed_with(*settings.secret_keys).issue(TokenClaims(jti, user.id), now, later)
    browser.set_cookie("session", token)


# --- nothing private is kept


def test_no_private_page_is_kept_by_a_browser_or_a_proxy(app, browser, ledger):
    for route in app.routes:
        if route.method == "GET" and not route.rule.startswith("/static"):
            answer = browser.get(path_of(route.rule), expect_errors=True)
            assert answer.headers["Cache-Control"] == "no-store", route.rule


# --- methods, hosts


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/invoices", "/sign-in", "/health", "/metrics", "/static/0/icon.svg"])
def test_other_methods_are_refused(browser, method, path):
    answer = browser.request(path, method=method, expect_errors=True)

    assert answer.status_int in {404, 405}
    assert "session" not in answer.text


@pytest.fixture
def public(sqlite, user, settings, clock):
    """A browser before the site as it is reached from the internet."""
    site = build(settings.model_copy(update={"public_url": "https://invoices.example.com"}), clock)
    return Browser(site, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "invoices.example.com"})


@pytest.mark.parametrize("host", ["invoices.example.com", "INVOICES.example.com", "invoices.example.com:443"])
def test_the_site_is_found_under_its_own_host(public, host):
    assert public.get("/sign-in", extra_environ={"HTTP_HOST": host}).status_int == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "invoices.example.com.evil.example", "invoices.example.com:8443", "", "127.0.0.1"]
)
@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/0/icon.svg", "/api/v1/invoices"])
def test_another_host_is_refused(public, host, path):
    answer = public.get(path, extra_environ={"HTTP_HOST": host}, expect_errors=True)

    assert answer.status_int == 421
    assert "https://invoices.example.com" in answer.text
    assert "evil.example" not in answer.text


def test_health_is_asked_about_by_address(public):
    assert public.get("/health", extra_environ={"HTTP_HOST": "127.0.0.1:8000"}).status_int == 200


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_puts_another_host_into_links(public, header):
    for path in ("/", "/sign-in", "/nowhere"):
        answer = public.get(path, headers={header: "evil.example/users"}, expect_errors=True)
        assert "evil.example" not in answer.text
        assert "evil.example" not in answer.headers.get("Location", "")


# --- uploads


def test_an_upload_past_the_limit_is_refused_before_it_is_read(sqlite, user, settings, clock):
    small = settings.model_copy(update={"workbook_max_megabytes": 1})
    browser = Browser(build(small, clock))
    browser.sign_in()
    upload = [("workbook", "x.xlsx", b"x" * 1_102_000)]

    answer = browser.post("/imports", {"csrf_token": browser.csrf_token()}, upload_files=upload, expect_errors=True)

    assert answer.status_int == 413
    assert not (settings.data_dir / "imports").exists()


@pytest.mark.parametrize("name", ["../../../../etc/cron.d/x.xlsx", "/etc/passwd.xlsx", "..\\..\\x.xlsx", ".xlsx"])
def test_the_name_of_an_upload_is_no_path(browser, settings, tmp_path, name):
    content = workbook(tmp_path, {"Invoices": [INVOICES, AN_INVOICE]}).read_bytes()
    before = set(tmp_path.rglob("*"))

    browser.post("/imports", {"csrf_token": browser.csrf_token()}, upload_files=[("workbook", name, content)])

    stored = tables.ImportModel.get()
    assert re.fullmatch(r"[^/\\\r\n]+", stored.file_name)
    assert re.fullmatch("[0-9a-f]{32}", stored.stored_file)
    assert (settings.data_dir / "imports" / stored.stored_file / "workbook").read_bytes() == content
    assert {path for path in set(tmp_path.rglob("*")) - before if not path.is_relative_to(settings.data_dir)} == set()


# --- no pickles


def test_no_cookie_is_one_of_bottles_pickles():
    """Bottle pickles what it signs: whoever has the key would run code here."""
    calls = re.compile(r"(set_cookie|get_cookie)\((?:[^()]|\([^()]*\))*?secret\s*=", re.DOTALL)
    modules = sorted((ROOT / "app").rglob("*.py"))

    assert [module.name for module in modules if calls.search(module.read_text())] == []
    assert [
        module.name for module in modules if re.search(r"import pickle|cookie_encode|cookie_decode", module.read_text())
    ] == []


# --- no secrets


def test_no_secret_is_recorded_or_logged(app, browser, stranger, user, ledger, caplog, settings):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.WARNING)  # as app/logs.py has it
    try:
        stranger.sign_in(password="a wrong guess at it")
        stranger.sign_in(email="nobody@example.com", password="another wrong guess")
        token = browser.csrf_token()
        for route in app.routes:
            fields = {"csrf_token": token, "password": PASSWORD, "present": PASSWORD, "secret": "a typed secret"}
            if _is_ours(route) and route.rule != "/sign-out" and route.method in {"GET", "POST"}:
                path = path_of(route.rule)
                sent = fields if route.method == "POST" else None
                query = "" if "." in path else "?token=a-secret-token"  # of a file, it is recorded what was asked for
                browser.request(f"{path}{query}", method=route.method, POST=sent, expect_errors=True)
    finally:
        logging.getLogger("peewee").setLevel(logging.NOTSET)

    told = io.StringIO()
    told.write(caplog.text)
    for entry in tables.AuditEntryModel.select().dicts():
        told.write(str(entry))
    secrets = [PASSWORD, "a wrong guess at it", "another wrong guess", "a typed secret", "a-secret-token", token]
    secrets += [
        settings.secret_key,
        tables.UserModel.get().password_hash,
        browser.cookies["session"],
        "nobody@example.com",
    ]
    assert len(told.getvalue()) > 10_000
    assert [secret for secret in secrets if secret in told.getvalue()] == []
