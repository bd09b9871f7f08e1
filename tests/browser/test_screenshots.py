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


@pytest.fixture
def folder(tmp_path):
    return Path(os.environ.get("SCREENSHOTS", tmp_path))


@pytest.mark.browser
@pytest.mark.parametrize(("name", "path", "options"), SHOTS, ids=[name for name, _, _ in SHOTS])
def test_a_picture_of_the_page_can_be_taken(open_page, folder, name, path, options):
    with open_page(**{"viewport": {"width": 1200, "height": 800}, **options}) as page:
        page.goto(path)
        page.screenshot(path=folder / f"{name}.png")

    assert (folder / f"{name}.png").stat().st_size > 10_000


@pytest.mark.browser
def test_a_picture_of_a_preview_can_be_taken(open_page, preview, folder):
    with open_page(viewport={"width": 1200, "height": 1000}) as page:
        preview(page)
        page.screenshot(path=folder / "preview.png")

    assert (folder / "preview.png").stat().st_size > 10_000
