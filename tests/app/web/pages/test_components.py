"""The page of components is for whoever works on them, and for nobody else."""

from urllib.parse import urlsplit

import pytest
from support.browser import Browser

from app.web.application import build


def test_every_component_is_shown_on_this_machine(browser):
    page = browser.get("/components")

    for heading in ("Badges", "Figures", "Charts", "Table", "Facts", "Notes and empty states", "Actions", "Form"):
        assert f"<h2>{heading}</h2>" in page.text


@pytest.mark.parametrize(
    "address", ["https://invoices.example.com", "http://192.0.2.7:8000", "http://localhost.example"]
)
def test_there_is_no_such_page_where_others_work(settings, clock, user, address):
    elsewhere = build(settings.model_copy(update={"public_url": address}), clock)

    assert "/components" not in {route.rule for route in elsewhere.routes}
    there = Browser(elsewhere, extra_environ={"HTTP_HOST": urlsplit(address).netloc})
    assert there.get("/components", expect_errors=True).status_int == 404
