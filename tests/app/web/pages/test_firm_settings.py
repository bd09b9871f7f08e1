"""An admin says once how the firm is called and reached, where it is paid, its currency and its time zone."""

import json
import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from support import command_line
from support.records import a_customer, an_invoice
from support.workbooks import workbook
from support.worker import a_worker
from webtest import Upload

from app.domain.firm import Firm
from app.store.access import audit_entries
from app.store.db.tables import InvoiceModel
from app.store.ledger import firm

ACME = {
    "name": "Acme & Sons Ltd",
    "address": "1 Main Street\nSpringfield",
    "email": "books@acme.example",
    "phone": "+1 555 0100",
    "bank_details": "Acme & Sons Ltd\nDE89 3704 0044 0532 0130 00",
    "currency": "EUR",
    "zone": "Europe/Berlin",
}
NOON_OF_1_MARCH = ["INV-1", "Miller & Co", "2026-03-01T12:00:00Z", "2026-04-01", 100]
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")
UNSAVED = Firm("USD", ZoneInfo("UTC"))


def save(browser, form=None, **values):
    form = form or browser.get("/settings").forms[1]
    for name, text in values.items():
        form[name] = text
    return form.submit(expect_errors=True)


def test_what_is_saved_stands_in_the_form(browser):
    assert "The settings were saved." in save(browser, **ACME).follow().text

    form = browser.get("/settings").forms[1]
    assert {name: form[name].value.replace("\r\n", "\n") for name in ACME} == ACME


def test_until_then_the_currency_and_the_time_zone_are_those_of_the_server(browser):
    form = browser.get("/settings").forms[1]

    assert (form["currency"].value, form["zone"].value, form["name"].value) == ("USD", "UTC", "")


def test_the_name_stands_at_the_top_of_each_page_and_in_its_title(browser):
    assert browser.get("/").html.select_one(".layout__brand").text == "Receivables"

    save(browser, name="Acme & Sons Ltd")

    page = browser.get("/invoices").html
    assert page.select_one(".layout__brand").text == "Acme & Sons Ltd"
    assert page.title.text == "Invoices · Acme & Sons Ltd"


@pytest.mark.parametrize("path", ["/", "/invoices", "/account", "/audit", "/imports", "/nowhere"])
def test_each_page_says_in_which_zone_its_times_are(browser, path):
    save(browser, zone="America/New_York")

    page = browser.get(path, expect_errors=True).html

    assert page.select_one(".layout__zone").text == "Times in America/New York"


def test_what_was_changed_is_recorded_as_it_was_and_as_it_is(browser):
    save(browser, bank_details="DE89 3704 0044 0532 0130 00")
    save(browser, bank_details="GB82 WEST 1234 5698 7654 32")

    latest, first = audit_entries.of_subject("firm:1")
    assert (first.before, first.after) == ({"bank_details": ""}, {"bank_details": "DE89 3704 0044 0532 0130 00"})
    assert latest.before == {"bank_details": "DE89 3704 0044 0532 0130 00"}
    text = browser.get("/audit").text
    assert "Ann edited the settings of the firm" in text
    assert "bank details: DE89 3704 0044 0532 0130 00 → GB82 WEST 1234 5698 7654 32" in text


def test_saving_the_same_again_records_nothing(browser):
    save(browser, **ACME)

    assert "Nothing was different." in save(browser).follow().text
    assert len(audit_entries.of_subject("firm:1")) == 1


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("email", "books", "An e-mail address has an @ in it."),
        ("currency", "ABC", "There is no currency ABC: write its code, such as USD."),
        ("currency", "", "Please fill this in."),
        ("zone", "Mars/Base", "Please choose one of the list."),
        ("zone", "../../etc/passwd", "Please choose one of the list."),
        ("name", "x" * 101, "Please use at most 100 characters."),
        ("bank_details", "x" * 501, "Please use at most 500 characters."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(browser, name, typed, sentence):
    form = browser.get("/settings").forms[1]
    if name == "zone":
        form["zone"].force_value(typed)
    else:
        form[name] = typed
    page = form.submit(expect_errors=True)

    assert page.status_int == 422
    assert page.html.select_one(f"#{name}-error").text == sentence
    assert firm.current(UNSAVED) == UNSAVED


def test_the_slower_of_two_sees_what_the_other_saved(browser):
    slower = browser.get("/settings").forms[1]
    save(browser, name="Acme", phone="1")

    page = save(browser, slower, name="Bolt", phone="1")

    assert page.status_int == 409
    assert "Ann saved the firm’s data on 2 Mar 2026, 09:30 while you were editing." in page.text
    row = page.html.select_one(".table--labelled tbody tr")
    assert [cell.get_text(strip=True) for cell in row.select("td")] == ["Acme", "Bolt"]
    assert firm.current(UNSAVED).name == "Acme"
    save(browser, page.forms[1])
    assert firm.current(UNSAVED).name == "Bolt"


def test_a_statement_is_sent_by_the_firm_and_says_where_to_pay(browser):
    save(browser, **ACME)
    customer = a_customer("C1", "Bolt")
    an_invoice("1001", customer)

    page = browser.get(f"/customers/{customer.id}/statement").html

    assert page.select_one(".statement__from").get_text("\n", strip=True).replace("\r", "") == (
        "Acme & Sons Ltd\n1 Main Street\nSpringfield\nbooks@acme.example\n+1 555 0100"
    )
    paid = page.select_one(".statement__pay").get_text("\n", strip=True).replace("\r", "")
    assert paid.endswith("Please pay to\nAcme & Sons Ltd\nDE89 3704 0044 0532 0130 00")


def test_a_statement_of_a_firm_that_said_nothing_has_no_empty_places(browser):
    page = browser.get(f"/customers/{a_customer().id}/statement").html

    assert page.select(".statement__from, .statement__pay") == []


def test_web_worker_and_commands_agree_on_currency_and_time_zone(sqlite_url, browser, settings, clock, tmp_path):
    """Whatever the time, it is another day in Kiritimati than where the server's setting has it."""
    save(browser, currency="SEK", zone="Pacific/Kiritimati")
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": sqlite_url, "TIME_ZONE": "Etc/GMT+12"}

    entered = browser.get("/invoices/new").html
    read = _read_by_the_worker(browser, a_worker(settings, clock), tmp_path)
    earliest = datetime.now(KIRITIMATI).date()
    reported = json.loads(command_line.run(environment, "report", "ageing", "--as-of", "2026-03-01", "--json").stdout)
    today = json.loads(command_line.run(environment, "report", "ageing", "--json").stdout)["as_of"]

    assert (entered.select_one("#currency")["value"], entered.select_one("#issued_on")["value"]) == (
        "SEK",
        "2026-03-02",
    )
    assert read == ("SEK", date(2026, 3, 2))
    assert reported["currency"] == "SEK"
    assert earliest <= date.fromisoformat(today) <= datetime.now(KIRITIMATI).date()


def _read_by_the_worker(browser, work_off, folder):
    """Import an invoice that names no currency and was issued at noon of 1 March in UTC."""
    rows = {"Invoices": [["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"], NOON_OF_1_MARCH]}
    form = browser.get("/imports").forms["upload"]
    form["workbook"] = Upload("ledger.xlsx", workbook(folder, rows).read_bytes())
    answer = form.submit()
    work_off()
    page = answer.follow()
    next(form for form in page.forms.values() if form.action.endswith("/apply")).submit()
    work_off()
    invoice = InvoiceModel.get()
    return invoice.currency, invoice.issued_on
