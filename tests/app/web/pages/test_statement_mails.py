"""A statement is sent from its page: read before, changed, sent once, and its fate told."""

from datetime import date
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from support.browser import Browser
from support.mail_server import Inbox, mail_server
from support.records import a_customer, a_payment, a_user, an_invoice
from support.settings import settings_of

from app.domain.firm import Firm
from app.domain.permissions import Role
from app.jobs.job_queue import open_queue
from app.jobs.mails import MailJobs
from app.settings import AppSettings
from app.store.access import users
from app.store.db import tables
from app.store.ledger import firm
from app.store.ledger.statements import mails as statement_mails
from app.web.application import build

FIRM = Firm("USD", ZoneInfo("UTC"), "Alder Ltd", email="books@alder.example", bank_details="IBAN GB29")
FORM = "/customers/1/statement/mail"


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def settings(tmp_path, inbox):
    with mail_server(inbox) as url:
        yield AppSettings.from_environment(
            {
                "DATA_DIR": str(tmp_path / "data"),
                "SECRET_KEY": "k" * 40,
                "PUBLIC_URL": "http://localhost:80",
                "SMTP_URL": url,
                "MAIL_FROM": "receivables@example.com",
            }
        )


@pytest.fixture
def acme(sqlite):
    customer = a_customer("C1", "Acme", email="books@acme.example")
    an_invoice("1001", customer, total_cents=2_461_66)
    firm.write(FIRM)
    return customer


@pytest.fixture
def without_mail(sqlite, tmp_path, clock, user, acme):
    """A browser of an admin where no mail server is set up."""
    signed_in = Browser(build(settings_of(tmp_path), clock))
    signed_in.sign_in()
    return signed_in


def work_off(settings, clock):
    queue = open_queue()
    assert MailJobs.where_set_up(queue, settings, clock)
    while task := queue.dequeue():
        queue.execute(task)


def the_form(browser, address=FORM):
    return next(form for form in browser.get(address).forms.values() if form.action == FORM)


def test_the_mail_is_shown_before_it_is_sent(browser, acme):
    form = the_form(browser, f"{FORM}?to=2026-03-01")

    assert form["recipient"].value == "books@acme.example"
    assert form["subject"].value == "Statement of account from Alder Ltd, 1 Mar 2026"
    assert form["text"].value == (
        "Hello Acme,\n\n"
        "your statement of account as of 1 Mar 2026 is attached as a PDF.\n\n"
        "Outstanding: 2,461.66 USD\n\n"
        "Please pay now: 2,461.66 USD, which is overdue.\n\n"
        "Please pay to:\nIBAN GB29\n\n"
        "If you paid in the last days, thank you. If something is not as you have it, please answer this mail.\n\n"
        "Kind regards\nAlder Ltd\n"
    )


def test_what_was_typed_is_sent_with_the_statement_that_was_looked_at(browser, acme, inbox, settings, clock):
    form = the_form(browser, f"{FORM}?kind=activity&from=2026-01-01&to=2026-03-01")
    form["recipient"], form["subject"], form["text"] = "eve@acme.example", "Please look", "See the PDF."

    page = form.submit().follow()
    work_off(settings, clock)

    assert "The statement is on its way to eve@acme.example." in page.text
    ((to, mail),) = inbox.mails
    assert (to, mail["Subject"]) == (["eve@acme.example"], "Please look")
    assert mail.get_body().get_content().strip() == "See the PDF."
    [pdf] = mail.iter_attachments()
    assert pdf.get_filename() == "statement-C1-2026-03-01.pdf"
    assert pdf.get_content().startswith(b"%PDF-")


def test_sending_stands_in_the_history_of_the_customer_and_in_the_audit(browser, acme, settings, clock):
    the_form(browser).submit()
    work_off(settings, clock)

    for address in ("/customers/1", "/audit"):
        text = " ".join(browser.get(address).html.get_text(" ").split())
        assert "Ann (by the worker) sent a statement of 2 Mar 2026 to books@acme.example" in text
        assert "Ann asked to send a statement of 2 Mar 2026 to books@acme.example" in text


def test_a_form_that_is_sent_twice_is_one_mail(browser, acme, inbox, settings, clock):
    form = the_form(browser)
    form.submit()
    form.submit()
    work_off(settings, clock)

    assert len(inbox.mails) == 1


def test_a_form_that_is_sent_again_to_somebody_else_is_refused(browser, acme):
    form = the_form(browser)
    form.submit()
    form["recipient"] = "eve@acme.example"

    page = form.submit(status=409)

    assert "This form was sent before, to books@acme.example: open it again to send another mail." in page.text


