"""What is done is recorded, in words for admins, and never with a secret."""

import ast
import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.browser import Browser
from support.records import a_customer, a_payment, a_user, an_import, an_invoice

from app.domain.permissions import Role
from app.store.access import audit, audit_entries, users
from app.store.db import tables
from app.store.db.current_user import Actor, acting_as
from app.store.db.transactions import transaction
from app.store.ledger.history import AuditEvent
from app.web.http.locales import Locale
from app.web.pages import audit_messages

ROOT = Path(__file__).parents[4]


def recorded(action):
    return list(tables.AuditEntryModel.select().where(tables.AuditEntryModel.action == action))


def append(by, action, subject, now, after=None, asker=None):
    with transaction(), acting_as(asker or Actor()):
        audit.append(by, action, subject, before={}, after=after or {}, now=now)


@pytest.fixture
def viewer(app, user):
    a_user("vic@example.com", Role.VIEWER, "Vic", users.password_hash_of(user.id))
    signed_in = Browser(app)
    signed_in.sign_in("vic@example.com")
    return signed_in


# --- what is recorded


@pytest.mark.parametrize(
    ("path", "what", "rows", "name"),
    [
        ("/invoices.csv?q=1001", "invoices", 1, "invoices-2026-03-02.csv"),
        ("/invoices.xlsx", "invoices", 2, "invoices-2026-03-02.xlsx"),
        ("/payments.csv", "payments", 1, "payments-2026-03-02.csv"),
        ("/customers.xlsx", "customers", 1, "customers-2026-03-02.xlsx"),
        ("/customers/1/statement.xlsx", "statement of customer 1", 2, "statement-C1-2026-03-02.xlsx"),
        ("/customers/1/statement.pdf", "statement of customer 1", 2, "statement-C1-2026-03-02.pdf"),
        ("/export.xlsx", "everything", 2, "receivables-2026-03-02.xlsx"),
        ("/audit.csv", "audit", 1, "audit-2026-03-02.csv"),
    ],
)
def test_every_file_that_is_taken_is_recorded(browser, user, path, what, rows, name):
    a_payment(an_invoice("1001"))
    an_invoice("1002")
    before = tables.AuditEntryModel.select().count()

    browser.get(path)

    [entry] = recorded("export.made")
    assert (entry.user_id, entry.subject) == (user.id, f"export:{what}")
    said = audit_entries.of_subject(entry.subject)[0].after
    assert said["file"] == name
    assert said["filter"] == ({"q": "1001"} if "?" in path else {})
    assert said["rows"] == (before if what == "audit" else rows)


WITHOUT_DATA = {"/api/v1/openapi.json", "/imports/sample.xlsx", "/imports/template.xlsx"}


def test_every_route_that_hands_out_a_file_is_among_them(app):
    files = {route.rule for route in app.routes if route.method == "GET" and "." in route.rule.rpartition("/")[2]}
    # A spreadsheet refreshes these by itself, as often as it likes: the record has who made the password for it.
    feeds = {rule for rule in files if rule.startswith("/feeds/")}

    assert files - WITHOUT_DATA - feeds == {
        "/invoices.<kind:re:xlsx|csv>",
        "/payments.<kind:re:xlsx|csv>",
        "/customers.<kind:re:xlsx|csv>",
        "/customers/<customer_id:id>/statement.xlsx",
        "/customers/<customer_id:id>/statement.pdf",
        "/export.xlsx",
        "/audit.csv",
    } | {rule for rule in files if rule.startswith("/api/v1/exports")}


def test_a_file_of_what_was_picked_is_recorded(browser):
    an_invoice("1001")
    form = next(form for form in browser.get("/invoices").forms.values() if form.action == "/invoices/bulk")
    form["pick:1"] = True

    form.submit("action", value="xlsx")

    [entry] = audit_entries.of_subject("export:invoices")
    assert entry.after == {"file": "invoices-2026-03-02.xlsx", "rows": 1, "filter": {"picked": "one by one"}}


def test_a_right_that_is_refused_is_recorded(viewer):
    viewer.get("/invoices/new", expect_errors=True)

    [entry] = audit_entries.of_subject("page:/invoices/new")
    assert (entry.actor, entry.action, entry.after) == ("Vic", "access.refused", {"method": "GET", "right": "edit"})


def test_a_form_that_is_refused_is_recorded(browser):
    browser.post("/customers", {"code": "C1"}, expect_errors=True)

    [entry] = audit_entries.of_subject("page:/customers")
    assert (entry.actor, entry.action, entry.after) == ("Ann", "form.refused", {"method": "POST"})


def test_what_strangers_try_does_not_fill_the_record(stranger):
    stranger.post("/sign-in", {"email": "x"}, expect_errors=True)

    assert recorded("form.refused") == []


