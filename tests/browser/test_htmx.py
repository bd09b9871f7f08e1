"""What htmx asks for in the background is seen to fail when it fails."""

import pytest


@pytest.mark.browser
def test_a_search_that_is_refused_says_so_beside_its_field_and_keeps_what_was_typed(open_page):
    with open_page() as page:
        page.goto("/invoices")
        search = page.get_by_label("Search")
        search.fill("x" * 201)
        page.get_by_text("Please use at most 200 characters.").wait_for()

        assert search.input_value() == "x" * 201

        search.fill("")
        page.get_by_text("Please use at most 200 characters.").wait_for(state="detached")
        assert search.get_attribute("aria-invalid") is None


@pytest.mark.browser
def test_a_page_that_breaks_in_the_background_is_shown_as_it_would_be_otherwise(open_page):
    with open_page() as page:
        page.goto("/invoices")
        page.route(
            "**/invoices?*", lambda route: route.fulfill(status=500, body="<main id='main'>Something broke.</main>")
        )
        page.get_by_label("Search").fill("x")

        page.get_by_text("Something broke.").wait_for()
