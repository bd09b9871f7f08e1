"""A sample to try and a template to fill in: both are imported without a question."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.workbooks import an_importer, apply, choices, in_excel, say_nothing

from app.store.db.tables import CustomerModel, InvoiceModel, PaymentModel
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.writing.demo import sample
from app.workbook.writing.template import HEADINGS, template

TODAY = date(2026, 3, 2)
ROWS = {
    "Customers": ["C-1", "Acme", "books@acme.example", "555-0100", "1 Main St", 30],
    "Invoices": ["2026-001", "Acme", in_excel(2026, 2, 1), in_excel(2026, 3, 3), 120.5, "PO 7"],
    "Payments": ["2026-001", in_excel(2026, 2, 20), 20.5, "Card", "Bank 9"],
}


@pytest.fixture
def importer(sqlite, tmp_path):
    return an_importer(tmp_path / "data")


def stored(folder, content, rows=None):
    book = load_workbook(BytesIO(content))
    for tab, row in (rows or {}).items():
        book[tab].append(row)
    path = folder / "filled.xlsx"
    book.save(path)
    return path


def examined(importer, path):
    return importer.examine(path, choices(), say_nothing).preview


def test_the_sample_is_imported_without_a_question_and_gives_the_figures_that_it_shows(importer, tmp_path):
    book = load_workbook(BytesIO(sample(TODAY)))
    invoiced, paid = (
        next(row[place].value for row in book[tab] if row[0].value == "Total")
        for tab, place in (("Invoices", 4), ("Payments", 2))
    )

    preview = examined(importer, stored(tmp_path, sample(TODAY)))

    assert (preview.questions, preview.problems) == ((), ())
    (after,) = preview.figures.after
    assert after.outstanding - after.credit == round(100 * (invoiced - paid))
    assert preview.counts["new"] == sum(book[tab].max_row for tab in book.sheetnames) - 3 - 2 - 2
    assert after.overdue > 0


def test_the_sample_is_of_the_days_before_today():
    issued = [row[2].value for row in load_workbook(BytesIO(sample(TODAY)))["Invoices"].iter_rows(4)]

    days = [day.date() for day in issued if day]
    assert date(2026, 2, 20) < max(days) <= TODAY


def test_the_template_is_filled_in_and_imported_without_a_question(importer, tmp_path):
    path = stored(tmp_path, template(), ROWS)

    preview = examined(importer, path)
    apply(importer, path)

    assert (preview.questions, preview.problems) == ((), ())
    customer, invoice, payment = CustomerModel.get(), InvoiceModel.get(), PaymentModel.get()
    assert (customer.code, customer.name, customer.phone, customer.terms_days) == ("C-1", "Acme", "555-0100", 30)
    assert (customer.email, customer.address, customer.own_fields) == ("books@acme.example", "1 Main St", {})
    assert (invoice.number, invoice.due_on, invoice.total_cents) == ("2026-001", date(2026, 3, 3), 120_50)
    assert (invoice.customer_id, invoice.reference, invoice.own_fields) == (customer.id, "PO 7", {})
    assert (payment.paid_on, payment.amount_cents, payment.method) == (date(2026, 2, 20), 20_50, "Card")


def test_an_empty_template_is_refused_with_what_to_do(importer, tmp_path):
    with pytest.raises(WorkbookRefusedError, match="have headers but no rows: there is nothing to import"):
        examined(importer, stored(tmp_path, template()))


@pytest.mark.parametrize("tab", HEADINGS)
def test_the_headings_are_bold_and_stay_in_sight_below_a_line_of_help(tab):
    sheet = load_workbook(BytesIO(template()))[tab]

    assert [cell.value for cell in sheet[2]] == HEADINGS[tab]
    assert all(cell.font.bold for cell in sheet[2])
    assert sheet.freeze_panes == "A3"
    assert sheet["A1"].value.startswith("One row for each ")


def test_columns_of_days_and_amounts_are_formatted_before_anything_is_typed():
    columns = load_workbook(BytesIO(template()))["Invoices"].column_dimensions

    assert [columns[letter].number_format for letter in "CDE"] == ["yyyy-mm-dd", "yyyy-mm-dd", "#,##0.00"]


def test_the_page_on_importing_teaches_exactly_these_headings():
    page = (Path(__file__).parents[4] / "docs/importing.md").read_text()

    for tab, headings in HEADINGS.items():
        assert f"| {tab} | {', '.join(f'`{heading}`' for heading in headings)} |" in page
