"""A tab is split into its tables, below one another or side by side, each with its title, headings and rows."""

from dataclasses import replace
from datetime import date

import pytest
from support.workbooks import INVOICES, PAYMENTS, book

from app.workbook.meaning.tables.headers import ChosenMapping, ListKind
from app.workbook.meaning.tables.tables import header_line, is_list_of_problems, tables
from app.workbook.reading.cells import Merged

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
AN_INVOICE = ["1", "Acme", ISSUED, DUE, 5]
A_PAYMENT = ["1", PAID, 5]
SHORT = ["Invoice No", "Customer", "Amount"]


def sheet(*rows, merged=(), name="Sheet1"):
    (made,) = book({name: list(rows)}).sheets
    return replace(made, merged=tuple(merged))


def found(*rows, merged=(), chosen=None):
    """Return kind, title, header row and numbers of the rows of each table."""
    return [
        (
            table.header and table.header.kind.value,
            table.title,
            table.line.row,
            [row.number for row in table.sheet.rows],
        )
        for table in tables(sheet(*rows, merged=merged), chosen or {})
    ]


def headings(*rows, merged=()):
    """Return the headings of the first table, and those of its lowest row alone."""
    line = tables(sheet(*rows, merged=merged), {})[0].line
    return (line.first_row, line.row), line.headings, line.bare


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([INVOICES, AN_INVOICE], [("invoice", "", 1, [2])]),
        ([["ACME"], ["Open items"], ["x", "y"], [], INVOICES, AN_INVOICE], [("invoice", "ACME Open items", 5, [6])]),
        ([["A"], ["B"], ["C"], INVOICES, AN_INVOICE], [("invoice", "B C", 4, [5])]),
        ([["A" * 80], ["B" * 81], INVOICES, AN_INVOICE], [("invoice", "A" * 80, 3, [4])]),
        (
            [INVOICES, AN_INVOICE, [], ["Payments"], PAYMENTS, A_PAYMENT, A_PAYMENT],
            [("invoice", "", 1, [2]), ("payment", "Payments", 5, [6, 7])],
        ),
        ([INVOICES, AN_INVOICE, PAYMENTS, A_PAYMENT], [("invoice", "", 1, [2]), ("payment", "", 3, [4])]),
        (
            [INVOICES, AN_INVOICE, ["a"], ["Payments"], PAYMENTS, A_PAYMENT],
            [("invoice", "", 1, [2]), ("payment", "a Payments", 5, [6])],
        ),
        (
            [INVOICES, AN_INVOICE, ["Total", 5], PAYMENTS, A_PAYMENT],
            [("invoice", "", 1, [2, 3]), ("payment", "", 4, [5])],
        ),
        ([INVOICES, AN_INVOICE, INVOICES, AN_INVOICE], [("invoice", "", 1, [2, 3, 4])]),
        (
            [INVOICES, AN_INVOICE, ["Customer", "Reminded on", "Charge", "Sent by"], ["Acme", DUE, 5.5, "Jo"]],
            [("invoice", "", 1, [2]), (None, "", 3, [4])],
        ),
        ([INVOICES, AN_INVOICE, ["Customer", "Foo", "Bar"], ["x", "y", 5]], [("invoice", "", 1, [2, 3, 4])]),
        ([["Foo", "Bar"], SHORT, ["1", "A", 5]], [("invoice", "", 2, [3])]),
    ],
    ids=[
        "one",
        "below titles",
        "the last two titles",
        "titles of a heading's length",
        "with a caption",
        "without one",
        "with two captions",
        "below a total",
        "the header again",
        "one that is no list",
        "words that are no header",
        "below words",
    ],
)
def test_tables_below_one_another_are_told_apart(rows, expected):
    assert found(*rows) == expected


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([[*INVOICES, None, *PAYMENTS], [*AN_INVOICE, None, *A_PAYMENT]], ["invoice", "payment"]),
        ([[*INVOICES, *PAYMENTS], [*AN_INVOICE, *A_PAYMENT]], ["invoice", "payment"]),
        ([[*INVOICES, *INVOICES], [*AN_INVOICE, *AN_INVOICE]], ["invoice", "invoice"]),
        ([["Invoice No", "Customer", None, "Amount"], ["1", "Acme", None, 5]], ["invoice"]),
        ([["Invoice No", "Customer", None, "Amount"], ["1", "Acme", "x", 5]], ["invoice"]),
        ([[*SHORT, None, "Foo", "Bar"], ["1", "Acme", 5, None, "x", "y"]], ["invoice"]),
    ],
    ids=["with a gap", "without a gap", "two of a kind", "a gap in one", "an unnamed column", "a note beside"],
)
def test_tables_side_by_side_are_told_apart(rows, kinds):
    made = tables(sheet(*rows), {})

    assert [table.header.kind.value for table in made] == kinds
    assert {table.is_only for table in made} == {len(kinds) == 1}


