"""A statement tells what is open on a day, or every change between two days, on a page and as files."""

import io
import re
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import in_excel

from app.domain.firm import Firm
from app.store.access import audit_entries
from app.store.ledger import firm

FIRM = Firm("USD", ZoneInfo("UTC"), "Alder Ltd", "1 Mill Lane", "books@alder.example", "+1 555 0100", "IBAN GB29")


def words(page):
    """The text of the page, as read from left to right."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("</header>")[1]).split())


def an_account():
    acme = a_customer("C1", "Acme", address="1 Main St\nSpringfield")
    invoice = an_invoice("1001", acme, reference="PO 7")
    a_payment(invoice, 40_00, paid_on=date(2026, 2, 3), method="Card", reference="R 1")
    a_payment(invoice, -5_00, paid_on=date(2026, 2, 20))
    return acme


def test_open_items_are_the_statement_unless_another_is_chosen(browser):
    acme = a_customer()
    an_invoice("1001", acme, total_cents=2_461_66, issued_on=date(2026, 1, 2), due_on=date(2026, 2, 1))
    a_payment(an_invoice("1002", acme), 100_00)

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "Open items on 2 Mar 2026. Customer C1, printed on 2 Mar 2026 , all amounts in USD." in text
    assert (
        "1001 2 Jan 2026 due 1 Feb 2026 29 days late 2,461.66 0.00 2,461.66 Outstanding 2,461.66 "
        "Open amounts by age on 2 Mar 2026 Age Amount Not yet due 0.00 1–30 days late 2,461.66" in text
    )
    assert "1002" not in text


def test_credit_stands_below_and_is_set_off_in_the_balance(browser):
    acme = a_customer()
    an_invoice("1001", acme)
    entry = an_invoice("Advance 2026-02-03", acme, total_cents=0, issued_on=date(2026, 2, 3))
    a_payment(entry, 30_00, paid_on=date(2026, 2, 3))

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert (
        "Outstanding 100.00 Advance 2026-02-03 advance payment 3 Feb 2026 0.00 30.00 -30.00 Credit -30.00 Balance 70.00"
        in text
    )
    assert "Please pay now 70.00 USD, which is overdue, after your credit was set off" in text


def test_a_statement_says_who_sends_it_what_to_pay_by_when_and_where(browser):
    acme = a_customer("C1", "Acme", address="2 High St")
    an_invoice("1001", acme, due_on=date(2026, 3, 20))
    firm.write(FIRM)

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "Alder Ltd 1 Mill Lane books@alder.example +1 555 0100 Acme 2 High St" in text
    assert "Please pay by 20 Mar 2026 100.00 USD Please pay to IBAN GB29" in text


def test_where_nothing_is_due_nothing_is_asked_for(browser):
    acme = a_customer()

    text = words(browser.get(f"/customers/{acme.id}/statement"))

    assert "Nothing was open on 2 Mar 2026 ." in text
    assert "Please pay" not in text


def test_an_admin_is_told_where_the_sender_is_filled_in(browser):
    assert "Who sends it is not known yet" in browser.get(f"/customers/{a_customer().id}/statement").text

    firm.write(replace(FIRM, address=""))

    assert "Who sends it is not known yet" not in browser.get("/customers/1/statement").text


def test_activity_runs_from_the_opening_to_the_closing_balance(browser):
    acme = an_account()

    text = words(browser.get(f"/customers/{acme.id}/statement?kind=activity&from=2026-02-01&to=2026-02-28"))

    assert "Acme 1 Main St Springfield" in text
    assert "Activity from 1 Feb 2026 to 28 Feb 2026. Customer C1, printed on 2 Mar 2026 , all amounts in USD." in text
    assert (
        "1 Feb 2026 Opening balance 100.00 3 Feb 2026 Payment 1001 Card R 1 -40.00 60.00 balance "
        "20 Feb 2026 Refund 1001 5.00 65.00 balance 28 Feb 2026 Closing balance 65.00" in text
    )
    assert "Open amounts by age on 28 Feb 2026 Age Amount Not yet due 0.00 1–30 days late 65.00" in text


def test_method_and_reference_are_columns_of_their_own_names(browser):
    page = browser.get(f"/customers/{an_account().id}/statement?kind=activity")

    headings = [cell.get_text() for cell in page.html.find(class_="statement__lines").find("thead").find_all("th")]
    assert headings == ["Date", "What", "Due", "Method", "Reference", "Amount", "Balance"]


def test_a_payment_of_two_invoices_is_one_line(browser):
    acme = a_customer()
    for number in ("1001", "1002"):
        a_payment(an_invoice(number, acme), 50_00, batch_key="k")

    text = words(browser.get(f"/customers/{acme.id}/statement?kind=activity"))

    assert "15 Jan 2026 Payment for 2 invoices: 1001 , 1002 -100.00 100.00 balance" in text


def test_activity_is_of_the_last_three_months_by_default(browser):
    acme = an_account()

    text = words(browser.get(f"/customers/{acme.id}/statement?kind=activity"))

    assert "Activity from 1 Jan 2026 to 2 Mar 2026" in text
    assert "Opening balance 0.00 1 Jan 2026 Invoice 1001 31 Jan 2026 PO 7 100.00 100.00 balance" in text


def test_from_one_kind_to_the_other_day_and_currency_stay(browser):
    acme = an_account()

    page = browser.get(f"/customers/{acme.id}/statement?to=2026-02-10").click("Activity")

    assert page.request.query_string == "kind=activity&from=2026-01-01&to=2026-02-10&currency=USD"


def test_each_currency_has_a_statement_of_its_own(browser):
    acme = an_account()
    an_invoice("E1", acme, currency="EUR", total_cents=7_00)

    page = browser.get(f"/customers/{acme.id}/statement?kind=activity&currency=eur")

    assert "Closing balance 7.00" in words(page)
    assert "1001" not in words(page)
    assert page.forms[1]["currency"].options[0][0] in {"EUR", "USD"}


def test_days_that_cannot_be_read_are_said_beside_their_fields(browser):
    acme = an_account()

    page = browser.get(f"/customers/{acme.id}/statement?kind=activity&from=2026-03-01&to=2026-02-01", status=422)
    assert "A statement begins on the day on which it ends, or before it." in words(page)
    browser.get(f"/customers/{acme.id}/statement?to=soon", status=422)
    browser.get(f"/customers/{acme.id}/statement?currency=XXX", status=422)
    browser.get(f"/customers/{acme.id}/statement.xlsx?from=soon", status=400)
    browser.get(f"/customers/{acme.id}/statement.pdf?kind=both", status=400)


def test_open_items_need_no_day_to_begin_on(browser):
    page = browser.get(f"/customers/{an_account().id}/statement?from=2026-03-01&to=2026-02-01")

    assert page.status_int == 200


def test_activity_without_any_change_says_so(browser):
    acme = a_customer()

    text = words(browser.get(f"/customers/{acme.id}/statement?kind=activity"))

    assert "Opening balance 0.00 2 Mar 2026 Closing balance 0.00 No invoices or payments in this period." in text


def test_an_advance_says_when_it_was_made(browser):
    acme = a_customer()
    a_payment(an_invoice("1", acme, issued_on=date(2026, 2, 1)), 40_00, paid_on=date(2026, 1, 20))

    text = words(browser.get(f"/customers/{acme.id}/statement?kind=activity"))

    assert "1 Feb 2026 Payment 1 Made on 20 Jan 2026 , before the invoice -40.00 60.00 balance" in text


def test_a_statement_is_a_workbook_too(browser):
    acme = an_account()

    answer = browser.get(f"/customers/{acme.id}/statement").click("Export as Excel")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-C1-2026-03-02.xlsx"'
    rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(answer.body)).active.iter_rows()]
    assert ["1001", "Invoice", in_excel(2026, 1, 1), in_excel(2026, 1, 31), 30, 100, 35, 65] in rows


def test_a_statement_is_a_pdf_too(browser):
    answer = browser.get(f"/customers/{an_account().id}/statement").click("PDF")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-C1-2026-03-02.pdf"'
    assert answer.body.startswith(b"%PDF-")


def test_letters_that_no_pdf_can_be_written_with_are_named_with_the_way_round(browser):
    acme = a_customer(name="東京 Trading")

    page = browser.get(f"/customers/{acme.id}/statement.pdf", status=400)

    assert "The PDF has no letters for “東京”: print the statement from your browser, which has them." in words(page)


def test_the_file_of_a_statement_is_recorded(browser):
    browser.get(f"/customers/{an_account().id}/statement.pdf")

    [entry] = audit_entries.of_subject("export:statement of customer 1")
    assert (entry.after["file"], entry.after["rows"]) == ("statement-C1-2026-03-02.pdf", 1)
