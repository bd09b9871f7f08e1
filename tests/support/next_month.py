"""The workbook of the demo as it comes back next month: edits, a new invoice, a slip of the keyboard."""

import io

from openpyxl import load_workbook


def upload_next_month(page, server):
    """Upload it in a browser, and wait for its preview."""
    first = min(server.data_dir.glob("imports/*/workbook"), key=lambda path: path.stat().st_mtime_ns)
    book = load_workbook(io.BytesIO(first.read_bytes()))
    invoices = book["Invoices"]
    invoices["E30"].value = 1_250
    invoices["G41"].value = "Yes"
    invoices["E52"].value = "12o.50"
    invoices.insert_rows(244)
    for column, value in enumerate(["NEW-1", invoices["B5"].value, "2026-03-02", "2026-04-01", 480], start=1):
        invoices.cell(244, column).value = value
    content = io.BytesIO()
    book.save(content)
    page.goto("/imports")
    page.get_by_label("Workbook").set_input_files(
        {"name": "receivables-march.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="Problems").wait_for()