def test_a_table_beside_another_keeps_its_cells_at_their_columns():
    left, right = tables(sheet([*SHORT, None, *PAYMENTS], ["1", "Acme", 5, None, "1", PAID, 5], ["2", "Bolt", 6]), {})

    assert left.line.headings == ("Invoice No", "Customer", "Amount", "")
    assert right.line.headings == ("", "", "", "", "Invoice No", "Payment Date", "Amount")
    assert [row.cells[:3] for row in left.sheet.rows] == [("1", "Acme", 5), ("2", "Bolt", 6)]
    assert [(row.number, row.cells[4], row.cells[:4]) for row in right.sheet.rows] == [(2, "1", (None,) * 4)]
    assert right.header.column("paid_on").index == 5


def test_a_table_of_a_chosen_mapping_is_not_split():
    rows = [[*INVOICES, None, *PAYMENTS], [*AN_INVOICE, None, *A_PAYMENT]]
    fingerprint = header_line(sheet(*rows).rows[0]).fingerprint
    chosen = {fingerprint: ChosenMapping(ListKind.INVOICE, {0: "number", 4: "total_cents"})}

    assert found(*rows, chosen=chosen) == [("invoice", "", 1, [2])]


# --- headings of several rows


@pytest.mark.parametrize(
    ("rows", "lines", "expected", "bare"),
    [
        (
            [["Invoice", None, "Date", None, "Amount", None], ["No", "Customer", "Issued", "Due", "Total", "Paid"]],
            (1, 2),
            ("Invoice No", "Invoice Customer", "Date Issued", "Date Due", "Amount Total", "Amount Paid"),
            ("No", "Customer", "Issued", "Due", "Total", "Paid"),
        ),
        (
            [
                ["Invoice", None, "Date", None, "Amount"],
                ["No", "Customer", "of", "of", "Total"],
                [None, None, "Issue", "Due", "EUR"],
            ],
            (1, 3),
            ("Invoice No", "Customer", "Date of Issue", "Date of Due", "Amount Total EUR"),
            ("Invoice No", "Customer", "Issue", "Due", "EUR"),
        ),
        (
            [["Invoice", "Customer", "Amount", "Amount"], ["No", None, "Amount", "Paid"]],
            (1, 2),
            ("Invoice No", "Customer", "Amount", "Amount Paid"),
            ("No", "Customer", "Amount", "Paid"),
        ),
        ([["Receivables of 2026"], SHORT], (2, 2), tuple(SHORT), tuple(SHORT)),
        ([["Invoice", None, "Date"], [], ["No", "Customer", "Amount"]], (3, 3), ("No", "Customer", "Amount"),
         ("No", "Customer", "Amount")),
    ],
    ids=["two rows", "three rows", "a heading over both", "a title", "rows that are apart"],
)  # fmt: skip
def test_headings_of_several_rows_are_joined(rows, lines, expected, bare):
    cells = ["1", "Acme", ISSUED, DUE, 5, 1] if len(rows[-1]) > 4 else ["1", "Acme", 5, 1]

    assert headings(*rows, cells[: len(rows[-1])]) == (lines, expected, bare)


