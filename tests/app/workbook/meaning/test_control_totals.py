"""The sums of each table by currency: invoiced, paid, and what is open."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, a_stored_invoice, stored
from support.workbooks import INVOICES, PAYMENTS, check

from app.workbook.meaning.results.records import ControlTotals

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)


def row(number, amount=100, *rest):
    return [number, "Acme", ISSUED, DUE, amount, *rest]


def totals(tabs, before=None, **answers):
    checked = check(tabs, before, **answers) if before else check(tabs, **answers)
    return [one.totals for one in checked.tabs]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([40, None], (100_00, 40_00, 60_00)),
        ([None, None], (100_00, 0, 100_00)),
        ([120, None], (100_00, 120_00, -20_00)),
        ([40, "Void"], (100_00, 40_00, 0)),
        ([0, "Written off"], (100_00, 0, 0)),
    ],
)
def test_the_rows_of_a_table_are_added_up(cells, expected):
    tabs = {"A": [[*INVOICES, "Paid", "Status"], row("1", 100, *cells)]}

    assert totals(tabs, undated="due") == [[ControlTotals("USD", *expected)]]


def test_each_currency_is_added_up_by_itself():
    tabs = {"A": [INVOICES, row("1", "$5.00"), row("2", "€7.00"), row("3", "€1.00")]}

    assert totals(tabs) == [[ControlTotals("EUR", 8_00, 0, 8_00), ControlTotals("USD", 5_00, 0, 5_00)]]


def test_listed_payments_count_in_both_tables():
    tabs = {"A": [INVOICES, row("1", "€100.00")], "B": [PAYMENTS, ["1", PAID, 40], ["1", PAID, 5]]}

    assert totals(tabs) == [[ControlTotals("EUR", 100_00, 45_00, 55_00)], [ControlTotals("EUR", 0, 45_00, 0)]]


def test_a_payment_of_a_stored_invoice_counts_in_its_currency():
    before = stored([a_stored_customer()], [a_stored_invoice("7", currency="GBP")])
    tabs = {"A": [INVOICES, row("1")], "B": [PAYMENTS, ["7", PAID, 40]]}

    assert totals(tabs, before) == [[ControlTotals("USD", 100_00, 0, 100_00)], [ControlTotals("GBP", 0, 40_00, 0)]]


def test_each_table_of_a_tab_is_added_up_by_itself():
    tabs = {"A": [INVOICES, row("1"), [], ["Payments"], PAYMENTS, ["1", PAID, 40]]}

    assert totals(tabs) == [[ControlTotals("USD", 100_00, 40_00, 60_00)], [ControlTotals("USD", 0, 40_00, 0)]]


def test_payments_among_the_invoices_count_once():
    headings = ["Type", *INVOICES]
    tabs = {"A": [headings, ["Invoice", *row("1")], ["Payment", None, "Acme", PAID, None, -40]]}

    assert totals(tabs, payments="pay") == [[ControlTotals("USD", 100_00, 40_00, 60_00)]]


def test_a_table_that_is_not_read_has_no_sums():
    assert totals({"A": [INVOICES, row("1")], "Ideas": [["Buy", "a boat"]]})[1] == []


def test_what_a_row_says_was_paid_counts_once_beside_the_list_of_payments():
    tabs = {"A": [[*INVOICES, "Paid"], row("1", 100, 60)], "B": [PAYMENTS, ["1", PAID, 40]]}

    assert totals(tabs, listed="rows") == [
        [ControlTotals("USD", 100_00, 60_00, 40_00)], [ControlTotals("USD", 0, 40_00, 0)],
    ]  # fmt: skip
