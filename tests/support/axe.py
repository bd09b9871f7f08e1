"""What axe-core finds on a page."""

from collections import Counter

from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe

SERIOUS = {"serious", "critical"}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = DEFAULT_OPTIONS | {"runOnly": {"type": "tag", "values": STANDARDS}}
# The dark theme changes nothing but colours.
COLOURS_ALONE = DEFAULT_OPTIONS | {"runOnly": {"type": "tag", "values": ["cat.color"]}}


UNFOLD = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"


def counts_by_severity(page):
    """How many findings axe has on the page, of any severity: rules, and not the elements that break each."""
    return Counter(one["impact"] for one in Axe().run(page, options=OPTIONS).response["violations"])


def violations(page, options=OPTIONS):
    """What axe finds on the page, as sentences that name the rule and the elements."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {one['id']} at {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def violations_everywhere(page):
    """What axe finds on the page on a telephone and on a desk, and by its colours in the dark."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    found = [f"on a telephone: {one}" for one in violations(page)]
    page.set_viewport_size({"width": 1440, "height": 900})
    found += violations(page)
    page.emulate_media(color_scheme="dark")
    return found + [f"in the dark: {one}" for one in violations(page, COLOURS_ALONE)]