def test_what_is_done_with_an_import_is_recorded(browser, user, tmp_path, app):
    stored = an_import("June.xlsx", state="applied")

    browser.post(f"/imports/{stored.id}/undo", {"csrf_token": browser.csrf_token()})

    [entry] = audit_entries.of_subject(f"import:{stored.id}")
    assert (entry.user_id, entry.action, entry.after) == (user.id, "import.recalled", {"file": "June.xlsx"})


# --- told in words


def test_everything_that_the_app_records_is_told_in_words():
    names = set()
    for module in (ROOT / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text())):
            if isinstance(call, ast.Call) and _name(call.func) in {"append", "record", "_record", "_record_refusal"}:
                texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                names |= {text for text in texts if text.replace("_", "").replace(".", "", 1).isalpha() and "." in text}

    assert len(names) > 15
    assert names - set(audit_messages.actions()) == set()


def _name(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


BRITISH = Locale.of("en_GB", UTC)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def an_entry(action, subject, after=None, **whence):
    return audit_entries.Entry(1, NOW, whence.pop("actor", "Ann"), action, subject, {}, after or {}, **whence)


@pytest.mark.parametrize(
    ("entry", "label", "sentence"),
    [
        (an_entry("invoice.edited", "invoice:7"), "1001", "Ann edited invoice 1001"),
        (an_entry("invoice.edited", "invoice:7"), "", "Ann edited invoice 7"),
        (an_entry("session.started", "user:1"), "Ann", "Ann signed in "),
        (an_entry("export.made", "export:everything"), "", "Ann took a file of everything"),
        (an_entry("access.refused", "page:/invoices/new"), "", "Ann was refused /invoices/new"),
        (
            an_entry("import.uploaded", "import:3", {"apply_when_clean": True}, program="books"),
            "June.xlsx",
            "Ann (by books) uploaded and, if nothing is left to decide, asked to apply import June.xlsx",
        ),
        (
            an_entry("import.applied", "import:3", actor="", program="the worker"),
            "June.xlsx",
            "The worker applied import June.xlsx",
        ),
        (
            an_entry("user.edited", "user:2", actor="", program="the command line"),
            "Bob",
            "The command line edited user Bob",
        ),
        (an_entry("invoice.created", "invoice:7", program="books"), "1001", "Ann (by books) entered invoice 1001"),
        (
            an_entry("session.refused", "user:2", actor="", address="203.0.113.7"),
            "Bob",
            " Failed sign-in for Bob",
        ),
        (an_entry("thing.of_old", "invoice:7"), "1001", "Ann did “thing.of_old” to invoice 1001"),
    ],
)
def test_an_entry_reads_as_a_sentence(entry, label, sentence):
    told = audit_messages.audit_message(AuditEvent(entry, label), BRITISH)

    assert f"{told.actor} {told.what} {told.label}" == sentence


def test_what_was_recorded_beside_the_deed_is_told_as_people_read_it():
    after = {
        "rows": 12,
        "filter": {"q": "Miller", "sort": ""},
        "amount_cents": 12_50,
        "reason": "x",
        "none": "",
        "customers": [],
    }

    assert audit_messages.details(an_entry("export.made", "export:invoices", after), BRITISH) == [
        ("amount", "12.50"),
        ("filter", "q Miller"),
        ("rows", "12"),
    ]


# --- the page


def test_the_page_tells_who_did_what_from_where_and_when(browser, user, now):
    invoice = an_invoice("1001")
    append(
        user, "invoice.edited", f"invoice:{invoice.id}", now, asker=Actor(address="203.0.113.7", request_id="a1b2c3d4")
    )

    page = browser.get("/audit")

    assert "Ann edited" in page.text
    assert page.html.find("a", href=f"/invoices/{invoice.id}").text == "invoice 1001"
    more = page.html.select_one(".audit-messages__one details")
    assert more.summary.text == "From 203.0.113.7"
    assert [one.text for one in more.find_all("div")][:2] == ["action: invoice.edited", "request: a1b2c3d4"]


def test_a_hash_stands_among_what_is_shown_only_when_asked_for(browser, user, now):
    append(user, "import.uploaded", "import:1", now, {"file": "June.xlsx", "sha256": "ab12", "size_bytes": 9})

    one = browser.get("/audit?action=import.uploaded").html.select_one(".audit-messages__what")
    assert [line.text for line in one.find_all("div", recursive=False)] == ["file: June.xlsx"]
    assert "sha256: ab12" in one.details.text


@pytest.mark.parametrize("text", ["2027-02-25 12:10:35.040731+00:00", "2027-02-25T12:10:35+00:00"])
@pytest.mark.parametrize("name", ["expires_at", "voided_at", "archived_at"])
def test_a_moment_is_told_in_the_readers_way_and_zone(name, text):
    berlin = Locale.of("de_DE", ZoneInfo("Europe/Berlin"))

    assert audit_messages.in_words(name, text, berlin) == "25.02.2027, 13:10"


@pytest.mark.parametrize("called", ["1001", "Acme", "ann@example.com", "June.xlsx", "invoice:1"])
def test_a_record_is_found_by_its_number_or_name(browser, user, now, called):
    invoice = an_invoice("1001", a_customer("C1", "Acme Ltd"))
    stored = an_import("June.xlsx", state="applied")
    subjects = {
        "1001": f"invoice:{invoice.id}",
        "Acme": f"customer:{invoice.customer_id}",
        "ann@example.com": f"user:{user.id}",
        "June.xlsx": f"import:{stored.id}",
        "invoice:1": "invoice:1",
    }
    for subject in subjects.values():
        append(user, "thing.of_test", subject, now)

    page = browser.get("/audit", {"subject": called, "action": "thing.of_test"})

    links = {one["href"] for one in page.html.select(".audit-messages__what > a")}
    kind, _, number = subjects[called].partition(":")
    assert links == {f"/{kind}s/{number}"}


def test_a_record_that_there_is_not_has_no_entries(browser):
    assert "Nothing matches." in browser.get("/audit?subject=nobody")


def test_the_pages_of_records_lead_admins_to_their_entries(browser, viewer, user):
    invoice = an_invoice("1001")
    paths = [f"/invoices/{invoice.id}", f"/customers/{invoice.customer_id}"]

    for path in [*paths, f"/users/{user.id}"]:
        kind, number = path.split("/")[1:]
        assert browser.get(path).html.find("a", href=f"/audit?subject={kind[:-1]}:{number}"), path
    assert [viewer.get(path).html.select('a[href^="/audit"]') for path in paths] == [[], []]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["customer:3", "invoice:7"]),
        ("?who=ann", ["invoice:7"]),
        ("?action=customer.edited", ["customer:3"]),
        ("?subject=invoice:7", ["invoice:7"]),
        ("?address=203.0.113.7", ["customer:3"]),
        ("?from=2026-03-01&to=2026-03-01", ["invoice:7"]),
        ("?from=2026-03-02", ["customer:3"]),
    ],
)
def test_the_address_says_which_entries_are_shown(browser, user, query, found):
    # Signing in is recorded as well: these stand on days of their own.
    append(user, "invoice.edited", "invoice:7", datetime(2026, 3, 1, 12, tzinfo=UTC))
    append(
        None, "customer.edited", "customer:3", datetime(2026, 3, 2, 12, tzinfo=UTC), asker=Actor(address="203.0.113.7")
    )

    page = browser.get(f"/audit{query}")

    assert re.findall(r"edited (\w+) (\d)", page.html.find("ol", "audit-messages").text) == [
        tuple(subject.split(":")) for subject in found
    ]


