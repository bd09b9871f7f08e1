"""The page “Use in Excel”: addresses of lists, and passwords that open them."""

import pytest
from support.browser import PASSWORD, QUICK_HASH, Browser
from support.records import a_user, an_invoice

from app.domain.permissions import Role, TokenRight
from app.store.access import api_tokens, views
from app.store.db import tables
from tests.app.web.api.conftest import Program
from tests.app.web.api.test_feeds import Spreadsheet


@pytest.fixture
def browser(stepped_up):
    return stepped_up


@pytest.fixture
def view(user):
    """The page of a view called Late, in Excel."""
    return f"/views/{views.save(user.id, 'Late', {'status': 'overdue'}, 'en_GB')}/excel"


def make(browser, page, **fields):
    form = next(form for form in browser.get(page).forms.values() if "days" in form.fields)
    for field, text in fields.items():
        form[field] = text
    return form.submit(expect_errors=True)


def addresses(page):
    return [field["value"] for field in page.html.select("input[readonly]")]


def test_all_lists_and_own_views_have_an_address(browser, view):
    assert addresses(browser.get("/excel")) == [
        "http://localhost:80/feeds/open-invoices.csv",
        "http://localhost:80/feeds/invoices.csv",
        "http://localhost:80/feeds/customers.csv",
        "http://localhost:80/feeds/payments.csv",
        "http://localhost:80/feeds/views/1.csv",
    ]


def test_a_view_has_its_own_page_with_a_name_for_the_password(browser, view):
    page = browser.get(view)

    assert addresses(page) == ["http://localhost:80/feeds/views/1.csv"]
    assert page.html.select_one("#name")["value"] == "Excel: Late"


def test_a_password_opens_the_list_and_not_the_api(app, browser, view):
    an_invoice("17")

    password = make(browser, view).html.select_one("#password")["value"]

    assert [row["Invoice No"] for row in Spreadsheet(app, password).rows("/feeds/views/1.csv")] == ["17"]
    assert Program(app, password).ask("/invoices").status_int == 403


def test_a_password_is_shown_once(browser, view):
    password = make(browser, view).html.select_one("#password")["value"]

    assert password not in browser.get(view)
    assert password not in browser.get("/tokens")


def test_a_password_has_the_right_to_feeds_alone_for_a_year(browser, view, clock):
    make(browser, view)

    facts = api_tokens.get(1).facts
    assert (facts.name, facts.rights) == ("Excel: Late", {TokenRight.FEEDS})
    assert (facts.expires_at - clock()).days == 365


def test_a_password_lasts_a_year_at_most(browser, view):
    assert make(browser, view, days="366").status_int == 422
    assert tables.ApiTokenModel.select().count() == 0


def test_the_password_of_the_user_is_asked_for_first(app, user, view):
    browser = Browser(app)
    browser.sign_in()

    refused = make(browser, view)
    made = make(browser, view, current=PASSWORD)

    assert (refused.status_int, "Please type your password." in refused) == (422, True)
    assert made.html.select_one("h1").text == "The password “Excel: Late”"


def test_a_password_is_revoked_beside_the_view_which_is_shown_again(browser, view):
    make(browser, view)
    page = browser.get(view)

    answer = next(form for form in page.forms.values() if form.action.endswith("/revoke")).submit()

    assert answer.location.endswith(view)
    assert "Your passwords for Excel" not in browser.get(view)


def test_a_revoked_token_leads_to_no_other_site(browser, view):
    make(browser, view)
    form = {"csrf_token": browser.csrf_token(), "back": "https://elsewhere.example/"}

    assert browser.post("/tokens/1/revoke", form).location == "/"


def test_a_password_says_when_it_was_last_used(app, browser, view):
    password = make(browser, view).html.select_one("#password")["value"]
    assert browser.get(view).html.select_one(".table__last").text == "Never used"

    Spreadsheet(app, password).ask("/feeds/payments.csv")

    assert browser.get(view).html.select_one(".table__last").text == "Last used 2 Mar 2026, 09:30"


def test_the_passwords_of_another_user_are_not_shown(app, browser, view):
    make(browser, view)
    a_user("bob@example.com", Role.ADMIN, "Bob", QUICK_HASH)
    bob = Browser(app)
    bob.sign_in("bob@example.com")

    assert "Your passwords for Excel" not in bob.get("/excel")


def test_the_list_of_invoices_leads_to_the_view_that_it_shows(browser, view):
    an_invoice()

    late, all_of_them = browser.get("/invoices?status=overdue"), browser.get("/invoices?all=yes")

    assert late.html.find("a", string="Use in Excel")["href"] == "/views/1/excel"
    assert all_of_them.html.find("a", string="Use in Excel")["href"] == "/excel"


def test_a_view_can_be_saved_and_used_in_excel_at_once(browser):
    an_invoice()
    form = next(form for form in browser.get("/invoices?status=overdue").forms.values() if form.action == "/views")
    form["name"] = "Late"

    assert form.submit("excel").location.endswith("/views/1/excel")


def test_a_view_remembers_how_its_amounts_were_written(browser):
    form = {"csrf_token": browser.csrf_token(), "name": "Large", "parameters": "least=1.000,50"}

    browser.post("/views", form, headers={"Accept-Language": "de-DE"})

    assert tables.SavedViewModel.get().locale == "de_DE"


def test_a_token_with_feeds_and_more_is_refused(browser):
    form = browser.get("/tokens").forms[1]
    form["name"], form["right:read"], form["right:feeds"] = "Both", True, True

    page = form.submit(expect_errors=True)

    assert "A token with the right to feeds has no other right: make a second one for the rest." in page
    assert tables.ApiTokenModel.select().count() == 0


def test_a_token_with_feeds_for_longer_than_a_year_is_refused(browser):
    form = browser.get("/tokens").forms[1]
    form["name"], form["right:feeds"], form["days"] = "Long", True, "366"

    assert "A token with the right to feeds lasts 365 days at most." in form.submit(expect_errors=True)
