"""The page of tokens: a token is made, shown once, and revoked."""

import pytest
from support.browser import PASSWORD, Browser
from support.records import a_user

from app.domain.permissions import Role, Scope
from app.store.access import api_tokens, users
from app.store.db import tables
from tests.app.web.api.conftest import Program


@pytest.fixture
def browser(stepped_up):
    return stepped_up


@pytest.fixture
def make(browser):
    def made(name="n8n", rights=("read",), **fields):
        form = browser.get("/tokens").forms[1]
        form["name"] = name
        for right in rights:
            form[f"right:{right}"] = True
        for field, value in fields.items():
            form[field] = value
        return form.submit(expect_errors=True)

    return made


def test_a_token_is_shown_once_and_opens_the_api(app, browser, make, ledger):
    token = make().html.select_one("#token")["value"]

    assert Program(app, token).ask("/invoices").status_int == 200
    assert Program(app, token).send("/customers", {"code": "new", "name": "New"}).status_int == 403
    assert token not in browser.get("/tokens")


def test_a_token_can_be_narrowed_to_a_ledger(app, browser, ledger):
    form = browser.get("/tokens").forms[1]
    form["name"], form["right:read"], form["sees"], form["ledger:2026"] = "n8n", True, "some", True

    token = form.submit().html.select_one("#token")["value"]

    assert [one["number"] for one in Program(app, token).ask("/invoices").json["data"]] == ["C2-1"]


def test_a_token_without_a_right_is_of_no_use(make):
    page = make(rights=())

    assert page.status_int == 422
    assert "Choose at least one: a token without rights is of no use." in page
    assert tables.ApiTokenModel.select().count() == 0


def test_a_token_lasts_two_years_at_most(make):
    assert make(days="731").status_int == 422


def test_a_revoked_token_no_longer_counts(app, browser, make):
    token = make().html.select_one("#token")["value"]

    page = browser.get("/tokens").forms[1].submit().follow()

    assert "The token n8n no longer counts." in page
    assert Program(app, token).ask("/invoices").status_int == 401


def test_somebody_sees_their_own_tokens_an_admin_those_of_all(app, browser, make, user):
    make("boss")
    a_user("clerk@example.com", Role.ACCOUNTANT, "Clerk", users.password_hash_of(user.id))
    clerk = Browser(app)
    clerk.sign_in("clerk@example.com", PASSWORD)
    form = clerk.get("/tokens").forms[1]
    form["name"], form["right:read"], form["current"] = "clerk's", True, PASSWORD
    form.submit()

    assert "boss" not in clerk.get("/tokens")
    assert [cell.get_text() for cell in browser.get("/tokens").html.select(".table__lead")] == ["clerk's", "boss"]


@pytest.fixture
def viewer(app, make, user):
    """A browser of an accountant who made a token and then became a viewer."""
    a_user("admin@example.com", Role.ADMIN, "Admin")
    make()
    users.set_facts(user.id, "Ann", Role.VIEWER)
    signed_in = Browser(app)
    signed_in.sign_in()
    return signed_in


def test_a_viewer_who_has_a_token_finds_it_on_the_account_page_and_revokes_it(viewer):
    page = viewer.get("/account").click("See your tokens")

    assert [cell.get_text() for cell in page.html.select(".table__lead")] == ["n8n"]
    assert "The token n8n no longer counts." in page.forms[1].submit().follow()


def test_a_viewer_is_offered_no_form_for_another_token(viewer):
    page = viewer.get("/tokens")

    assert "Make a token" not in page
    assert viewer.post("/tokens", {"csrf_token": viewer.csrf_token()}, expect_errors=True).status_int == 403


def test_somebody_who_is_narrowed_cannot_make_a_wider_token(app, browser, user, ledger):
    users.set_scope(user.id, Scope(ledgers=frozenset({"2026"})))
    form = browser.get("/tokens").forms[1]
    form["name"], form["right:read"], form["sees"], form["customer"] = "n8n", True, "some", "C2"

    page = form.submit(status=422)

    assert "A token cannot see more than you do" in page
    assert api_tokens.of_everybody() == []
