"""What axe finds on each page with everything unfolded, as a table."""

from support.axe import UNFOLD, counts_by_severity
from support.pages import PAGES

LOOKS = [(width, theme) for width in (390, 1440) for theme in ("light", "dark")]
SEVERITIES = ("critical", "serious", "moderate", "minor")


def counted(page, preview):
    """Return the counts by severity for each page and look; the preview is that of an import."""
    found = {}
    for path in [*PAGES, preview]:
        page.goto(path)
        page.evaluate(UNFOLD)
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            found[path, width, theme] = counts_by_severity(page)
    return found


def table(found):
    """Return the table in Markdown, with a line for each page and one for all."""
    head = [f"{width} px, {theme}" for width, theme in LOOKS]
    lines = ["| page | " + " | ".join(head) + " |", "|---" * (len(LOOKS) + 1) + "|"]
    for path in dict.fromkeys(path for path, _, _ in found):
        cells = [_in_words(found[path, width, theme]) for width, theme in LOOKS]
        lines.append(f"| `{path}` | " + " | ".join(cells) + " |")
    every = sum((counts.total() for counts in found.values()), 0)
    return "\n".join([*lines, "", f"{every} findings in {len(found)} looks at {len(found) // len(LOOKS)} pages."])


def _in_words(counts):
    return ", ".join(f"{counts[one]} {one}" for one in SEVERITIES if counts[one]) or "0"
