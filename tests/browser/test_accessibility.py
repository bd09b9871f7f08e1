"""No page keeps anybody out: axe-core finds nothing serious, and nothing is wider than a telephone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from support.pages import PAGES

SERIOUS = {"serious", "critical"}


def violations(page):
    """What axe finds on the page, as sentences that name the rule and the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {one['id']} at {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(open_page, theme):
    found = []
    with open_page(color_scheme=theme) as page:
        for path in PAGES:
            page.goto(path)
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
            found += violations(page)
        page.keyboard.press("Shift+?")
        found += violations(page)
        page.context.clear_cookies()
        page.goto("/sign-in")
        found += violations(page)

    assert found == []


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_a_preview(open_page, preview):
    with open_page() as page:
        preview(page)

        assert violations(page) == []


@pytest.mark.browser
def test_nothing_is_wider_than_a_telephone(open_page, preview):
    too_wide = []
    with open_page(viewport={"width": 360, "height": 740}) as page:
        for path in PAGES:
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth") > 360:
                too_wide.append(path)
        preview(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 360

    assert too_wide == []


@pytest.mark.browser
def test_nothing_to_press_is_smaller_than_a_fingertip(open_page):
    """24 pixels: a target's own height, or its distance to the next where it stands in a line of text or of a table."""
    small = []
    with open_page(viewport={"width": 360, "height": 740}) as page:
        for path in PAGES:
            page.goto(path)
            small += [f"{path}: {one}" for one in page.evaluate(SMALL_TARGETS)]

    assert small == []


SMALL_TARGETS = """() => [...document.querySelectorAll("button, summary, select, nav a, footer a, td a, input")]
  .filter((one) => one.type !== "hidden")
  .filter((one) => one.checkVisibility())
  .filter((one) => !["checkbox", "radio"].includes(one.type) || !one.closest("label, td"))
  .filter((one) => Math.max(one.getBoundingClientRect().height, one.closest("td")?.offsetHeight || 0) < 24)
  .map((one) => one.outerHTML.slice(0, 80))"""