@pytest.mark.parametrize(
    ("merged", "expected"),
    [
        ([(1, 0, 1, 2), (1, 3, 1, 4)], ("Invoice No", "Invoice Customer", "Invoice Amount", "Payment Date",
                                        "Payment Amount")),
        ([(1, 0, 1, 1), (1, 3, 1, 4)], ("Invoice No", "Invoice Customer", "Amount", "Payment Date", "Payment Amount")),
        ([(2, 0, 2, 1)], ("Invoice No", "Invoice Customer", "Invoice Amount", "Payment Date", "Payment Amount")),
        ([(1, 3, 1, 9)], ("Invoice No", "Customer", "Amount", "Payment Date", "Payment Amount")),
    ],
    ids=["over all", "over some", "in another row", "beyond the last"],
)  # fmt: skip
def test_a_merged_heading_stands_over_the_columns_of_its_merge(merged, expected):
    rows = [["Invoice", None, None, "Payment", None], ["No", "Customer", "Amount", "Date", "Amount"]]

    assert headings(*rows, ["1", "Acme", 5, PAID, 5], merged=merged)[1] == expected


@pytest.mark.parametrize("merged", [[(1, 0, 1, 2)], [(1, 0, 1, 8)], []])
def test_a_title_merged_over_all_columns_is_no_heading(merged):
    assert headings(["Receivables", None, None], SHORT, ["1", "Acme", 5], merged=merged)[1] == tuple(SHORT)


def test_a_merged_cell_is_a_heading_too():
    assert headings([Merged("Invoice No"), "Customer", "Amount"], ["1", "Acme", 5])[1] == tuple(SHORT)


# --- where no list is


@pytest.mark.parametrize(
    ("rows", "row", "title"),
    [
        ([["Foo", "Bar"], ["a", "b", "c"], [1, 2]], 2, ""),
        ([["Ideas"], ["Foo", "Bar"], [1, 2]], 2, "Ideas"),
        ([["Foo", "Bar"], ["a", "b"]], 1, ""),
    ],
)
def test_without_a_list_the_row_of_most_words_is_the_likeliest_header(rows, row, title):
    (table,) = tables(sheet(*rows), {})

    assert (table.header, table.line.row, table.title, table.is_only) == (None, row, title, True)
    assert len(table.sheet.rows) == len(rows)


@pytest.mark.parametrize("rows", [[], [["Foo"]], [[1, 2]]])
def test_without_two_words_in_a_row_there_is_no_header_at_all(rows):
    (table,) = tables(sheet(*rows), {})

    assert (table.header, table.line) == (None, None)


@pytest.mark.parametrize(("above", "is_found"), [(29, True), (30, False)])
def test_a_header_stands_in_the_first_thirty_rows(above, is_found):
    rows = [["x"]] * above + [INVOICES, AN_INVOICE]

    assert (tables(sheet(*rows), {})[0].header is not None) is is_found


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        (["Tab", "Cell", "Problem"], True),
        (["TAB", " cell", "problem:", "more"], True),
        (["Tab", "Cell"], False),
        (["Tab", "Cell", "Row"], False),
    ],
)
def test_a_list_of_problems_is_known_by_its_first_three_headings(cells, is_one):
    assert is_list_of_problems(sheet(cells)) is is_one


def test_an_empty_tab_is_no_list_of_problems():
    assert is_list_of_problems(sheet()) is False


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (["Invoice No", "Amount"], ["INVOICE  No.", "amount:"], True),
        (["Invoice No", "Amount"], ["Invoice No", "Amount", None, ""], True),
        (["Invoice No", "Amount"], ["Amount", "Invoice No"], False),
        (["Invoice No", "Amount"], ["Invoice No", None, "Amount"], False),
        (["Invoice No", "Amount"], ["Invoice NoAmount"], False),
    ],
)
def test_a_header_is_the_same_by_its_words_in_order(first, second, is_same):
    one, other = (header_line(sheet([*cells, "x"]).rows[0]) for cells in (first, second))
    one, other = (replace(line, headings=line.headings[:-1]) for line in (one, other))

    assert (one.fingerprint == other.fingerprint) is is_same
