"""Tabs are told apart by their headers, whatever they are called and in whatever order their columns stand."""

import pytest
from support.workbooks import book

from app.workbook.meaning.tables.headers import ChosenMapping, ListKind
from app.workbook.meaning.tables.tables import header_line, tables


def header(*rows, tab="Sheet1", chosen=None):
    (sheet,) = book({tab: list(rows)}).sheets
    return tables(sheet, chosen or {})[0].header


def fingerprint(row):
    return header_line(row).fingerprint


def fields(*headers, tab="Sheet1"):
    found = header(list(headers), tab=tab)
    return {column.header: column.field for column in found.columns}


@pytest.mark.parametrize(
    "name",
    [
        "Inv. No.",
        "invoice number",
        "INVOICE #",
        "InvoiceNo",
        "Invoice_No",
        " Invoice\u00a0No ",
        "Invoice№",
        "Invoice\nNumber",
    ],
)
def test_headers_match_through_aliases_whatever_their_case_and_signs(name):
    assert fields(name, "Customer", "Amount").popitem  # it is a list of invoices
    assert "number" in fields(name, "Customer", "Amount").values()


def test_due_is_a_day_and_due_amount_is_what_is_open():
    found = fields("Invoice No", "Customer", "Due", "Due amount", "Total")

    assert found["Due"] == "due_on"
    assert found["Due amount"] == "balance_cents"


def test_a_word_inside_another_header_matches_nothing():
    assert "Due diligence" not in fields("Invoice No", "Customer", "Amount", "Due diligence")


def test_a_misspelt_header_is_a_guess_and_says_so():
    found = header(["Invoice Nummber", "Customer", "Amount"])

    (column,) = (column for column in found.columns if column.field == "number")
    assert column.confidence == "guessed"


def test_a_short_header_is_never_guessed():
    assert header(["Inb", "Customer", "Amount", "Due Date"]) is None


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (["Customer ID", "Name", "E-mail"], ListKind.CUSTOMER),
        (["Invoice No", "Customer", "Amount", "Due Date"], ListKind.INVOICE),
        (["Invoice No", "Payment Date", "Amount"], ListKind.PAYMENT),
        (["Rechnungsnr.", "Kunde", "Rechnungsdatum", "Fällig am", "Betrag"], ListKind.INVOICE),
        (["N° facture", "Client", "Date de facture", "Échéance", "Montant TTC"], ListKind.INVOICE),
        (["Nº de factura", "Cliente", "Fecha", "Vencimiento", "Importe"], ListKind.INVOICE),
        (["Factuurnummer", "Klant", "Factuurdatum", "Vervaldatum", "Bedrag"], ListKind.INVOICE),
        (["Kundennr.", "Firma", "Telefon"], ListKind.CUSTOMER),
        (["Rechnung", "Zahlungsdatum", "Zahlbetrag"], ListKind.PAYMENT),
    ],
)
def test_a_tab_is_known_by_its_headers_in_several_languages(headers, kind):
    assert header(headers).kind is kind


def test_the_tabs_name_decides_where_the_headers_leave_it_open():
    headers = ["Invoice No", "Date", "Amount", "Customer"]

    assert header(headers, tab="Receipts 2026").kind is ListKind.PAYMENT
    assert header(headers, tab="Invoices 2026").kind is ListKind.INVOICE


def test_the_header_is_found_below_titles_and_empty_rows():
    found = header(["ACME Ltd"], ["Receivables", "as of", "June"], [], ["No", "Customer", "Date", "Due", "Amount"])

    assert found.row == 4


def test_of_two_header_rows_the_telling_one_is_taken():
    found = header(["Invoice", None, "Dates", None, "Money"], ["No", "Customer", "Issued", "Due", "Total"])

    assert found.row == 2


def test_a_column_that_is_not_known_is_listed_and_not_read():
    found = header(["Invoice No", "Shoe size", "Customer", "Amount"])

    assert found.ignored == ((1, "Shoe size"),)


