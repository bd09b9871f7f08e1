"""docs/quality.md, written by `make quality`."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
_TEXT = """\
# Quality of the pages

Measured and written by `make quality`, with the made-up workbook that `make run` shows, by Debian's Chromium on the
machine that serves it. Measure again after a change of templates, styles or scripts; it takes about five minutes.

## What axe finds

axe-core looks for what WCAG 2.2 asks at levels A and AA and for what it calls best practice, with every part of the
page unfolded. A number counts the rules that are broken, by how much they keep people out.
`tests/browser/test_accessibility.py` fails where one is serious or critical.

{axe}

## What Lighthouse says

Points out of 100, and the figures behind them: largest contentful paint (LCP), cumulative layout shift (CLS) and
total blocking time (TBT). "A telephone" is a slow one on a slow network, as Lighthouse emulates it. Files are sent here
as they are; on a server the proxy compresses them. Search engines have no part in it: every page is behind a sign-in.

{lighthouse}
"""


def write_page(axe: str, lighthouse: str) -> None:
    """Write the tables between what explains them."""
    PAGE.write_text(_TEXT.format(axe=axe, lighthouse=lighthouse), encoding="utf-8")
