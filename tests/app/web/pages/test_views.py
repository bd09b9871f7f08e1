"""Saved views: named filters of one user, of which one opens the list."""

import pytest
from support.browser import PASSWORD, Browser
from support.records import a_customer, a_user, an_invoice

from app.domain.permissions import Role
from app.store.db import tables


@pytest.fixture
def save(browser):
    def saved(query, name, **fields):
        page = browser.get(f"/invoices?{query}")
        form = next(form for form in page.forms.values() if form.action == "/views")
        form["name"] = name
        for field, text in fields.items():
            form[field] = text
        return form.submit(expect_errors=True)

    return saved


def names(browser):
    return [link.get_text(strip=True) for link in browser.get("/views").html.select("tbody td:first-child a")]


def test_a_view_keeps_what_the_list_asks_for(browser, save):
    an_invoice()

    page = save("status=overdue&least=10.00&sort=-total&page=1", "Large and late").follow()

    assert page.request.path_qs == "/invoices?status=overdue&least=10.00&sort=-total"
    assert page.html.select_one(".views [aria-current]").get_text() == "Large and late"


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("q=grani&status=overdue", "“grani”, overdue"),
        ("bucket=over_90&ledger=Invoices&currency=USD", "over 90 days late, ledger Invoices, in USD"),
        ("due_from=2026-02-01&least=1000&disputed=yes", "due from 1 Feb 2026, total from 1,000.00, disputed"),
        ("issued_in=this+month", "issued this month"),
        ("customer=1", "invoices of Acme"),
    ],
)
def test_what_a_view_asks_for_is_told_in_words(browser, save, query, filters):
    an_invoice("1001", a_customer("C1", "Acme"))
    save(query, "Mine")

    assert browser.get("/views").html.select_one("td.table__below").text == filters


def test_the_default_view_opens_the_list_and_all_can_still_be_seen(browser, save):
    save("status=overdue", "Late", default=True)

    assert browser.get("/invoices").location.endswith("/invoices?status=overdue")
    assert browser.get("/invoices?all=yes").status_int == 200


def test_a_view_can_stop_opening_the_list(browser, save):
    save("status=overdue", "Late", default=True)
    page = browser.get("/views")

    next(form for form in page.forms.values() if form.action.endswith("/default")).submit()

    assert browser.get("/invoices").status_int == 200


def test_a_view_that_does_not_exist_leaves_the_default_as_it_is(browser, save):
    save("status=overdue", "Late", default=True)

    browser.post("/views/99/default", {"csrf_token": browser.csrf_token(), "default": "yes"}, status=404)

    assert browser.get("/invoices").location.endswith("/invoices?status=overdue")


def test_a_name_is_taken_once(browser, save):
    save("status=overdue", "Late")

    page = save("status=paid", "Late")

    assert page.status_int == 422
    assert "You have a view called Late already." in page.text
    assert names(browser) == ["Late"]


def test_a_view_can_be_renamed_and_deleted(browser, save):
    save("status=overdue", "Late")
    rename = next(form for form in browser.get("/views").forms.values() if form.action == "/views/1")
    rename["name"] = "Overdue"
    rename.submit()
    assert names(browser) == ["Overdue"]

    next(form for form in browser.get("/views").forms.values() if form.action.endswith("/delete")).submit()

    assert names(browser) == []


def test_nobody_sees_or_touches_the_views_of_another(app, browser, save):
    save("status=overdue", "Late")
    a_user("bob@example.com", Role.ADMIN, "Bob", tables.UserModel.get().password_hash)
    bob = Browser(app)
    bob.sign_in("bob@example.com", PASSWORD)

    assert names(bob) == []
    token = {"csrf_token": bob.csrf_token()}
    for path in ("/views/1/delete", "/views/1/default", "/views/1"):
        assert bob.post(path, {**token, "name": "x", "default": "yes"}, expect_errors=True).status_int == 404
    assert names(browser) == ["Late"]


def test_parameters_that_mean_nothing_are_not_kept(browser):
    form = {"csrf_token": browser.csrf_token(), "name": "Odd", "parameters": "status=overdue&evil=1&as_of=2020-01-01"}

    assert browser.post("/views", form).location.endswith("/invoices?status=overdue")
