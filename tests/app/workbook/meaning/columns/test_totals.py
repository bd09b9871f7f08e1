"""The total of an invoice is found by sums that hold, else by headings, else by a question."""

from datetime import date

import pytest
from support.workbooks import INVOICES, asked, check, invoice_values, notices, questions

from app.workbook.meaning.results.records import Example, Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
PLACES = INVOICES[:4]


def tab(headings, *rows):
    return {"2026": [[*PLACES, *headings], *([str(n), "Acme", ISSUED, DUE, *one] for n, one in enumerate(rows, 1))]}


def read(checked):
    """Return field and confidence of the columns from E on that are read."""
    columns = checked.tabs[0].columns[4:]
    return {one["column"]: (one["field"], one["confidence"]) for one in columns if one["field"]}


def totals(checked):
    return [cents for (cents,) in invoice_values(checked, "total_cents")]


@pytest.mark.parametrize(
    ("headings", "cells", "column", "cents"),
    [
        (["Subtotal", "Shipping", "Tax", "Grand Total"], [100, 10, 22, 132], "H", 132_00),
        (["Subtotal", "Discount", "Total"], [100, 10, 90], "G", 90_00),
        (["Subtotal", "Discount", "VAT", "Total"], [100, 10, 18, 108], "H", 108_00),
        (["Total", "Discount", "Subtotal"], [90, 10, 100], "E", 90_00),
        (["Total", "Discount", "Subtotal"], [90, -10, 100], "E", 90_00),
        (["Net Amount", "VAT", "Amount due"], [100, 19, 119], "G", 119_00),
        (["Total", "VAT", "Net Amount"], [119, 19, 100], "E", 119_00),
        (["Subtotal", "Discount", "Net Amount", "VAT", "Total"], [110, 10, 100, 20, 120], "I", 120_00),
    ],
)
def test_the_total_is_the_column_that_the_others_add_up_to(headings, cells, column, cents):
    checked = check(tab(headings, cells, [2 * cell for cell in cells]))

    assert read(checked) == {column: ("total_cents", "proven")}
    assert totals(checked) == [cents, 2 * cents]
    assert questions(checked) == []


def test_an_amount_that_is_payable_is_what_the_others_add_up_to():
    checked = check(tab(["Net Amount", "VAT", "Amount due"], [100, 19, 119]))

    assert notices(checked) == ["Columns kept as they are: E 'Net Amount', F 'VAT'."]


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [
        (["Amount", "Total"], [100, 100], {"F": ("total_cents", "said")}),
        (["Net Amount"], [100], {"E": ("total_cents", "said")}),
        (["Net Amount", "VAT"], [100, 13.5], {"E": ("net_cents", "said"), "F": ("tax_cents", "said")}),
        (["Gross Amount", "VAT"], [100, 13.5], {"E": ("total_cents", "said")}),
        (["Quantity", "Unit price", "Amount"], [2, 50, 100], {"G": ("total_cents", "said")}),
        (["Amount", "VAT"], [120, 20], {"E": ("total_cents", "said")}),
        (["Amount", "VAT"], [100, 0], {"E": ("total_cents", "said")}),
        (["Amount", "Discount"], [100, 0], {"E": ("total_cents", "said")}),
    ],
)
def test_the_total_is_found_by_its_heading_where_no_sum_proves_it(headings, cells, expected):
    checked = check(tab(headings, cells))

    assert read(checked) == expected
    assert questions(checked) == []


def test_columns_that_may_both_be_the_total_are_asked_about():
    checked = check(tab(["Amount", "Invoice Value"], [100, 110], [50, 50]))

    assert asked(checked) == [
        Question(
            id="total:2026!F",
            subject="total",
            tab="2026",
            text="Which column of tab '2026' says what is owed: column F 'Invoice Value' or column E 'Amount'?",
            choices=("F", "E"),
            examples=(Example("F2", "110.00", {}), Example("F3", "50.00", {})),
            labels={"F": "Invoice Value", "E": "Amount"},
            effects={"F": "160.00 in all", "E": "150.00 in all"},
            shape="total:<headings>:F",
        )
    ]
    assert totals(checked) == [110_00, 50_00]


@pytest.mark.parametrize(("answer", "cents"), [("F", 110_00), ("E", 100_00)])
def test_the_total_is_the_column_that_was_answered(answer, cents):
    checked = check(tab(["Amount", "Invoice Value"], [100, 110]), total=answer)

    assert read(checked) == {answer: ("total_cents", "chosen")}
    assert totals(checked) == [cents]
    assert questions(checked) == []