def test_of_two_columns_for_one_field_the_better_name_is_read_and_the_other_listed():
    found = header(["Invoice No", "Customer", "Amount", "Total"])

    assert found.column("total_cents").header == "Total"
    assert found.ignored == ((2, "Amount"),)


def test_a_chosen_mapping_is_used_for_the_same_headers_on_any_tab():
    row = ["Beleg", "Wer", "Wann", "Wieviel"]
    (sheet,) = book({"A": [row]}).sheets
    chosen = {
        fingerprint(sheet.rows[0]): ChosenMapping(ListKind.INVOICE, {0: "number", 1: "customer_name", 3: "total_cents"})
    }

    found = header(row, tab="Another", chosen=chosen)

    assert found.kind is ListKind.INVOICE
    assert found.column("total_cents").index == 3


def test_a_tab_that_was_chosen_not_to_be_read_has_no_header():
    row = ["Invoice No", "Customer", "Amount"]
    (sheet,) = book({"A": [row]}).sheets

    assert header(row, chosen={fingerprint(sheet.rows[0]): ChosenMapping(None, {})}) is None


def test_a_pivot_is_no_list():
    assert (
        header(["Sum of Amount", "Column Labels"], ["Row Labels", "Jan", "Feb", "Grand Total"], ["Acme", 1, 2, 3])
        is None
    )


def test_a_summary_by_customer_is_no_list_of_invoices():
    assert header(["Customer", "Current", "1-30", "31-60", "Total"]) is None


@pytest.mark.parametrize(
    ("headers", "tab", "kind"),
    [
        (["Name", "Customer ID"], "Sheet1", ListKind.CUSTOMER),
        (["Name", "Code"], "Sheet1", None),
        (["Name", "Code"], "Customers", ListKind.CUSTOMER),
        (["Name", "E-mail"], "Sheet1", None),
        (["Name", "E-mail", "Phone"], "Sheet1", ListKind.CUSTOMER),
        (["Name", "Address", "Payment terms"], "Sheet1", ListKind.CUSTOMER),
        (["Name", "E-mail", "Phone"], "Staff", None),
        (["Name", "E-mail", "Phone", "Salary"], "Sheet1", None),
        (["Name", "E-mail", "Phone"], "Products", None),
        (["Supplier", "Name", "E-mail", "Phone"], "Sheet1", None),
        (["Customer Name", "E-mail", "Salary"], "Sheet1", ListKind.CUSTOMER),
        (["Customer Name", "Customer ID", "Due Date"], "Sheet1", None),
        (["Customer Name", "Customer ID", "Invoice Date"], "Sheet1", None),
        (["Customer Name", "Customer ID", "Date"], "Sheet1", ListKind.CUSTOMER),
        (["Customer Name", "Customer ID", "Date", "Balance"], "Sheet1", None),
        (["Customer Name", "Customer ID", "Balance"], "Sheet1", ListKind.CUSTOMER),
        (["Customer Name"], "Customers", None),
    ],
)
def test_a_list_of_names_is_one_of_customers_if_it_says_so_and_tells_no_debts(headers, tab, kind):
    found = header(headers, tab=tab)

    assert (found and found.kind) == kind


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (["Invoice No", "Customer", "Amount"], ListKind.INVOICE),
        (["Invoice No", "Customer", "Balance"], ListKind.INVOICE),
        (["Invoice No", "Customer", "Net Amount"], ListKind.INVOICE),
        (["Invoice No", "Due Date", "Amount"], ListKind.INVOICE),
        (["Invoice No", "Amount"], None),
        (["Customer", "Due Date", "Amount"], None),
        (["Invoice No", "Customer", "Due Date"], None),
        (["Invoice No", "Payment Date", "Amount"], ListKind.PAYMENT),
        (["Invoice No", "Payment Date"], None),
        (["Payment Date", "Amount"], None),
        (["Invoice No", "Payment Date", "Amount", "Method"], ListKind.PAYMENT),
        (["Invoice No", "Payment Date", "Amount", "Customer"], ListKind.PAYMENT),
    ],
)
def test_a_list_is_known_by_the_fields_that_it_needs(headers, kind):
    found = header(headers)

    assert (found and found.kind) == kind


