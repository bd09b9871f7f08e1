"""A statement as a workbook: who to whom, for what time, the lines, the sums and the ages."""

import io
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import in_excel

from app.domain.firm import Firm
from app.store.ledger import customers
from app.store.ledger.statements.account import StatementKind, WantedStatement, account_statement
from app.workbook.writing.statement import statement_workbook

FIRM = Firm("USD", ZoneInfo("UTC"), "Alder Ltd", "1 Mill Lane\nLeeds", bank_details="IBAN GB29 NWBK\nBIC NWBKGB2L")
OPEN = WantedStatement(StatementKind.OPEN_ITEMS, date(2026, 1, 1), date(2026, 3, 2), "USD")


def rows_of(customer, wanted=OPEN, firm=FIRM):
    made = account_statement(customers.existing(customer.id), wanted, firm, date(2026, 3, 3))
    sheet = load_workbook(io.BytesIO(statement_workbook(made))).active
    rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    return [tuple(row[: max((at + 1 for at, value in enumerate(row) if value is not None), default=0)]) for row in rows]


def test_a_workbook_says_who_to_whom_and_what_is_open(sqlite):
    acme = a_customer("C1", "Acme", address="2 High St\nYork")
    a_payment(an_invoice("1001", acme), 40_00)
    a_payment(an_invoice("Advance", acme, total_cents=0, issued_on=date(2026, 2, 3)), 5_00, paid_on=date(2026, 2, 3))

    assert rows_of(acme) == [
        ("Statement of account",),
        ("From", "Alder Ltd"),
        (None, "1 Mill Lane"),
        (None, "Leeds"),
        ("To", "Acme"),
        (None, "2 High St"),
        (None, "York"),
        ("Customer", "C1"),
        ("Open on", in_excel(2026, 3, 2)),
        ("Made on", in_excel(2026, 3, 3)),
        ("Currency", "USD"),
        ("Please pay to", "IBAN GB29 NWBK"),
        (None, "BIC NWBKGB2L"),
        (),
        ("Invoice No", "What", "Issued", "Due", "Days late", "Total", "Paid", "Open"),
        ("1001", "Invoice", in_excel(2026, 1, 1), in_excel(2026, 1, 31), 30, 100, 40, 60),
        ("Outstanding", None, None, None, None, None, None, 60),
        ("Advance", "Advance payment", in_excel(2026, 2, 3), None, None, 0, 5, -5),
        ("Credit", None, None, None, None, None, None, -5),
        ("Balance", None, None, None, None, None, None, 55),
        (),
        ("Open amounts by age on 2026-03-02",),
        ("Not yet due", 0),
        ("1–30 days late", 60),
        ("31–60 days late", 0),
        ("61–90 days late", 0),
        ("Over 90 days late", 0),
        ("Outstanding", 60),
        ("Credit", -5),
        ("Balance", 55),
    ]


def test_activity_names_the_period_and_every_movement(sqlite):
    acme = a_customer("C1", "Acme")
    invoice = an_invoice("1001", acme, reference="PO 7")
    other = an_invoice("1002", acme, total_cents=50_00, issued_on=date(2026, 1, 2))
    for part, cents in ((invoice, 100_00), (other, 50_00)):
        a_payment(part, cents, paid_on=date(2026, 2, 3), method="Card", reference="R 1", batch_key="k")

    rows = rows_of(acme, replace(OPEN, kind=StatementKind.ACTIVITY))

    assert ("Period", in_excel(2026, 1, 1), in_excel(2026, 3, 2)) in rows
    assert rows[rows.index(()) + 1 :][:6] == [
        ("Date", "What", "Invoice No", "Due", "Method", "Reference", "Amount", "Balance"),
        (in_excel(2026, 1, 1), "Opening balance", None, None, None, None, None, 0),
        (in_excel(2026, 1, 1), "Invoice", "1001", in_excel(2026, 1, 31), None, "PO 7", 100, 100),
        (in_excel(2026, 1, 2), "Invoice", "1002", in_excel(2026, 1, 31), None, None, 50, 150),
        (in_excel(2026, 2, 3), "Payment for 2 invoices", "1001, 1002", None, "Card", "R 1", -150, 0),
        (in_excel(2026, 3, 2), "Closing balance", None, None, None, None, None, 0),
    ]


def test_no_text_of_a_statement_is_a_formula(sqlite):
    acme = a_customer("=1+1", "=cmd()", address="+1\n-2\n@SUM(A1)")
    an_invoice("=HYPERLINK(1)", acme, reference="=A1")
    made = account_statement(customers.existing(acme.id), OPEN, replace(FIRM, name="=2"), date(2026, 3, 3))

    sheet = load_workbook(io.BytesIO(statement_workbook(made))).active

    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n", "d"}