def test_a_page_ends_where_the_next_begins(browser, user, now, monkeypatch):
    monkeypatch.setattr("app.web.pages.audit.PAGE_LENGTH", 2)
    for number in range(4):
        append(user, "invoice.edited", f"invoice:{number}", now)

    first = browser.get("/audit?action=invoice.edited")
    second = first.click("Older")

    assert "invoice 3" in first.html.select(".audit-messages__one")[0].text
    assert "invoice 1" in second.html.select(".audit-messages__one")[0].text
    assert "Older" not in second.html.find("nav", "pages").text
    assert second.click("Newest").html.select(".audit-messages__one") == first.html.select(".audit-messages__one")


def test_a_day_that_is_none_is_said_beside_its_field(browser):
    page = browser.get("/audit?from=yesterday", expect_errors=True)

    assert page.status_int == 422
    assert "“yesterday” is not a day" in page.text


def test_the_whole_record_is_handed_out_as_a_file(browser, user, now):
    append(user, "invoice.edited", "invoice:7", now, {"notes": "=1+1"}, Actor(address="203.0.113.7"))

    answer = browser.get("/audit.csv?subject=invoice:7")

    _, row = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
    assert row[1:6] == ["2026-03-02 09:30:00", "1", "Ann", "", "203.0.113.7"]
    assert row[7:] == ["invoice.edited", "invoice:7", "{}", '{"notes": "=1+1"}']


def test_a_file_of_more_than_can_be_written_is_refused(browser, user, now, monkeypatch):
    monkeypatch.setattr("app.web.pages.audit.MOST_EXPORTED", 1)
    for number in range(2):
        append(user, "invoice.edited", f"invoice:{number}", now)

    answer = browser.get("/audit.csv", expect_errors=True)

    assert answer.status_int == 400
    assert "narrow the days first" in answer.text


def test_only_admins_find_their_way_to_it(browser, viewer):
    assert browser.get("/").html.find("a", href="/audit")
    assert viewer.get("/").html.find("a", href="/audit") is None