@pytest.mark.parametrize(
    ("headers", "tab", "kind"),
    [
        (["Invoice No", "Date", "Amount"], "Sheet1", ListKind.PAYMENT),
        (["Invoice No", "Date", "Amount"], "Invoices", ListKind.INVOICE),
        (["Invoice No", "Date", "Amount", "Customer"], "Sheet1", ListKind.INVOICE),
        (["Invoice No", "Date", "Amount", "Customer"], "Payments", ListKind.PAYMENT),
        (["Customer ID", "Customer Name", "Invoice No", "Amount", "E-mail"], "Sheet1", ListKind.INVOICE),
    ],
)
def test_of_two_kinds_of_lists_the_likelier_one_is_read(headers, tab, kind):
    assert header(headers, tab=tab).kind is kind


# --- headings and values together


def values(headers, *rows):
    found = header(headers, *rows)
    return {column.header: (column.field, column.confidence.value) for column in found.columns}


HEADERS = ["Invoice No", "Customer", "Amount"]
CELLS = ["1", "Acme", 5]


@pytest.mark.parametrize(
    ("heading", "cell", "expected"),
    [
        ("Paid", 5, ("paid_cents", "said")),
        ("Paid", "yes", ("status", "said")),
        ("Paid", "Paid", ("status", "said")),
        ("Paid", "5 January 2026", ("paid_on", "said")),
        ("Paid", "later, he says", ("paid_cents", "said")),
        ("Paid", None, ("paid_cents", "said")),
        ("Due", 5, ("balance_cents", "said")),
        ("Due", "5 January 2026", ("due_on", "said")),
        ("Paid foo", 5, ("paid_cents", "guessed")),
        ("Paid foo", "later, he says", None),
        ("Paid foo", None, None),
        ("What", "EUR", ("currency", "proven")),
        ("What", "€", ("currency", "proven")),
        ("What", "x", None),
    ],
)
def test_a_column_is_what_its_heading_allows_and_its_cells_support(heading, cell, expected):
    assert values([*HEADERS, heading], [*CELLS, cell], [*CELLS, cell]).get(heading) == expected


def test_a_column_of_which_one_cell_is_no_currency_has_none():
    assert "What" not in values([*HEADERS, "What"], [*CELLS, "EUR"], [*CELLS, "x"])


def test_a_second_column_of_currencies_is_none():
    found = values([*HEADERS, "Currency", "What"], [*CELLS, "EUR", "USD"])

    assert (found["Currency"], found.get("What")) == (("currency", "said"), None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Invoice No", "Account", "Amount"], {"Account": "customer_name"}),
        (["Invoice No", "Account", "Customer", "Amount"], {"Customer": "customer_name"}),
        (["Invoice No", "Account No", "Customer", "Amount"], {"Customer": "customer_name"}),
        (["Invoice No", "Account No", "Account name", "Amount"],
         {"Account No": "customer_code", "Account name": "customer_name"}),
    ],
)  # fmt: skip
def test_an_account_is_a_customer_where_nothing_else_is(headers, expected):
    found = fields(*headers)

    assert {text: field for text, field in found.items() if field.startswith("customer")} == expected


def test_a_chosen_mapping_may_name_columns_beyond_the_headings_and_leave_some_out():
    row = ["Beleg", "Wer", "Wann", "Wieviel"]
    (sheet,) = book({"A": [row, ["1", "Acme", "x", 5, 7]]}).sheets
    wanted = {0: "number", 1: "customer_name", 2: "ignored", 4: "total_cents"}

    found = header(row, ["1", "Acme", "x", 5, 7], chosen={
        fingerprint(sheet.rows[0]): ChosenMapping(ListKind.INVOICE, wanted)
    })  # fmt: skip

    assert [(one.index, one.field, one.header, one.confidence.value) for one in found.columns] == [
        (0, "number", "Beleg", "chosen"), (1, "customer_name", "Wer", "chosen"), (4, "total_cents", "", "chosen"),
    ]  # fmt: skip
    assert (found.dropped, found.ignored) == (((2, "Wann"),), ((3, "Wieviel"),))
