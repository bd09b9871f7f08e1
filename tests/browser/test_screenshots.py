"""The pictures of the documentation, taken of the product itself."""

import os
from pathlib import Path

import pytest

SHOTS = [
    ("dashboard", "/", {}),
    ("dashboard-dark", "/", {"color_scheme": "dark"}),
    ("dashboard-phone", "/", {"viewport": {"width": 390, "height": 844}}),
    ("invoices", "/invoices?status=outstanding", {}),
    ("import", "/imports/1", {}),
]


@pytest.mark.browser
@pytest.mark.parametrize(("name", "path", "options"), SHOTS, ids=[name for name, _, _ in SHOTS])
def test_a_picture_of_the_page_can_be_taken(open_page, tmp_path, name, path, options):
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    with open_page(**{"viewport": {"width": 1200, "height": 800}, **options}) as page:
        page.goto(path)
        page.screenshot(path=folder / f"{name}.png")

    assert (folder / f"{name}.png").stat().st_size > 10_000
