"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe

SERIOUS = {"serious", "critical"}
# The dark theme changes nothing but colours.
COLOURS_ALONE = DEFAULT_OPTIONS | {"runOnly": {"type": "tag", "values": ["cat.color"]}}


def violations(page, options=DEFAULT_OPTIONS):
    """What axe finds on the page, as sentences that name the rule and the elements."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {one['id']} at {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def violations_in_both_themes(page):
    """What axe finds on the page in the light, and by its colours in the dark."""
    page.emulate_media(color_scheme="light")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    return found + [f"in the dark: {one}" for one in violations(page, COLOURS_ALONE)]
