"""A bookkeeper imports a workbook: upload, questions, preview, apply, provenance, undo."""

import io
import re
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

HEADERS = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount", "Paid", "Date Paid"]
CLEAN = {
    "Branch North": [
        HEADERS,
        ["N-1", "Miller & Co", "2026-01-10", "2026-02-10", 100, 100, "2026-02-01"],
        ["N-2", "Nguyen", "2026-01-12", "2026-02-12", 250.5, 0, None],
    ]
}
UNCLEAR = {
    "Branch South": [
        HEADERS,
        ["S-1", "Miller & Co", "03/04/2026", "13/05/2026", 100, 0, None],
        ["S-2", "Nguyen", "05/04/2026", "14/05/2026", "abc", 0, None],
    ]
}


@pytest.fixture
def workbook():
    """Make an uploadable file of the tabs."""

    def made(tabs, name):
        book = Workbook()
        book.remove(book.active)
        for title, rows in tabs.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        content = io.BytesIO()
        book.save(content)
        return {"name": name, "mimeType": "application/octet-stream", "buffer": content.getvalue()}

    return made


def upload(page, file):
    page.goto("/imports")
    page.get_by_label("Workbook").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()


def outstanding(page):
    page.goto("/")
    text = page.locator("dt", has_text="Outstanding").locator("xpath=following-sibling::dd").first.inner_text()
    return Decimal(text.split()[0].replace(",", ""))


@pytest.mark.browser
@pytest.mark.parametrize("with_javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_bookkeeper_uploads_previews_applies_and_undoes_a_workbook(open_page, workbook, with_javascript):
    with open_page(java_script_enabled=with_javascript) as page:
        before = outstanding(page)
        upload(page, workbook(CLEAN, "north.xlsx"))
        page.get_by_role("button", name=re.compile("^Import .* invoices")).first.click()
        page.get_by_text("Undo this import").wait_for()
        assert outstanding(page) == before + Decimal("250.50")

        page.goto("/invoices?q=N-2")
        page.get_by_role("link", name="N-2").click()
        page.get_by_role("link", name="north.xlsx, Branch North, row 3").first.click()
        page.get_by_role("heading", name="Branch North, row 3").wait_for()

        page.get_by_text("Undo this import").click()
        page.get_by_role("button", name="Undo the import of north.xlsx").click()
        page.get_by_text("everything that this import added was removed").wait_for()
        assert outstanding(page) == before


@pytest.mark.browser
def test_a_bookkeeper_answers_a_question_takes_the_marked_copy_and_imports_the_good_rows(open_page, workbook):
    with open_page() as page:
        upload(page, workbook(UNCLEAR, "south.xlsx"))
        page.get_by_role("cell", name="3 April 2026").wait_for()
        assert page.get_by_role("cell", name="4 March 2026").is_visible()
        page.get_by_role("radio", name="Day first").check()
        page.get_by_role("button", name="Answer and read again").click()

        page.get_by_role("cell", name="E3 says 'abc', which is not an amount.").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download your workbook with the problems marked").click()
        marked = load_workbook(io.BytesIO(download.value.path().read_bytes()))
        assert marked["Branch South"]["E3"].comment.text == "E3 says 'abc', which is not an amount."
        assert [cell.value for cell in marked["Errors"][2]] == [
            "Branch South",
            "E3",
            "E3 says 'abc', which is not an amount.",
        ]

        page.get_by_role("button", name="Import the good rows only").first.click()
        page.get_by_text("Undo this import").wait_for()
        assert page.get_by_role("link", name="Invoice S-1", exact=True).is_visible()


@pytest.mark.browser
def test_a_file_that_is_no_workbook_is_refused_beside_its_field(open_page):
    with open_page() as page:
        upload(page, {"name": "notes.xlsx", "mimeType": "application/octet-stream", "buffer": b"just some text"})

        assert page.get_by_role("alert").inner_text() == (
            "notes.xlsx: This is not an Excel workbook, but a text without columns: upload an .xlsx or .xlsm file, or "
            "a list whose columns are separated by commas, semicolons or tabs (.csv, .tsv)."
        )


@pytest.mark.browser
def test_the_meaning_of_a_column_can_be_changed_and_is_remembered(open_page, workbook):
    tabs = {
        "Branch West": [
            ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount", "Our code"],
            ["W-1", "Nguyen", "2026-01-10", "2026-02-10", 10, "PO 77"],
        ]
    }
    with open_page() as page:
        upload(page, workbook(tabs, "west.xlsx"))
        page.locator("form summary", has_text="Branch West").click()
        page.get_by_label("Column F is read as").select_option("reference")
        page.get_by_role("button", name="Read again this way").click()
        page.get_by_role("button", name=re.compile("^Import .* invoice")).first.wait_for()

        upload(page, workbook(tabs, "west-again.xlsx"))
        page.get_by_role("button", name=re.compile("^Import .* invoice")).first.wait_for()
        page.locator("form summary", has_text="Branch West").click()
        assert page.get_by_label("Column F is read as").input_value() == "reference"
