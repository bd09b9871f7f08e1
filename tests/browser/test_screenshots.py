"""The pictures of the documentation, taken of the product itself."""

import io
import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

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
def test_a_picture_of_a_preview_can_be_taken(open_page, server, folder):
    """The workbook of the demo, as it comes back next month: edits, a new invoice, a slip of the keyboard."""
    book = load_workbook(io.BytesIO((server.data_dir / "imports/1/workbook").read_bytes()))
    invoices = book["Invoices"]
    invoices["E30"].value = 1_250
    invoices["G41"].value = "Yes"
    invoices["E52"].value = "12o.50"
    invoices.insert_rows(244)
    for column, value in enumerate(["NEW-1", invoices["B5"].value, "2026-03-02", "2026-04-01", 480], start=1):
        invoices.cell(244, column).value = value
    content = io.BytesIO()
    book.save(content)

    with open_page(viewport={"width": 1200, "height": 1000}) as page:
        page.goto("/imports")
        page.get_by_label("Workbook").set_input_files(
            {"name": "receivables-march.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
        )
        page.get_by_role("button", name="Upload and check").click()
        page.get_by_role("heading", name="Problems").wait_for()
        page.screenshot(path=folder / "preview.png")

    assert (folder / "preview.png").stat().st_size > 10_000
