"""One search finds customers, invoices and payments, and says where all that match are listed."""

import pytest
from support.records import a_customer, a_payment, an_invoice


def found(browser, text):
    sections = browser.get("/search", {"q": text}).html.select("section")
    return {section.h2.get_text(): [row.a.get_text() for row in section.select("tbody tr")] for section in sections}


@pytest.fixture(autouse=True)
def granite(sqlite):
    customer = a_customer("C-77", "Granite Printing")
    invoice = an_invoice("2026-00216", customer, total_cents=452_91)
    a_payment(invoice, 40_00, reference="BANK-778")
    return customer


def test_a_name_finds_the_customer_with_all_that_is_theirs(browser):
    an_invoice("1", a_customer("D", "Somebody Else"))

    assert found(browser, "granite") == {
        "Customers": ["Granite Printing"],
        "Invoices": ["2026-00216"],
        "Payments": ["2026-00216"],
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("2026-00216", ["Invoices", "Payments"]),
        ("452.91", ["Invoices"]),
        ("40.00", ["Payments"]),
        ("bank-778", ["Payments"]),
        ("C-77", ["Customers", "Invoices", "Payments"]),
    ],
)
def test_numbers_amounts_references_and_codes_are_found(browser, text, kinds):
    assert list(found(browser, text)) == kinds


def test_ten_of_each_kind_are_shown_and_a_link_leads_to_all(browser, granite):
    for number in range(11):
        an_invoice(f"30-{number}", granite)

    page = browser.get("/search?q=30-")

    assert len(page.html.select("section tbody tr")) == 10
    assert page.click("All 11 invoices").request.path_qs == "/invoices?q=30-"


def test_a_search_that_finds_nothing_says_what_can_be_looked_for(browser):
    assert "Nothing matches “no such thing”." in browser.get("/search?q=no such thing").text


def test_the_search_is_led_to_from_every_page(browser):
    assert browser.get("/audit").click("Search").request.path == "/search"
