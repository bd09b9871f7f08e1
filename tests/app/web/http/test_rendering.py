"""Pages and the sentences that one page leaves for the next."""

import pytest
from support.browser import PASSWORD, Browser
from support.records import a_user, an_invoice

from app.domain.permissions import Right, Role
from app.web import application, routes
from app.web.guard import Route
from app.web.http.errors import ForbiddenError, NotFoundError
from app.web.http.flashes import Flashes
from app.web.http.locales import Locale
from app.web.http.rendering import address


@pytest.fixture
def app_with_export(sqlite, settings, clock, monkeypatch):
    """The app, with a page that only those who may export can use and that leaves a sentence."""
    own = routes.pages

    def with_export(settings, pages, *others):
        def export(context):
            return pages.redirect(context, "/", flash=f"Exported <{context.query.get('what', 'all')}>.")

        def upload(context):
            size = len(context.files["workbook"].file.read())
            return pages.redirect(context, "/", flash=f"{context.form['note']}: {size} bytes.")

        def missing(context):
            raise NotFoundError("There is no such export.")

        return (
            *own(settings, pages, *others),
            Route("GET", "/export", export, Right.EXPORT),
            Route("POST", "/upload", upload, Right.IMPORT, largest_body=300_000, step_up=None),
            Route("GET", "/export/missing", missing, Right.EXPORT),
        )

    monkeypatch.setattr(routes, "pages", with_export)
    return application.build(settings, clock)


def signed_in(app, email):
    browser = Browser(app)
    browser.sign_in(email)
    return browser


def test_a_sentence_is_shown_once_on_the_next_page(app_with_export, user):
    browser = signed_in(app_with_export, user.email)

    page = browser.get("/export").follow()

    assert "Exported &lt;all&gt;." in page.text
    assert "Exported" not in browser.get("/").text


def test_a_sentence_cannot_be_put_on_our_page_by_anybody_else(app_with_export, user):
    browser = signed_in(app_with_export, user.email)
    forged = Flashes((b"x" * 32,)).sign("Please call 555-0100.", "jti")

    browser.set_cookie("flash", forged)

    assert "555-0100" not in browser.get("/?flash=555-0100").text


@pytest.mark.parametrize("cookie", ["", ".", "a.b", "%%%.x", "4pyT", "//8=.00"])
def test_a_sentence_that_we_did_not_write_is_nothing(cookie):
    assert Flashes((b"k" * 32,)).read(cookie, "jti") == ""


def test_a_sentence_is_good_for_the_login_it_was_written_for():
    flashes = Flashes((b"k" * 32,))

    assert flashes.read(flashes.sign("Größe ✓", "jti"), "jti") == "Größe ✓"
    assert flashes.read(flashes.sign("Größe ✓", "jti"), "other") == ""


def test_a_message_that_no_cookie_holds_is_cut():
    flashes = Flashes((b"k" * 32,))

    signed = flashes.sign("Recorded 1.00 ✓, " * 400, "jti")

    assert len(signed) < 3_600
    assert flashes.read(signed, "jti").startswith("Recorded 1.00 ✓, Recorded")
    assert flashes.read(signed, "jti").endswith("…")


def test_who_lacks_the_right_is_told_so(app_with_export, clock):
    a_user("vic@example.com", Role.VIEWER, password_hash=_quick_hash())
    browser = signed_in(app_with_export, "vic@example.com")

    page = browser.get("/export", expect_errors=True)

    assert page.status_int == 403
    assert "Your role, viewer, does not include the right to export." in page.text


def test_a_refusal_keeps_the_frame_of_the_page(app_with_export, user):
    page = signed_in(app_with_export, user.email).get("/export/missing", expect_errors=True)

    assert page.status_int == 404
    assert "There is no such export." in page.text
    assert "Sign out" in page.text


def test_a_file_arrives_beside_the_other_fields_of_its_form(app_with_export, user):
    browser = signed_in(app_with_export, user.email)
    fields = {"csrf_token": browser.csrf_token(), "note": "Größe"}

    answer = browser.post("/upload", fields, upload_files=[("workbook", "ledger.xlsx", b"x" * 200_000)])

    assert "Größe: 200000 bytes." in answer.follow().text


def test_a_file_larger_than_its_route_reads_is_refused(app_with_export, user):
    browser = signed_in(app_with_export, user.email)

    answer = browser.post(
        "/upload",
        {"csrf_token": browser.csrf_token(), "note": ""},
        upload_files=[("workbook", "ledger.xlsx", b"x" * 300_001)],
        expect_errors=True,
    )

    assert answer.status_int == 413
    assert "At most 300,000 bytes can be sent here." in answer.text


def test_a_form_that_cannot_be_read_is_refused_without_a_failure(app_with_export, user):
    browser = signed_in(app_with_export, user.email)

    cut = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nabc'
    answer = browser.post("/upload", cut, content_type="multipart/form-data; boundary=x", expect_errors=True)

    assert answer.status_int in {400, 403}


def test_an_address_holds_only_what_says_something():
    assert address("/invoices", q="a&b", status="", bucket=None, page=2) == "/invoices?q=a%26b&page=2"
    assert address("/invoices", q="") == "/invoices"


@pytest.mark.parametrize(
    ("header", "amount", "day"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "1.234,50", "01.01.2026"),
        ("en-US,en;q=0.9", "1,234.50", "Jan 1, 2026"),
        ("", "1,234.50", "1 Jan 2026"),
    ],
)
def test_a_page_writes_amounts_and_days_as_its_reader_does(browser, header, amount, day):
    an_invoice(total_cents=1_234_50)

    page = browser.get("/invoices", headers={"Accept-Language": header})

    assert f">{amount}<" in page.text
    assert f">{day}<" in page.text


def test_a_stranger_cannot_choose_which_locale_is_loaded(stranger, monkeypatch):
    asked = []
    monkeypatch.setattr(Locale, "accepted", lambda header, zone: asked.append(header) or Locale.of("en_GB", zone))

    stranger.get("/sign-in", headers={"Accept-Language": "de"})

    assert asked == [""]


def test_refusals_say_their_status():
    assert ForbiddenError("No.").status == 403


def _quick_hash():
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