def test_a_refused_address_is_told_and_can_be_sent_again(browser, acme, inbox, settings, clock):
    inbox.to_address = "550 No such user"
    the_form(browser).submit()
    work_off(settings, clock)

    page = browser.get("/customers/1/statement")
    assert "failed: the mail server refused the address (550 No such user)" in page.text
    assert "could not send a statement of 2 Mar 2026 to books@acme.example: the mail server refused" in " ".join(
        browser.get("/customers/1").html.get_text(" ").split()
    )
    inbox.to_address = "250 OK"
    form = next(form for form in page.click("Send it again").forms.values() if form.action == FORM)
    form.submit()
    work_off(settings, clock)
    assert len(inbox.mails) == 1


@pytest.mark.parametrize("address", ["", "acme", "a@b, c@d", "a b@c", "<a@b>", "a@b@c"])
def test_one_address_is_asked_for(browser, acme, address):
    form = the_form(browser)
    form["recipient"] = address

    page = form.submit(status=422)

    assert ("Please fill this in." if not address else "Please write one e-mail address") in page.text
    assert statement_mails.of_customer(1) == []


def test_an_address_cannot_add_lines_to_a_mail(browser, acme):
    form = the_form(browser)
    form["recipient"] = "a@b\nBcc: eve@example.com"

    form.submit(status=422)

    assert statement_mails.of_customer(1) == []


def test_letters_that_the_pdf_lacks_are_said_before_anything_is_sent(browser, acme):
    tables.CustomerModel.update(name="東京").execute()

    page = the_form(browser).submit(status=422)

    assert "The PDF has no letters for “東京”" in page.text
    assert statement_mails.of_customer(1) == []


def test_without_a_mail_server_the_own_mail_program_gets_the_text(without_mail):
    page = without_mail.get(FORM)

    assert "Set up SMTP_URL to send mails from here." in page.text
    link = unquote(page.html.find("a", string="open it with this text")["href"])
    assert link.startswith(
        "mailto:books@acme.example?subject=Statement of account from Alder Ltd, 2 Mar 2026&body=Hello"
    )
    assert "is as follows.\r\n\r\n1001, due 31 Jan 2026: 2,461.66 USD\r\n\r\nOutstanding: 2,461.66 USD" in link
    assert not [form for form in page.forms.values() if "Send" in form.text]


def test_only_admins_are_told_about_settings(without_mail, user):
    a_user("acc@example.com", Role.ACCOUNTANT, "Acc", users.password_hash_of(user.id))
    accountant = Browser(without_mail.app)
    accountant.sign_in("acc@example.com")

    page = accountant.get(FORM)

    assert "SMTP_URL" not in page.text
    assert "open it with this text" in page.text


def test_without_a_mail_server_nothing_is_sent(without_mail):
    page = without_mail.post(FORM, {"csrf_token": without_mail.csrf_token()}, status=409)

    assert "No mail is sent from here" in page.text


def test_a_mail_says_what_credit_does(browser, acme):
    a_payment(an_invoice("Advance", acme, total_cents=0), 61_66)

    text = the_form(browser)["text"].value

    assert "Outstanding: 2,461.66 USD\nCredit: -61.66 USD\nBalance: 2,400.00 USD\n" in text
    assert "Please pay now: 2,400.00 USD, which is overdue, after your credit was set off." in text


def test_a_mail_about_nothing_asks_for_nothing(browser, acme):
    tables.InvoiceModel.update(due_on=date(2026, 1, 31), total_cents=0).execute()

    assert "Please pay" not in the_form(browser)["text"].value


def test_a_text_without_a_pdf_names_the_first_twenty_invoices(without_mail, acme):
    for number in range(2, 24):
        an_invoice(f"N{number:02}", acme, due_on=date(2026, 2, number))

    link = unquote(without_mail.get(FORM).html.find("a", string="open it with this text")["href"])

    assert "N20, due 20 Feb 2026: 100.00 USD\r\nand 3 more" in link


def test_who_saves_a_customer_after_a_statement_was_sent_is_told_who_saved_before(browser, acme):
    edit = next(form for form in browser.get("/customers/1/edit").forms.values() if form.action.endswith("/edit"))
    faster = next(form for form in browser.get("/customers/1/edit").forms.values() if form.action.endswith("/edit"))
    faster["notes"] = "Quick"
    faster.submit()
    users.set_facts(1, "Another", Role.ADMIN)
    the_form(browser).submit()

    edit["notes"] = "Slow"

    assert "Ann saved" in edit.submit(status=409).text
