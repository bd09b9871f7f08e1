"""A list of customers that is imported again changes nothing, as a workbook and as comma-separated values."""

from datetime import date

from support.ledgers import close_of
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import say_nothing

from app.store.ledger import customers
from app.store.ledger.snapshot import take
from app.workbook.preview import Choices
from app.workbook.writing import customer_list, listing

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''", "00123", "1e5", "Müller, “Söhne”", "_x0041_"]


def some_customers():
    for number, text in enumerate(DANGEROUS):
        customer = a_customer(
            f"C{number}", text, email=text, phone="+1 555", address="1 Main St\nSpringfield", terms_days=30, notes=text
        )
        a_payment(an_invoice(f"{number}", customer), 150_00)
        an_invoice(f"E{number}", customer, currency="EUR")
    a_customer("0042", "Nobody’s")


def the_list():
    accounts = customers.accounts(close_of(date(2026, 3, 2)))
    return customer_list.table(accounts, customers.details_of_all())


def writes(importer, path):
    preview = importer.examine(path, Choices(), say_nothing).preview
    assert preview.problems == ()
    assert [tab.kind.value for tab in preview.tabs if tab.kind] == ["customer"]
    return preview.writes, preview.counts["unchanged"]


def test_a_workbook_of_customers_is_imported_without_a_change(importer, tmp_path):
    some_customers()
    path = tmp_path / "customers.xlsx"
    path.write_bytes(listing.xlsx("Customers", *the_list()))

    assert writes(importer, path) == (0, 21)
    assert len(take().customers) == 11


def test_comma_separated_customers_are_imported_without_a_change(importer, tmp_path):
    some_customers()
    path = tmp_path / "customers.csv"
    path.write_bytes(listing.csv(*the_list()))

    assert writes(importer, path) == (0, 21)
    assert len(take().customers) == 11


def test_each_currency_of_a_customer_is_a_row_with_its_figures(importer):
    some_customers()

    _, (first, second, *_) = the_list()

    assert first[:2] == second[:2] == ("C0", "=1+1")
    assert [str(value) for value in first[7:]] == ["EUR", "1", "100.00", "100.00", "0.00", "90", "None", "No"]
    assert [str(value) for value in second[7:]] == ["USD", "0", "0.00", "0.00", "50.00", "0", "-16", "No"]
