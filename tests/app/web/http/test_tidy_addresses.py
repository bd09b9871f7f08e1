"""An address is as short as it can be: a bookmark shows the day on which it is opened."""

import pytest


@pytest.mark.parametrize(
    ("asked", "tidy"),
    [
        ("/?as_of=2026-03-02", "/"),
        ("/invoices?q=acme&status=&as_of=2026-03-02&bucket=", "/invoices?q=acme"),
        ("/invoices?q=&status=&all=yes", "/invoices?all=yes"),
        ("/customers?q=&as_of=2026-02-28", "/customers?as_of=2026-02-28"),
    ],
)
def test_what_is_empty_and_today_s_day_are_left_out(browser, asked, tidy):
    assert browser.get(asked).location == tidy


@pytest.mark.parametrize("asked", ["/", "/?as_of=2026-03-01", "/invoices?all=yes", "/payments?q=acme"])
def test_a_tidy_address_is_answered_as_it_is(browser, asked):
    assert browser.get(asked).status_int == 200


def test_a_search_that_goes_on_takes_the_place_of_its_beginning(browser):
    asked = {"HX-Request": "true", "HX-Target": "results"}

    begun = browser.get("/invoices?q=g&status=", headers={**asked, "HX-Current-URL": "http://localhost/invoices"})
    goes_on = browser.get("/invoices?q=gr", headers={**asked, "HX-Current-URL": "http://localhost/invoices?q=g"})

    assert begun.headers["HX-Push-Url"] == "/invoices?q=g"
    assert goes_on.headers["HX-Replace-Url"] == "/invoices?q=gr"
