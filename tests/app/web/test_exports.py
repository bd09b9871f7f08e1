"""Exports: lists as files that a program opens safely and an import reads without loss."""

import csv
import io
from datetime import date

import pytest
from openpyxl import load_workbook
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import an_importer, meaning, say_nothing

from app.store import tables
from app.workbook.preview import Choices


@pytest.fixture
def ledger(sqlite):
    """Two customers, texts that look like formulas, several payments, a void invoice."""
    hostile = a_customer("=C1", "=HYPERLINK(1)", terms_days=14, email="a@example.com")
    plain = a_customer("C2", "Miller & Co")
    first = an_invoice("0017", hostile, total_cents=100_00, reference="@ref", notes="+1\nsecond line", disputed=True)
    a_payment(first, 30_00, method="Card")
    a_payment(first, 20_50, paid_on=date(2026, 1, 20), reference="-7")
    return first, an_invoice("2", plain, total_cents=75_25, ledger="Branch North", currency="EUR")


def rows(answer, tab="Invoices"):
    sheet = load_workbook(io.BytesIO(answer.body))[tab]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_list_of_invoices_has_its_customers_and_payments_beside_it(browser, ledger):
    answer = browser.get("/invoices.xlsx?q=0017")

    head, row = rows(answer)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoices-2026-03-02.xlsx"'
    assert dict(zip(head, row, strict=True))["Invoice No"] == "0017"
    assert row[-4:] == [50.5, 49.5, "Overdue", 30]
    assert head[-4:] == [f"As of 2026-03-02: {what}" for what in ("paid", "left", "standing", "late")]
    assert len(rows(answer, "Payments")) == 3
    assert [row[0] for row in rows(answer, "Customers")] == ["Customer ID", "=C1"]


def test_no_text_of_an_export_is_a_formula(browser, ledger):
    book = load_workbook(io.BytesIO(browser.get("/invoices.xlsx").body))

    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_texts_that_a_spreadsheet_would_run_are_guarded_in_csv(browser, ledger):
    answer = browser.get("/invoices.csv?q=0017")

    _, row = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert row[:3] == ["0017", "'=C1", "'=HYPERLINK(1)"]
    assert "'+1\nsecond line" in row


@pytest.mark.parametrize("path", ["/invoices.xlsx", "/invoices.xlsx?sort=total", "/export.xlsx"])
def test_an_export_that_is_imported_again_changes_nothing(browser, ledger, tmp_path, path):
    file = tmp_path / "again.xlsx"
    file.write_bytes(browser.get(path).body)

    examined = an_importer(tmp_path).examine(file, Choices(), say_nothing)

    assert (examined.preview.writes, examined.preview.problems, examined.preview.questions) == (0, (), ())


def test_an_export_brings_everything_back_into_an_empty_app(browser, ledger, tmp_path):
    file = tmp_path / "again.xlsx"
    file.write_bytes(browser.get("/invoices.xlsx").body)
    before = meaning()
    for table in (tables.Payment, tables.Invoice, tables.Customer):
        table.delete().execute()

    importer = an_importer(tmp_path)
    examined = importer.examine(file, Choices(), say_nothing)
    importer.apply_file(file, examined, Choices(), None, say_nothing)

    assert meaning() == before


def test_those_picked_are_exported(browser, ledger):
    page = browser.get("/invoices?all=yes")
    form = next(form for form in page.forms.values() if form.action == "/invoices/bulk")
    form[f"pick:{ledger[1].id}"] = True

    answer = form.submit("action", value="xlsx")

    assert [row[0] for row in rows(answer)] == ["Invoice No", "2"]


def test_payments_are_exported_as_listed_without_voided_ones(browser, ledger):
    a_payment(ledger[1], 5_00, voided_at=tables.Payment.get().recorded_at)

    answer = browser.get("/payments.xlsx?voided=yes")

    found = [[row[0], row[1], row[2].date().isoformat(), row[3]] for row in rows(answer, "Payments")[1:]]
    assert found == [["0017", "=C1", "2026-01-20", 20.5], ["0017", "=C1", "2026-01-15", 30]]


def test_a_filter_that_cannot_be_read_exports_nothing(browser, ledger):
    answer = browser.get("/invoices.csv?least=ten", expect_errors=True)

    assert answer.status_int == 400
    assert "Least: “ten” is not an amount" in answer.text