def test_of_totals_in_several_currencies_the_one_is_read_in_which_it_was_paid():
    checked = check(tab(["Total (EUR)", "Total (USD)", "Paid (USD)", "Paid On"], [100, 120, 120, PAID]))

    assert invoice_values(checked, "total_cents", "currency") == [(120_00, "USD")]
    assert notices(checked) == [
        "What was paid is in USD, so 'Total (EUR)' was not read.",
        "Columns kept as they are: E 'Total (EUR)'.",
    ]
    assert questions(checked) == []


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        (["Total (EUR)", "Total (USD)", "Paid", "Paid On"], [100, 120, 100, PAID]),
        (["Total (EUR)", "Total", "Paid (USD)", "Paid On"], [100, 120, 120, PAID]),
        (["Total (EUR)", "Total (USD)", "Paid (USD)", "Balance (EUR)", "Paid On"], [100, 120, 120, 0, PAID]),
        (["Total (EUR)", "Total (USD)", "Paid (CHF)", "Paid On"], [100, 120, 120, PAID]),
    ],
)
def test_totals_in_several_currencies_are_asked_about_where_no_one_currency_was_paid(headings, cells):
    assert [one.subject for one in check(tab(headings, cells)).questions][:1] == ["total"]


def test_a_tax_that_may_be_included_is_asked_about():
    checked = check(tab(["Amount", "VAT"], [100, 13.5], [200, 20]))

    assert asked(checked) == [
        Question(
            id="tax:2026!F",
            subject="tax",
            tab="2026",
            text="Does column E 'Amount' of tab '2026' include column F 'VAT'?",
            choices=("included", "added"),
            examples=(Example("E2", "100.00", {}), Example("E3", "200.00", {})),
            labels={"included": "it is included", "added": "it is to be added"},
            effects={"included": "300.00 invoiced", "added": "333.50 invoiced"},
            shape="tax:<headings>:F",
        )
    ]


@pytest.mark.parametrize(
    ("answer", "expected", "cents"),
    [
        ("included", {"E": ("total_cents", "said")}, 100_00),
        ("added", {"E": ("total_cents", "said"), "F": ("tax_cents", "chosen")}, 113_50),
    ],
)
def test_a_tax_is_read_as_was_answered(answer, expected, cents):
    checked = check(tab(["Amount", "VAT"], [100, 13.5]), tax=answer)

    assert (read(checked), totals(checked), questions(checked)) == (expected, [cents], [])


def test_several_taxes_are_added_to_a_net_amount():
    checked = check(tab(["Net Amount", "VAT", "Sales tax"], [100, 13.5, 2]))

    assert read(checked) == {"E": ("net_cents", "said"), "F": ("tax_cents", "said"), "G": ("tax_cents", "said")}
    assert totals(checked) == [115_50]


def test_several_taxes_are_one_question():
    tabs = tab(["Amount", "VAT", "Sales tax"], [100, 13.5, 2])

    assert questions(check(tabs)) == [
        "Does column E 'Amount' of tab '2026' include column F 'VAT' and column G 'Sales tax'?"
    ]
    assert totals(check(tabs, tax="added")) == [115_50]


def test_several_discounts_are_one_question():
    tabs = tab(["Amount", "Discount", "Rabatt"], [100, 10, 5])

    assert questions(check(tabs)) == [
        "Are column F 'Discount' and column G 'Rabatt' of tab '2026' taken off column E 'Amount' already?"
    ]
    assert totals(check(tabs, discount="deducted")) == [85_00]


def test_a_discount_that_may_be_taken_off_is_asked_about():
    checked = check(tab(["Amount", "Discount"], [100, 10], [50, -5]))

    assert asked(checked) == [
        Question(
            id="discount:2026!F",
            subject="discount",
            tab="2026",
            text="Is column F 'Discount' of tab '2026' taken off column E 'Amount' already?",
            choices=("included", "deducted"),
            examples=(Example("F2", "10.00", {}), Example("F3", "-5.00", {})),
            labels={"included": "it is taken off already", "deducted": "it is still to be taken off"},
            effects={"included": "150.00 invoiced", "deducted": "135.00 invoiced"},
            shape="discount:<headings>:F",
        )
    ]


@pytest.mark.parametrize(
    ("answer", "expected", "cents"),
    [
        ("included", {"E": ("total_cents", "said")}, 100_00),
        ("deducted", {"E": ("total_cents", "said"), "F": ("discount_cents", "chosen")}, 90_00),
    ],
)
def test_a_discount_is_read_as_was_answered(answer, expected, cents):
    checked = check(tab(["Amount", "Discount"], [100, 10]), discount=answer)

    assert (read(checked), totals(checked), questions(checked)) == (expected, [cents], [])


def test_a_discount_beside_a_net_amount_is_asked_about():
    assert questions(check(tab(["Net Amount", "VAT", "Discount"], [100, 20, 10]))) == [
        "Is column G 'Discount' of tab '2026' taken off column E 'Net Amount' already?"
    ]


def test_a_discount_is_not_asked_about_where_paid_and_open_prove_the_total():
    checked = check(tab(["Amount", "Discount", "Paid", "Balance", "Paid On"], [100, 10, 40, 60, PAID]))

    assert questions(checked) == []
    assert totals(checked) == [100_00]


def test_a_total_that_was_chosen_is_not_decided_again():
    tabs = tab(["Subtotal", "Tax", "Total"], [100, 22, 122])

    checked = check(tabs, by_question={"column:2026!E": "total"})

    assert read(checked)["E"] == ("total_cents", "chosen")
    assert totals(checked) == [100_00]
