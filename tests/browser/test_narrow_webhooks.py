"""On a telephone no page of webhooks is wider than the screen."""

import pytest

pytestmark = pytest.mark.browser


def test_no_page_of_webhooks_is_wider_than_a_telephone(open_page):
    with open_page(viewport={"width": 390, "height": 844}) as page:
        wider = []
        for path in ("/webhooks", "/webhooks/deliveries"):
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth") > 390:
                wider.append(path)

    assert wider == []
