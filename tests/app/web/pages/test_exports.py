"""Exports: lists as files that a program opens safely and an import reads without loss."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from secrets import token_hex

import pytest
from openpyxl import load_workbook
from support.fields import all_that_is_said
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import an_importer, apply, choices, say_nothing, workbook

from app.actions import customers as customer_actions
from app.actions import imports as import_actions
from app.actions import invoices as invoice_actions
from app.actions import payments
from app.actions.imports import NotNowError
from app.domain.confirmation import Confirmation
from app.domain.invoice import InvoiceFacts
from app.domain.invoice_changes import StatusChange
from app.domain.payment_batch import PaymentBatch
from app.store.db import tables
from app.store.ledger import customers
from app.store.ledger.customers import Details
from app.store.ledger.invoice_changes import SeenVersion
from app.workbook.difference import Decisions, Resolution
from app.workbook.preview import Choices

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


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
    assert head[-4:] == [f"As of 2026-03-02: {what}" for what in ("paid", "left", "status", "late")]
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
    before = all_that_is_said()
    for table in (tables.PaymentModel, tables.InvoiceModel, tables.CustomerModel):
        table.delete().execute()

    importer = an_importer(tmp_path)
    examined = importer.examine(file, Choices(), say_nothing)
    import_actions.apply_file(importer, file, examined, Choices(), None, say_nothing)

    assert all_that_is_said() == before


@pytest.fixture
def busy_ledger(sqlite, tmp_path, user):
    """An imported workbook after everything that people can do to it in the app."""
    path = workbook(
        tmp_path,
        {
            "Customers": [["Customer ID", "Name"], ["C1", "Acme"], ["C2", "Bolt"], ["C3", "Cork"]],
            "Invoices": [
                ["Invoice No", "Customer ID", "Invoice Date", "Due Date", "Amount"],
                *[[f"A-{number}", "C1", date(2026, 1, 5), date(2026, 2, 4), 100] for number in range(1, 10)],
                ["B-1", "C2", date(2026, 1, 5), date(2026, 2, 4), 100],
            ],
            "Payments": [
                ["Invoice No", "Customer ID", "Payment Date", "Amount"],
                ["A-1", "C1", date(2026, 1, 20), 10],
                ["B-1", "C2", date(2026, 1, 20), 100],
            ],
        },
    )
    apply(an_importer(tmp_path), path)
    _Busy(user).do_everything()
    return path


class _Busy:
    def __init__(self, user):
        self.user = user
        self.ids = {row.number: row.id for row in tables.InvoiceModel.select()}
        self.customers = {row.code: row.id for row in tables.CustomerModel.select()}

    def do_everything(self):
        imported = tables.PaymentModel.get(tables.PaymentModel.invoice == self.ids["A-1"])
        payments.void(imported.id, "not ours", self.user, NOW)
        twice = [self.record({"A-2": 25_00}) for _ in range(3)]
        payments.void(twice[0], "once too often", self.user, NOW)
        self.record({"A-3": 130_00}, reference="'=1+1", note="first\n\nsecond")
        self.record({"A-2": -5_00}, note="given back")
        moved = {self.ids["A-3"]: -30_00, self.ids["A-4"]: 30_00}
        payments.move_credit(PaymentBatch(token_hex(), TODAY, moved), self.user, NOW, TODAY)
        self.record({"A-4": 20_00, "A-5": 100_00}, method="Bank  transfer")
        self.say(StatusChange.VOID, "A-6")
        self.say(StatusChange.WRITE_OFF, "A-4")
        self.say(StatusChange.DISPUTE, "A-7")
        self.say(StatusChange.VOID, "A-8")
        self.say(StatusChange.REINSTATE, "A-8", version=2)
        bolt = tables.InvoiceModel.get_by_id(self.ids["B-1"])
        edited = self.facts(self.customers["C2"], "B-1 (new)", total_cents=90_00, notes=" =odd\u00a0 text\u200b ")
        invoice_actions.edit(SeenVersion(bolt.id, 1), edited, self.user, NOW, Confirmation)
        delta = customer_actions.create(Details("-D  4", "Delta & \U0001f600", terms_days=0), self.user, NOW)
        for number, values in {
            "A-1": {},
            "0017": {"total_cents": -12_34},
            "  N  1 ": {"draft": True},
            "later": {"issued_on": date(2027, 1, 1), "due_on": date(2027, 1, 1)},
            "large": {"total_cents": 9_999_999_999_99, "currency": "EUR", "ledger": "Branch  North"},
        }.items():
            invoice_actions.create(self.facts(delta, number, **values), self.user, NOW, Confirmation)
        cork = customers.get(self.customers["C3"])
        customer_actions.edit(cork.id, 1, replace(cork.details, name="Cork Ltd"), self.user, NOW)
        customer_actions.archive(cork.id, self.user, NOW)

    def record(self, amounts, **said):
        receipt = PaymentBatch(
            token_hex(), TODAY, {self.ids[number]: cents for number, cents in amounts.items()}, **said
        )
        return payments.record(receipt, self.user, NOW, TODAY, Confirmation).payment_ids[0]

    def say(self, change, number, version=1):
        invoice_actions.change_status(change, "because\nof it", SeenVersion(self.ids[number], version), self.user, NOW)

    def facts(self, customer_id, number, **values):
        said = {"issued_on": date(2026, 1, 5), "due_on": date(2026, 2, 4), "currency": "USD", "total_cents": 100_00}
        return InvoiceFacts(number=number, customer_id=customer_id, **{"ledger": "Invoices", **said, **values})


@pytest.mark.parametrize("path", ["/export.xlsx", "/invoices.xlsx", "/customers.xlsx?archived=yes", "/payments.xlsx"])
def test_an_export_of_all_that_was_done_in_the_app_is_imported_again_without_a_write(
    browser, busy_ledger, tmp_path, path
):
    file = tmp_path / "again.xlsx"
    file.write_bytes(browser.get(path).body)

    preview = an_importer(tmp_path).examine(file, Choices(), say_nothing).preview

    assert (preview.writes, preview.problems, preview.questions, preview.changes) == (0, (), (), ())


def test_the_workbook_itself_imported_again_changes_nothing(busy_ledger, tmp_path):
    preview = an_importer(tmp_path).examine(busy_ledger, Choices(), say_nothing).preview

    assert (preview.writes, preview.problems, preview.questions, preview.changes) == (0, (), (), ())


def test_an_edited_workbook_asks_about_all_that_was_said_of_an_invoice_in_the_app(busy_ledger, tmp_path):
    book = load_workbook(busy_ledger)
    for row in book["Invoices"].iter_rows(min_row=2):
        row[4].value = 200
    book.save(busy_ledger)
    recorded = tables.PaymentModel.select(tables.PaymentModel.id, tables.PaymentModel.voided_at).where(
        tables.PaymentModel.origin.is_null()
    )
    before = set(recorded.tuples())

    apply(an_importer(tmp_path), busy_ledger, choices(decisions=Decisions(others=Resolution.KEEP)))

    imported = tables.InvoiceModel.select(tables.InvoiceModel.number, tables.InvoiceModel.total_cents).order_by(
        tables.InvoiceModel.number
    )
    rows = imported.where(tables.InvoiceModel.origin.is_null(False)).tuples()
    kept = "A-4 A-6 A-7 A-8".split()
    assert [number for number, cents in rows if cents != 200_00] == [*kept, "B-1 (new)"]
    assert "B-1" not in dict(rows)
    assert set(recorded.clone().tuples()) == before


def test_an_import_on_which_hangs_what_was_done_in_the_app_is_not_undone(busy_ledger, tmp_path):
    with pytest.raises(NotNowError):
        import_actions.undo(an_importer(tmp_path), 1)


def test_those_picked_are_exported(browser, ledger):
    page = browser.get("/invoices?all=yes")
    form = next(form for form in page.forms.values() if form.action == "/invoices/bulk")
    form[f"pick:{ledger[1].id}"] = True

    answer = form.submit("action", value="xlsx")

    assert [row[0] for row in rows(answer)] == ["Invoice No", "2"]


def test_payments_are_exported_as_listed_without_voided_ones(browser, ledger):
    a_payment(ledger[1], 5_00, voided_at=tables.PaymentModel.get().recorded_at)

    answer = browser.get("/payments.xlsx?voided=yes")

    found = [[row[0], row[1], row[2].date().isoformat(), row[3]] for row in rows(answer, "Payments")[1:]]
    assert found == [["0017", "=C1", "2026-01-20", 20.5], ["0017", "=C1", "2026-01-15", 30]]


def test_a_filter_that_cannot_be_read_exports_nothing(browser, ledger):
    answer = browser.get("/invoices.csv?least=ten", expect_errors=True)

    assert answer.status_int == 400
    assert "Least: “ten” is not an amount" in answer.text
