"""An invoice's row says its total, its days, its status and what was paid; what contradicts itself is a problem."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, stored
from support.workbooks import (
    CUSTOMERS,
    INVOICES,
    PAYMENTS,
    asked,
    check,
    invoice_values,
    notices,
    payment_values,
    problems,
    questions,
)

from app.workbook.meaning.results.records import Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
SAID = {"paid": "Paid", "balance": "Balance", "paid_on": "Paid On", "status": "Status", "method": "Payment Method"}


def tracked(*rows):
    """Return a tab of these invoices, with all columns that say what was paid."""
    headings = [*INVOICES, *SAID.values()]
    made = [
        [str(number), "Acme", one.get("issued", ISSUED), one.get("due", DUE), one.get("amount", 100),
         *(one.get(name) for name in SAID)]
        for number, one in enumerate(rows, 1)
    ]  # fmt: skip
    return {"Tracker": [headings, *made]}


def paid(checked):
    return payment_values(checked, "paid_on", "amount_cents")


# --- amounts


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"balance": 120}, "G2 says 120.00 is open of 100.00: correct the one that is wrong."),
        ({"balance": 100.01}, "G2 says 100.01 is open of 100.00: correct the one that is wrong."),
        ({"amount": -50, "balance": -60}, "G2 says -60.00 is open of -50.00: correct the one that is wrong."),
        (
            {"paid": 40, "balance": 59.99},
            "G2 says 59.99 is open, but 100.00 less 40.00 paid is 60.00: correct the one that is wrong.",
        ),
        (
            {"paid": 0, "balance": 60},
            "G2 says 60.00 is open, but 100.00 less 0.00 paid is 100.00: correct the one that is wrong.",
        ),
        ({"amount": None, "balance": 60}, "E2 has no amount."),
    ],
)
def test_a_balance_that_cannot_be_right_is_a_problem(said, problem):
    assert problems(check(tracked(said), undated="due")) == [f"Tracker!{problem}"]


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ({"balance": 100}, None),
        ({"balance": 0}, 100_00),
        ({"balance": 0.01}, 99_99),
        ({"balance": -20}, 120_00),
        ({"balance": -200}, 300_00),
        ({"amount": -50, "balance": -50}, None),
        ({"amount": -50, "balance": 0}, -50_00),
        ({"amount": -50, "balance": 20}, -70_00),
        ({"paid": 40, "balance": 60}, 40_00),
        ({"balance": 60, "status": "Void"}, None),
        ({"paid": 40, "balance": 0, "status": "Written off"}, 40_00),
        ({"paid": 40, "balance": 10, "status": "Draft"}, 40_00),
    ],
)
def test_what_was_paid_is_the_total_less_the_balance_unless_the_invoice_is_closed(said, cents):
    checked = check(tracked(said), undated="due", overpaid="credit")

    assert problems(checked) == []
    assert paid(checked) == ([(DUE, cents)] if cents else [])


@pytest.mark.parametrize(
    ("headings", "cells", "cents"),
    [
        (["Balance"], [60], 60_00),
        (["Balance", "Paid"], [60, 40], 100_00),
        (["Net Amount", "VAT"], [100, None], 100_00),
        (["Net Amount", "VAT"], [100, 20], 120_00),
    ],
)
def test_the_total_is_made_of_what_there_is(headings, cells, cents):
    tabs = {"A": [[*INVOICES[:4], *headings], ["1", "Acme", ISSUED, DUE, *cells], ["2", "Acme", ISSUED, DUE, 30, 5]]}

    assert invoice_values(check(tabs, undated="due"), "total_cents")[0] == (cents,)


@pytest.mark.parametrize(
    ("headings", "cells", "problem"),
    [
        (["Balance"], [None], "A!E2 has no amount."),
        (["Net Amount", "VAT"], [None, 20], "A!E2 has no amount."),
    ],
)
def test_an_invoice_without_an_amount_is_a_problem_at_the_column_that_would_have_it(headings, cells, problem):
    tabs = {"A": [[*INVOICES[:4], *headings], ["1", "Acme", ISSUED, DUE, *cells], ["2", "Acme", ISSUED, DUE, 30, 5]]}

    assert problems(check(tabs, undated="due")) == [problem]


IN_DOLLARS = ["A!F2 is in USD, but the invoice is in EUR: enter what it is in EUR."]


@pytest.mark.parametrize(
    ("amount", "paid_cell", "headings", "problem"),
    [
        ("€100.00", "$50.00", ["Amount", "Paid"], IN_DOLLARS),
        ("€100.00", "€50.00", ["Amount", "Paid"], []),
        ("€100.00", 50, ["Amount", "Paid"], []),
        (100, "€50.00", ["Amount", "Paid"], []),
        ("€100.00", "$50.00", ["Amount", "Balance"], IN_DOLLARS),
        (100, 50, ["Total (EUR)", "Paid (USD)"], IN_DOLLARS),
        (100, None, ["Total (EUR)", "Paid (USD)"], []),
        ("100 CAD", "$50.00", ["Amount", "Paid"], []),
    ],
)
def test_what_is_paid_or_open_is_in_the_currency_of_the_total(amount, paid_cell, headings, problem):
    tabs = {"A": [[*INVOICES[:4], *headings], ["1", "Acme", ISSUED, DUE, amount, paid_cell]]}

    assert problems(check(tabs, undated="due")) == problem


@pytest.mark.parametrize(
    ("cells", "currency"), [(["€100.00", 40], "EUR"), ([100, "€40.00"], "EUR"), ([None, "€40.00"], None)]
)
def test_the_currency_is_that_of_the_first_amount_that_names_one(cells, currency):
    checked = check({"A": [[*INVOICES[:4], "Amount", "Paid"], ["1", "Acme", ISSUED, DUE, *cells]]}, undated="due")

    assert invoice_values(checked, "currency") == ([(currency,)] if currency else [])


# --- days


def test_invoices_without_due_date_and_terms_are_one_question():
    assert asked(check(tracked({"due": None}, {"due": None}))) == [
        Question(
            id="terms",
            subject="terms",
            tab="Tracker",
            text="2 invoices have neither a due date nor terms (the first at Tracker!D2): after how many days is it "
            "due?",
            choices=("0", "14", "30", "60"),
            shape="terms:<headings>",
        )
    ]


def test_one_invoice_without_a_due_date_is_named_where_its_day_is():
    headings = ["Invoice No", "Customer", "Invoice Date", "Amount"]

    assert questions(check({"A": [headings, ["1", "Acme", ISSUED, 100]]})) == [
        "1 invoice has neither a due date nor terms (the first at A!C2): after how many days is it due?"
    ]


@pytest.mark.parametrize(("terms", "due"), [("0", ISSUED), ("14", date(2026, 1, 19)), ("730", date(2028, 1, 5))])
def test_the_answered_terms_are_days_after_the_invoice(terms, due):
    assert invoice_values(check(tracked({"due": None}), terms=terms), "due_on") == [(due,)]


@pytest.mark.parametrize("terms", ["731", "1000", "-1", "soon"])
def test_terms_of_more_than_two_years_are_no_answer(terms):
    checked = check(tracked({"due": None}), terms=terms)

    assert len(checked.questions) == 1
    assert checked.error_rows == {("Tracker", 2)}


@pytest.mark.parametrize(
    ("own", "listed", "kept", "due"),
    [
        ("14 days", 30, 60, date(2026, 1, 19)),
        (None, 30, 60, date(2026, 2, 4)),
        (None, None, 60, date(2026, 3, 6)),
        (0, 30, 60, ISSUED),
    ],
    ids=["its own", "those of the list", "those that are stored", "none to wait"],
)
def test_terms_are_the_invoices_own_then_the_listed_then_the_stored_ones(own, listed, kept, due):
    tabs = {
        "Customers": [[*CUSTOMERS, "Terms"], ["C1", "Acme", listed]],
        "Invoices": [[*INVOICES, "Terms"], ["1", "C1", ISSUED, None, 100, own]],
    }

    checked = check(tabs, stored([a_stored_customer("C1", "Acme", terms_days=kept)]))

    assert invoice_values(checked, "due_on") == [(due,)]


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ({"paid_on": PAID}, PAID),
        ({"paid_on": PAID, "status": "Paid"}, PAID),
        ({"paid_on": PAID, "paid": 100}, PAID),
        ({"paid_on": date(2025, 12, 1), "status": "Paid"}, ISSUED),
        ({"paid_on": PAID, "paid": 40}, None),
        ({"paid_on": PAID, "status": "Partial", "paid": 40}, None),
    ],
)
def test_a_paid_invoice_without_a_due_date_was_due_on_the_day_of_payment(said, due):
    checked = check(tracked({"due": None, **said}))

    assert invoice_values(checked, "due_on") == ([(due,)] if due else [])
    assert [one.subject for one in checked.questions] == ([] if due else ["terms"])


def test_a_day_of_payment_is_no_due_date_where_payments_are_listed():
    tabs = tracked({"due": None, "paid_on": PAID}) | {"Payments": [PAYMENTS, ["1", PAID, 100]]}

    assert [one.subject for one in check(tabs).questions] == ["terms"]


@pytest.mark.parametrize(
    ("headings", "unread"),
    [
        (["Invoice No", "Customer", "Amount"], ""),
        (["Invoice No", "Customer", "Amount", "Clerk"], "; not read: D 'Clerk'"),
        (["Invoice No", "Customer", "Amount", "Clerk", "Place"], "; not read: D 'Clerk', E 'Place'"),
    ],
)
def test_a_table_without_a_column_of_invoice_dates_is_one_problem(headings, unread):
    rows = [[number, "Acme", 100, "Jo", "X"][: len(headings)] for number in "12"]

    checked = check({"A": [headings, *rows]})

    (problem,) = checked.problems
    assert (problem.tab, problem.cell, problem.row) == ("A", "A1", 2)
    assert problem.message == (f"A1: No column of tab 'A' is read as the invoice date{unread}. Say which column it is.")
    assert checked.error_rows == {("A", 2), ("A", 3)}


# --- the status


@pytest.mark.parametrize(
    ("status", "state", "disputed"),
    [
        ("Void", "void", None),
        ("Draft", "draft", None),
        ("Written off", "written off", None),
        ("Open", "", None),
        ("Disputed", "", True),
        (None, "", None),
    ],
)
def test_a_status_is_the_state_of_the_invoice(status, state, disputed):
    assert invoice_values(check(tracked({"status": status})), "state", "disputed") == [(state, disputed)]


@pytest.mark.parametrize(
    ("status", "since", "reason", "expected"),
    [
        ("Void", DUE, "a slip", {"state": "void", "state_on": DUE, "state_reason": "a slip"}),
        ("Void", None, None, {"state": "void", "state_reason": ""}),
        ("Open", DUE, "a slip", {"state": ""}),
    ],
)
def test_a_closed_invoice_says_since_when_and_why(status, since, reason, expected):
    headings = [*INVOICES, "Status", "Status Date", "Status Reason"]

    (invoice,) = check({"A": [headings, ["1", "Acme", ISSUED, DUE, 100, status, since, reason]]}).invoices

    assert {name: value for name, value in invoice.values.items() if name.startswith("state")} == expected


def test_a_table_without_statuses_says_nothing_of_the_state():
    assert "state" not in check({"A": [INVOICES, ["1", "Acme", ISSUED, DUE, 100]]}).invoices[0].values


ALL_IS_PAID = "says the invoice is not paid, but all of 100.00 is: correct what is wrong."


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"paid": 100, "status": "Open"}, f"I2 {ALL_IS_PAID}"),
        ({"paid": 100, "status": "Partial"}, f"I2 {ALL_IS_PAID}"),
        ({"paid": 120, "status": "Open"}, f"I2 {ALL_IS_PAID}"),
        ({"status": "Partial"}, "I2 says the invoice is paid in part, but no cell says how much."),
        ({"status": "Open", "paid_on": PAID}, "I2 says the invoice is not paid, but H2 has a day of payment."),
        ({"paid": 99.99, "status": "Paid"}, "I2 says the invoice is paid, but 0.01 of it is still open."),
        ({"amount": -50, "paid": -40, "status": "Paid"},
         "I2 says the invoice is paid, but -10.00 of it is still open."),
    ],
)  # fmt: skip
def test_a_status_that_contradicts_what_was_paid_is_a_problem(said, problem):
    assert problems(check(tracked(said), undated="due")) == [f"Tracker!{problem}"]


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ({"paid": 99.99, "status": "Open"}, 99_99),
        ({"paid": 40, "status": "Partial"}, 40_00),
        ({"amount": 0, "paid": 0, "status": "Open"}, None),
        ({"paid": 100, "status": "Paid"}, 100_00),
        ({"paid": 120, "status": "Paid"}, 120_00),
        ({"amount": -50, "paid": -50, "status": "Paid"}, -50_00),
        ({"amount": -50, "paid": -60, "status": "Paid"}, -60_00),
        ({"status": "Paid"}, 100_00),
        ({"status": "Disputed", "paid_on": DUE}, 100_00),
        ({"paid_on": DUE}, 100_00),
        ({"status": "Void", "paid_on": DUE}, None),
        ({"status": "Sent"}, None),
        ({"status": "Sent", "paid": 40}, 40_00),
    ],
)
def test_status_and_amount_say_together_what_was_paid(said, cents):
    checked = check(tracked(said), undated="due", overpaid="credit")

    assert problems(checked) == []
    assert paid(checked) == ([(DUE, cents)] if cents else [])


@pytest.mark.parametrize(
    ("headings", "cells"),
    [(["Paid"], [0]), (["Balance"], [100]), (["Paid On"], [None])],
)
def test_an_unknown_status_is_told_where_something_else_says_what_was_paid(headings, cells):
    tabs = {"A": [[*INVOICES, *headings, "Status"], ["1", "Acme", ISSUED, DUE, 100, *cells, "sorted out"]]}

    assert (problems(check(tabs)), notices(check(tabs))) == (
        [],
        ["The status 'sorted out' is not known and was not used (G2)."],
    )


def test_an_unknown_status_is_told_where_payments_are_listed():
    tabs = {"A": [[*INVOICES, "Status"], ["1", "Acme", ISSUED, DUE, 100, "sorted out"]]}

    checked = check(tabs | {"Payments": [PAYMENTS, ["1", PAID, 5]]})

    assert notices(checked) == ["The status 'sorted out' is not known and was not used (F2)."]


def test_an_unknown_status_is_quoted_to_its_fortieth_letter():
    tabs = {"A": [[*INVOICES, "Status"], ["1", "Acme", ISSUED, DUE, 100, "x" * 41]]}

    assert problems(check(tabs)) == [
        f"A!F2 says '{'x' * 40}', and nothing else tells whether the invoice is paid: write Paid, Open or Void."
    ]


# --- the payment in the row


def test_payments_without_a_day_are_one_question():
    assert asked(check(tracked({"paid": 40}, {"balance": 60}, {"status": "Paid"}))) == [
        Question(
            id="undated",
            subject="undated",
            tab="Tracker",
            text="3 invoices say what was paid but not when (the first at Tracker!H2): on which day should the payment "
            "count?",
            choices=("issued", "due"),
            shape="undated:<headings>",
        )
    ]


@pytest.mark.parametrize(
    ("headings", "cells", "cell"),
    [(["Paid"], [40], "F2"), (["Status"], ["Paid"], "F2"), (["Balance", "Status"], [0, "Paid"], "G2")],
)
def test_a_payment_without_a_day_is_named_at_the_cell_that_says_it(headings, cells, cell):
    tabs = {"A": [[*INVOICES, *headings], ["1", "Acme", ISSUED, DUE, 100, *cells]]}

    assert questions(check(tabs)) == [
        f"1 invoice says what was paid but not when (the first at A!{cell}): on which day should the payment count?"
    ]


@pytest.mark.parametrize(("answer", "day"), [("issued", ISSUED), ("due", DUE)])
def test_a_payment_without_a_day_counts_as_was_answered(answer, day):
    checked = check(tracked({"paid": 40}), undated=answer)

    assert (paid(checked), questions(checked)) == ([(day, 40_00)], [])


def test_the_payment_in_the_row_is_all_that_was_paid_so_far_with_its_method():
    (payment,) = check(tracked({"paid": 40, "paid_on": PAID, "method": "bank"})).payments

    assert (payment.key, payment.row, payment.cumulative) == (("1", "acme"), 2, True)
    assert payment.values == {"paid_on": PAID, "amount_cents": 40_00, "method": "bank"}


def test_the_row_brings_no_payment_where_payments_are_listed():
    tabs = tracked({"paid": 40, "paid_on": PAID}) | {"Payments": [PAYMENTS, ["1", PAID, 40]]}

    assert [one.tab for one in check(tabs).payments] == ["Payments"]


def test_an_empty_list_of_payments_leaves_the_word_to_the_rows():
    tabs = tracked({"paid": 40, "paid_on": PAID}) | {"Payments": [PAYMENTS]}

    assert [one.tab for one in check(tabs).payments] == ["Tracker"]


def test_the_ledger_is_the_tab_unless_the_row_names_one():
    tabs = {
        "2026": [[*INVOICES, "Ledger"], ["1", "Acme", ISSUED, DUE, 1, "North"], ["2", "Acme", ISSUED, DUE, 1, None]]
    }

    assert invoice_values(check(tabs), "ledger") == [("North",), ("2026",)]
