"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe

SERIOUS = {"serious", "critical"}


def violations(page):
    """What axe finds on the page, as sentences that name the rule and the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {one['id']} at {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]
