"""A statement as PDF, read back by a program that is not ours."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from support.ledgers import close_of
from support.records import invoice_facts, payment_facts

from app.domain.firm import Firm
from app.domain.open_items import open_items
from app.domain.statement import statement
from app.store.ledger.customers import Customer, Details
from app.store.ledger.statements.account import AccountStatement, StatementKind, WantedStatement
from app.web.http.locales import BRITISH, Locale
from app.web.pages.statements.pdf import statement_pdf
from app.web.pages.statements.sheet import MissingLettersError

UTC_ZONE = ZoneInfo("UTC")
FIRM = Firm("USD", UTC_ZONE, "Alder Ltd", "1 Mill Lane\nLeeds", "books@alder.example", bank_details="IBAN GB29 NWBK")
ACME = Customer(1, Details("C1", "Acme", address="2 High St\nYork"), None, 1)
DAY = date(2026, 3, 2)
INVOICE = invoice_facts(number="1001", total_cents=2_461_66)


def a_statement(entries=((INVOICE, ()),), kind=StatementKind.OPEN_ITEMS, customer=ACME, sender=FIRM):
    wanted = WantedStatement(kind, date(2026, 1, 1), DAY, "USD")
    activity = statement(entries, wanted.opened_on, DAY, UTC_ZONE) if kind is StatementKind.ACTIVITY else None
    return AccountStatement(sender, customer, wanted, DAY, activity, open_items(entries, close_of(DAY), "USD"))


def called(name):
    return replace(ACME, details=replace(ACME.details, name=name))


def read(made, folder, locale=BRITISH, program="pdftotext", *options):
    """What poppler's program says of the PDF; of the text, one blank between words."""
    if shutil.which(program) is None:
        pytest.skip("poppler-utils is not installed (apt-get install poppler-utils)")
    path = folder / "statement.pdf"
    path.write_bytes(statement_pdf(made, locale))
    command = [program, *(options or ["-layout"]), str(path), *(["-"] if program == "pdftotext" else [])]
    return " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_a_pdf_says_who_to_whom_what_is_open_and_what_to_pay(tmp_path):
    text = read(a_statement(), tmp_path)

    assert "Alder Ltd books@alder.example 1 Mill Lane Leeds Acme Customer C1 2 High St Date 2 Mar 2026 York" in text
    assert "Statement of account Open items on 2 Mar 2026" in text
    assert "1001 1 Jan 2026 31 Jan 2026 30 2,461.66 0.00 2,461.66 Outstanding 2,461.66" in text
    assert "0.00 2,461.66 0.00 0.00 0.00 2,461.66 Please pay now 2,461.66 USD, which is overdue" in text
    assert "Please pay to IBAN GB29 NWBK Alder Ltd · customer C1 Page 1 of 1" in text


def test_activity_as_pdf_has_method_and_reference_and_one_line_for_each_payment(tmp_path):
    part = payment_facts(method="Card", reference="RF-1", batch_key="k", amount_cents=1_000_00)
    other = replace(INVOICE, id=2, number="1002", total_cents=500_00)

    text = read(
        a_statement([(INVOICE, [part]), (other, [replace(part, amount_cents=500_00)])], StatementKind.ACTIVITY),
        tmp_path,
    )

    assert "Activity from 1 Jan 2026 to 2 Mar 2026 Date What Due Method Reference Amount Balance" in text
    assert "15 Jan 2026 Payment for 2 invoices: Card RF-1 -1,500.00 1,461.66 1001, 1002" in text
    assert "1 Jan 2026 Opening balance 0.00" in text
    assert "2 Mar 2026 Closing balance 1,461.66" in text


@pytest.mark.parametrize(
    "name", ["Łódź Żółć Ştefan Çelik Ådne", "Αθήνα Εμπορική", "Київ Торг Ўзбек Ђорђе", "Nguyễn Thị"]
)
def test_names_in_latin_greek_and_cyrillic_letters_are_written(tmp_path, name):
    assert name in read(a_statement(customer=called(name)), tmp_path)


def test_letters_and_their_marks_may_come_apart(tmp_path):
    assert "Müller" in read(a_statement(customer=called("Mu\u0308ller")), tmp_path)


def test_letters_that_the_font_lacks_are_named_instead_of_left_as_boxes():
    with pytest.raises(MissingLettersError, match="The PDF has no letters for “東京”: print the statement"):
        statement_pdf(a_statement(customer=called("東京 東 Trading")), BRITISH)


@pytest.mark.parametrize("place", ["name", "address", "bank_details"])
def test_no_text_of_the_firm_is_left_out(place):
    with pytest.raises(MissingLettersError, match="“東”"):
        statement_pdf(a_statement(sender=replace(FIRM, **{place: "東"})), BRITISH)


@pytest.mark.parametrize("identifier", ["ar_EG", "he_IL", "ja_JP", "hi_IN", "sv_SE", "th_TH", "fa_IR"])
def test_a_reader_of_any_locale_gets_a_pdf(identifier):
    assert statement_pdf(a_statement(), Locale.of(identifier, UTC_ZONE)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("identifier", "size"), [("en_GB", "(A4)"), ("en_US", "(letter)"), ("en", "(letter)"), ("de", "(A4)")]
)
def test_the_paper_is_that_of_the_reader(tmp_path, identifier, size):
    assert size in read(a_statement(), tmp_path, Locale.of(identifier, UTC_ZONE), "pdfinfo", "-enc", "UTF-8")


def test_each_page_has_its_number_and_the_headings_of_the_table(tmp_path):
    many = [(replace(INVOICE, id=number, number=f"N{number:03}"), ()) for number in range(100)]

    text = read(a_statement(many), tmp_path)

    assert [f"Page {page} of 4" in text for page in (1, 2, 3, 4)] == [True] * 4
    assert text.count("Invoice Issued Due Days late Total Paid Open") == 4
    assert [number for number in range(100) if f"N{number:03}" not in text] == []


def test_figures_end_at_one_edge(tmp_path):
    small = replace(INVOICE, id=2, number="1002", total_cents=1)

    found = read(a_statement([(INVOICE, ()), (small, ())]), tmp_path, BRITISH, "pdftotext", "-bbox")

    edges = {
        word.split('xMax="')[1].split('"')[0]
        for word in found.split("<word ")
        if ">2,461.66<" in word or ">0.01<" in word
    }
    assert len({round(float(edge)) for edge in edges}) <= 3  # total, open, and the ages


def test_the_font_is_part_of_the_file(tmp_path):
    fonts = read(a_statement(), tmp_path, BRITISH, "pdffonts", "-l", "9")

    assert fonts.count("CID TrueType Identity-H yes yes yes") == 2


def test_a_payment_of_very_many_invoices_and_a_very_long_reference_fit(tmp_path):
    part = payment_facts(reference="R" * 200, batch_key="k")
    many = [(replace(INVOICE, id=number, number=f"INV-2026-{number:05}"), [part]) for number in range(300)]

    text = read(a_statement(many, StatementKind.ACTIVITY), tmp_path, BRITISH, "pdftotext", "-raw")

    assert "INV-2026-00010, INV-2026-00011 and 288 more" in text
