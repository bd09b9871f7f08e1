"""Columns of a workbook that nobody knows are shown, found, filtered, changed and exported."""

import io
import re

import pytest
from openpyxl import load_workbook
from support.browser import QUICK_HASH, Browser
from support.records import a_customer, a_user, an_invoice

from app.domain.permissions import Role
from app.store.db import tables


@pytest.fixture
def acme(sqlite):
    return a_customer("C1", "Acme", own_fields={"District": "North"})


@pytest.fixture
def invoice(acme):
    return an_invoice("1001", acme, own_fields={"Salesman": "Bob & Co", "Story": "first\nsecond"})


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("</header>")[1]).split())


def edit_form(browser, path):
    page = browser.get(f"{path}/edit")
    return next(form for form in page.forms.values() if form.action.endswith("/edit"))


def found(page):
    return [link.get_text() for link in page.html.select('tbody a[href^="/invoices/"]')]


def test_the_page_of_an_invoice_shows_its_own_fields_under_their_headings(browser, invoice):
    page = browser.get("/invoices/1")

    assert "More columns of your workbook Salesman Bob &amp; Co Story first second" in words(page)


def test_a_value_leads_to_all_invoices_that_have_it(browser, invoice):
    an_invoice("1002", own_fields={"Salesman": "Bob & Co", "District": "x"})
    an_invoice("1003", own_fields={"Salesman": "Bob & Co."})

    page = browser.get("/invoices/1").click(href="field=Salesman")

    assert sorted(found(page)) == ["1001", "1002"]
    assert "Only invoices of which Salesman says Bob &amp; Co." in words(page)
    assert sorted(found(page.click("Show others too"))) == ["1001", "1002", "1003"]


def test_a_heading_alone_asks_for_all_invoices_that_have_the_column(browser, invoice):
    an_invoice("1002", own_fields={"District": "x"})

    page = browser.get("/invoices?field=Salesman")

    assert found(page) == ["1001"]
    assert "Only invoices of which Salesman says anything." in words(page)


def test_the_filter_stays_while_the_list_is_searched_and_ordered(browser, invoice):
    an_invoice("1002", own_fields={"Salesman": "Ann"})
    page = browser.get("/invoices?field=Salesman&value=Ann")

    assert found(page.click("Number")) == ["1002"]
    form = next(form for form in page.forms.values() if "q" in form.fields)
    form["q"] = "100"
    assert found(form.submit().follow()) == ["1002"]


def test_invoices_and_customers_are_found_by_what_their_own_fields_say(browser, invoice):
    an_invoice("1002", own_fields={"Salesman": "Ann"})
    a_customer("C2", "Bolt", own_fields={"District": "South"})

    assert found(browser.get("/invoices?q=bob")) == ["1001"]
    assert "Acme" not in words(browser.get("/customers?q=south"))
    assert "Bolt" in words(browser.get("/customers?q=south"))


def test_own_fields_are_changed_taken_away_and_added(browser, invoice):
    form = edit_form(browser, "/invoices/1")
    form["own_text:0"], form["own_text:1"] = "Ann", ""
    form["own_name:2"], form["own_text:2"] = " Project  No ", "7"

    page = form.submit().follow()

    assert tables.InvoiceModel.get().own_fields == {"Salesman": "Ann", "Project No": "7"}
    told = [one.get_text() for one in page.html.select(".audit-messages__change")]
    assert told == ["Project No: nothing → 7", "Salesman: Bob & Co → Ann", "Story: first\nsecond → nothing"]


def test_the_own_fields_of_a_customer_are_shown_and_changed(browser, acme):
    assert "More columns of your workbook District North" in words(browser.get("/customers/1"))
    form = edit_form(browser, "/customers/1")
    form["own_text:0"] = "South"

    form.submit(status=303)

    assert tables.CustomerModel.get().own_fields == {"District": "South"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Another column : Please say what the column is called."),
        ("Salesman", "Salesman : There is a column of that name already."),
    ],
)
def test_what_is_wrong_with_an_own_field_is_said_and_what_was_typed_stays(browser, invoice, name, sentence):
    form = edit_form(browser, "/invoices/1")
    form["own_text:0"], form["own_name:2"], form["own_text:2"] = "Ann", name, "typed"

    page = form.submit(status=422)

    assert sentence in words(page)
    again = next(form for form in page.forms.values() if form.action.endswith("/edit"))
    assert (again["own_text:0"].value, again["own_text:2"].value) == ("Ann", "typed")


def test_whoever_was_slower_sees_which_own_field_the_other_saved(browser, acme):
    slower, faster = edit_form(browser, "/customers/1"), edit_form(browser, "/customers/1")
    faster["own_text:0"] = "South"
    faster.submit(status=303)
    slower["own_text:0"] = "West"

    page = slower.submit(status=409)

    assert "District South West" in words(page)
    assert tables.CustomerModel.get().own_fields == {"District": "South"}


def test_an_export_has_a_column_for_each_own_field(browser, invoice, acme):
    an_invoice("1002", acme, own_fields={"District": "West"})

    sheets = load_workbook(io.BytesIO(browser.get("/invoices.xlsx?sort=number").body))

    rows = [[cell.value for cell in row] for row in sheets["Invoices"].iter_rows()]
    assert [row[14:17] for row in rows] == [
        ["Salesman", "Story", "District"], ["Bob & Co", "first\nsecond", None], [None, None, "West"],
    ]  # fmt: skip
    assert [cell.value for cell in sheets["Customers"][1]][-1] == "District"


def test_nobody_finds_by_its_own_fields_what_their_scope_leaves_out(app, invoice):
    other = a_customer("C2", "Bolt", own_fields={"District": "North"})
    an_invoice("2001", other, own_fields={"Salesman": "Bob & Co"})
    a_user("bob@example.com", Role.VIEWER, "Bob", QUICK_HASH)
    tables.UserModel.update(is_scoped=True).execute()
    tables.ScopeModel.create(user=tables.UserModel.get(), customer=other)
    scoped = Browser(app)
    scoped.sign_in("bob@example.com")

    assert found(scoped.get("/invoices?q=bob")) == ["2001"]
    assert found(scoped.get("/invoices?field=Salesman&value=Bob+%26+Co")) == ["2001"]
    assert "Acme" not in words(scoped.get("/customers?q=north"))
