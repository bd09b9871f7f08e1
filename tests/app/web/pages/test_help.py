"""The keys are listed on every page, and on a page of their own."""

import re


def test_the_keys_have_a_page_of_their_own(browser):
    page = browser.get("/invoices").click("Keyboard")

    assert page.request.path == "/help"
    assert "these keys" in page.text


def test_each_key_of_the_frame_leads_somewhere_that_the_sheet_names(browser):
    page = browser.get("/help").text

    keys = set(re.findall(r'data-key="([^"]+)"', page))

    assert keys == {"/", "?", "r", "g d", "g i", "g p", "g c", "g m", "g u", "g a", "g s"}
    for key in keys:
        assert " ".join(f"<kbd>{one}</kbd>" for one in key.split()) in page
