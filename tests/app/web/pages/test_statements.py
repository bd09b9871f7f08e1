"""A statement of account tells every change between two days, on a page and as a workbook."""

import io
import re
from datetime import date

from openpyxl import load_workbook
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import in_excel


def words(page):
    """The text of the page, as read from left to right."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("</header>")[1]).split())


def an_account():
    acme = a_customer("C1", "Acme", address="1 Main St\nSpringfield")
    invoice = an_invoice("1001", acme, reference="PO 7")
    a_payment(invoice, 40_00, paid_on=date(2026, 2, 3), method="Card")
    a_payment(invoice, -5_00, paid_on=date(2026, 2, 20))
    return acme


def test_a_statement_runs_from_the_opening_to_the_closing_balance(browser):
    acme = an_account()

    text = words(browser.get(f"/customers/{acme.id}/statement?from=2026-02-01&to=2026-02-28"))

    assert "Acme 1 Main St Springfield" in text
    assert "Customer C1, from 1 Feb 2026 to 28 Feb 2026 , all amounts in USD." in text
    assert (
        "1 Feb 2026 Opening balance 100.00 3 Feb 2026 Payment 1001 Card -40.00 60.00 balance "
        "20 Feb 2026 Refund 1001 5.00 65.00 balance 28 Feb 2026 Closing balance 65.00" in text
    )
    assert "Open amounts by age on 28 Feb 2026 Age Amount Not yet due 0.00 1–30 days late 65.00" in text


def test_a_statement_is_of_the_last_three_months_by_default(browser):
    acme = an_account()

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "from 1 Jan 2026 to 2 Mar 2026" in text
    assert "Opening balance 0.00 1 Jan 2026 Invoice 1001 31 Jan 2026 PO 7 100.00 100.00 balance" in text


def test_each_currency_has_a_statement_of_its_own(browser):
    acme = an_account()
    an_invoice("E1", acme, currency="EUR", total_cents=7_00)

    page = browser.get(f"/customers/{acme.id}/statement?currency=eur")

    assert "Closing balance 7.00" in words(page)
    assert "1001" not in words(page)
    assert page.forms[1]["currency"].options[0][0] in {"EUR", "USD"}


def test_days_that_cannot_be_read_are_said_beside_their_fields(browser):
    acme = an_account()

    page = browser.get(f"/customers/{acme.id}/statement?from=2026-03-01&to=2026-02-01", status=422)
    assert "A statement begins on the day on which it ends, or before it." in words(page)
    browser.get(f"/customers/{acme.id}/statement?from=soon", status=422)
    browser.get(f"/customers/{acme.id}/statement?currency=XXX", status=422)
    browser.get(f"/customers/{acme.id}/statement.xlsx?from=soon", status=400)


def test_a_statement_without_any_change_says_so(browser):
    acme = a_customer()

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "Opening balance 0.00 2 Mar 2026 Closing balance 0.00 No invoices or payments in this period." in text


def test_an_advance_says_when_it_was_made(browser):
    acme = a_customer()
    a_payment(an_invoice("1", acme, issued_on=date(2026, 2, 1)), 40_00, paid_on=date(2026, 1, 20))

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "1 Feb 2026 Payment 1 Made on 20 Jan 2026 , before the invoice -40.00 60.00 balance" in text


def test_a_statement_is_a_workbook_too(browser):
    acme = an_account()

    answer = browser.get(f"/customers/{acme.id}/statement").click("Export as Excel")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-C1-2026-03-02.xlsx"'
    rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(answer.body)).active.iter_rows()]
    assert rows == [
        ["Date", "What", "Invoice No", "Due", "Reference", "Amount", "Balance"],
        [in_excel(2026, 1, 1), "Opening balance", None, None, None, None, 0],
        [in_excel(2026, 1, 1), "Invoice", "1001", in_excel(2026, 1, 31), "PO 7", 100, 100],
        [in_excel(2026, 2, 3), "Payment", "1001", in_excel(2026, 1, 31), "Card", -40, 60],
        [in_excel(2026, 2, 20), "Refund", "1001", in_excel(2026, 1, 31), None, 5, 65],
        [in_excel(2026, 3, 2), "Closing balance", None, None, None, None, 65],
    ]
