"""The rows of a table are records, totals, or left out with the words that they say."""

from datetime import date

import pytest
from support.workbooks import CUSTOMERS, INVOICES, PAYMENTS, Shown, book

from app.workbook.meaning.tables.row_sorting import sort_rows
from app.workbook.meaning.tables.tables import tables
from app.workbook.reading.cells import UncalculatedFormula

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
AN_INVOICE = ["1", "Acme", ISSUED, DUE, 100]
LAST = ["2", "Bolt", ISSUED, DUE, 50]


def sorted_rows(headings, *rows):
    """Return the numbers of records and of totals, and what was left out, of the rows below two records."""
    (sheet,) = book({"Sheet1": [headings, *rows]}).sheets
    table = tables(sheet, {})[0]
    found = sort_rows(table.sheet, table.header)
    return [row.number for row in found.records], [row.number for row in found.totals], found.left_out


def kind(headings, records, row):
    """Return what the row is that stands between two records."""
    records_, totals, left_out = sorted_rows(headings, records[0], row, records[1])
    if 3 in totals:
        return "total"
    return "record" if 3 in records_ else left_out[0][1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Total", None, None, None, 100], "total"),
        (["TOTAL:", None, None, None, 100], "total"),
        (["Grand total", None, None, None, 100], "total"),
        (["Sub-total", None, None, None, 100], "total"),
        (["Totals Acme", None, None, None, 100], "total"),
        ([None, "Acme Total", None, None, 100], "total"),
        ([None, None, None, "Gesamtsumme", 100], "total"),
        (["Carried forward", None, None, None, "100.00"], "total"),
        (["Summe", None, None, None, UncalculatedFormula()], "total"),
        (["Total", None, None, None, Shown(100, "0.00")], "total"),
        (["Total", None, None, None, None], "Total"),
        (["Total", None, None, None, True], "record"),
        (["Total", None, ISSUED, None, 100], "record"),
        (["Total 7", "Acme", ISSUED, DUE, 100], "record"),
        (["7", "Total", None, None, 100], "record"),
        (["Totally", None, None, None, 100], "record"),
        ([None, None, None, None, 100], "record"),
        (INVOICES, "the header again"),
        ([text.upper() for text in INVOICES], "the header again"),
        (["JANUARY"], "JANUARY"),
        (["JANUARY 2026"], "record"),
        (["Printed on 30 June"], "Printed on 30 June"),
        (["see the other tab", "Acme"], "record"),
        ([None, "see below"], "see below"),
        ([None, "see", "below"], "see below"),
        ([None, None, None, None, None, "a note beside"], "a note beside"),
        ([None, None, None, None, None, 7], "7"),
        (["INV 7"], "record"),
    ],
)
def test_a_row_of_a_list_of_invoices_is_a_record_a_total_or_a_note(row, expected):
    assert kind(INVOICES, (AN_INVOICE, LAST), row) == expected


@pytest.mark.parametrize(
    ("row", "is_total"),
    [
        ([None, None, None, None, 150], True),
        ([None, None, None, None, "150.00"], True),
        ([None, "Acme", None, None, 150], False),
        ([None, None, None, None, "open"], False),
    ],
)
def test_an_amount_alone_below_the_last_record_is_a_total(row, is_total):
    _, totals, _ = sorted_rows(INVOICES, AN_INVOICE, LAST, row)

    assert (totals == [4]) is is_total


@pytest.mark.parametrize(
    ("headings", "first", "row", "expected"),
    [
        (CUSTOMERS, ["C1", "Acme"], ["Total", 5], "total"),
        (CUSTOMERS, ["C1", "Acme"], ["Total customers", 5], "total"),
        (CUSTOMERS, ["C1", "Acme"], ["Total", "Energies"], "record"),
        (CUSTOMERS, ["C1", "Acme"], ["Total Energies", 5], "record"),
        (CUSTOMERS, ["C1", "Acme"], ["C7", "Total"], "record"),
        ([*CUSTOMERS, "E-mail"], ["C1", "Acme", "a@b"], [None, None, "a note"], "a note"),
        ([*CUSTOMERS, "E-mail"], ["C1", "Acme", "a@b"], [None, "Bolt", None], "record"),
        ([*CUSTOMERS, "E-mail"], ["C1", "Acme", "a@b"], ["C2", None, None], "record"),
        ([*CUSTOMERS, "E-mail"], ["C1", "Acme", "a@b"], [*CUSTOMERS, "e-mail"], "the header again"),
    ],
)
def test_a_row_of_a_list_of_customers_is_a_record_unless_it_names_none(headings, first, row, expected):
    assert kind(headings, (first, ["C9", "Last", "x@y"][: len(headings)]), row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Total", None, 100], "total"),
        (["7", None, 100], "record"),
        (["Total", ISSUED, 100], "record"),
        (["see the bank's list"], "see the bank's list"),
    ],
)
def test_a_row_of_a_list_of_payments_is_a_record_a_total_or_a_note(row, expected):
    assert kind(PAYMENTS, (["1", ISSUED, 5], ["2", ISSUED, 5]), row) == expected


@pytest.mark.parametrize(
    ("headings", "row", "is_left_out"),
    [
        (INVOICES, ["(text)", "(name)", "dd/mm/yyyy", "dd/mm/yyyy", "USD"], True),
        (INVOICES, ["(text)", "(name)", "dd/mm/yyyy", "dd/mm/yyyy", "0.00"], False),
        (CUSTOMERS, ["(text)", "(name)"], False),
    ],
)
def test_the_row_below_the_header_may_explain_it(headings, row, is_left_out):
    records, _, left_out = sorted_rows(headings, row, AN_INVOICE[: len(headings)])

    assert (records, bool(left_out)) == ([3] if is_left_out else [2, 3], is_left_out)


def test_a_row_further_below_explains_nothing():
    assert sorted_rows(INVOICES, AN_INVOICE, ["(a)", "(b)", "x", "y", "USD"])[0] == [2, 3]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (["x" * 60], "x" * 60),
        (["x" * 61], "x" * 59 + "…"),
        ([None, "x" * 29, "y" * 30], f"{'x' * 29} {'y' * 30}"),
        ([None, "x" * 29, "y" * 31], f"{'x' * 29} {'y' * 27}..."),
        ([None, "see", "below"], "see below"),
    ],
)
def test_what_is_left_out_is_told_in_sixty_letters(cells, text):
    assert sorted_rows(INVOICES, AN_INVOICE, cells, LAST)[2] == [(3, text)]
