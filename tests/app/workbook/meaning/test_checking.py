"""Rows become records, or problems and questions that name their cells."""

from datetime import date
from decimal import Decimal

import pytest
from support.snapshots import a_stored_customer, a_stored_invoice, stored
from support.workbooks import (
    AN_INVOICE,
    ANOTHER_INVOICE,
    CUSTOMERS,
    INVOICES,
    NOTHING_STORED,
    PAYMENTS,
    Shown,
    book,
    check,
    invoice_values,
    invoices_tab,
    notices,
    payment_values,
    problems,
    questions,
    say_nothing,
)

from app.domain.sentences import plain
from app.workbook.meaning import checking
from app.workbook.meaning.checking import ReadingContext
from app.workbook.meaning.results.questions import Answers
from app.workbook.reading.cells import ErrorValue, UncalculatedFormula
from app.workbook.reading.progress import Step
from app.workbook.reading.refusal import WorkbookRefusedError

D = Decimal
ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
HUNDRED = D(100)
TRACKER = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount", "Paid", "Balance", "Paid On", "Status"]


def a_row(number="1", customer="Acme", amount=HUNDRED, issued=ISSUED, due=DUE):
    return [number, customer, issued, due, amount]


def tracked(number="1", amount=HUNDRED, paid=None, balance=None, paid_on=None, status=None):
    return {"Tracker": [TRACKER, [*a_row(number, amount=amount), paid, balance, paid_on, status]]}


def test_a_relational_workbook_gives_customers_invoices_and_payments():
    checked = check(
        {
            "Payments": [PAYMENTS, ["1", date(2026, 1, 9), D(40)]],
            "Customers": [CUSTOMERS, ["C1", "Acme"]],
            "Invoices": [INVOICES, a_row(customer="C1")],
        }
    )

    assert [record.key for record in checked.customers] == [("c1",)]
    assert invoice_values(checked, "number", "total_cents", "due_on") == [("1", 100_00, DUE)]
    assert payment_values(checked, "paid_on", "amount_cents") == [(date(2026, 1, 9), 40_00)]
    assert problems(checked) == []


def test_consolidated_tabs_give_invoices_with_their_own_payments():
    headers = [*INVOICES, "Amount Paid", "Paid On"]
    checked = check(
        {
            "2025": [headers, [*a_row("1"), D(100), date(2026, 2, 1)]],
            "2026": [headers, [*a_row("2"), D(30), date(2026, 2, 2)], [*a_row("3"), None, None]],
        }
    )

    assert invoice_values(checked, "number", "ledger") == [("1", "2025"), ("2", "2026"), ("3", "2026")]
    assert payment_values(checked, "amount_cents") == [(100_00,), (30_00,)]


def test_a_customer_is_one_whether_named_by_code_or_by_name():
    checked = check(
        {
            "A": [
                ["Invoice No", "Customer ID", "Customer Name", "Date", "Due", "Amount"],
                ["1", "C1", "Acme", ISSUED, DUE, D(1)],
            ],
            "B": [INVOICES, a_row("2", "ACME ")],
            "C": [INVOICES, a_row("3", "c1")],
        }
    )

    assert [record.key for record in checked.invoices] == [("1", "c1"), ("2", "c1"), ("3", "c1")]
    assert len(checked.customers) == 1


def test_two_codes_with_one_name_are_two_customers():
    headers = ["Invoice No", "Customer ID", "Customer Name", "Date", "Due", "Amount"]
    checked = check({"A": [headers, ["1", "C1", "Acme", ISSUED, DUE, D(1)], ["2", "C2", "Acme", ISSUED, DUE, D(1)]]})

    assert [record.key for record in checked.invoices] == [("1", "c1"), ("2", "c2")]


def test_a_code_beside_another_customers_name_is_a_problem():
    headers = ["Invoice No", "Customer ID", "Customer Name", "Date", "Due", "Amount"]
    checked = check(
        {
            "Customers": [CUSTOMERS, ["C1", "Acme"], ["C2", "Bolt"]],
            "A": [headers, ["1", "C1", "Bolt", ISSUED, DUE, D(1)]],
        }
    )

    assert problems(checked) == ["A!C2 names 'Bolt', who is customer 'C2', beside the code 'C1'."]


def test_a_customer_who_is_not_listed_is_a_problem_that_names_him():
    checked = check({"Customers": [CUSTOMERS, ["C1", "Acme"]], "Invoices": [INVOICES, a_row(customer="Bolt")]})

    assert problems(checked) == [
        "Invoices!B2 names the customer 'Bolt', who is neither in the list of customers nor stored."
    ]


def test_a_name_that_several_customers_have_is_a_problem():
    checked = check({"Customers": [CUSTOMERS, ["C1", "Acme"], ["C2", "Acme"]], "Invoices": [INVOICES, a_row()]})

    assert problems(checked) == [
        "Invoices!B2 names 'Acme', which several customers are called: name the customer by its code."
    ]


@pytest.mark.parametrize("name", ["Müller", "Mu\u0308ller", "MÜLLER", " Müller\u00a0", "Mül\u00adler"])
def test_names_that_look_alike_are_one_customer(name):
    checked = check(invoices_tab(a_row("1", "Müller"), a_row("2", name)))

    assert len(checked.customers) == 1


def test_a_row_with_a_problem_brings_no_customer():
    checked = check(invoices_tab(a_row(), a_row("2", "Typo Ltd", amount="lots")))

    assert [record.values["name"] for record in checked.customers] == ["Acme"]


def test_customers_are_listed_by_name_where_there_is_no_code():
    checked = check({"Customers": [["Name", "E-mail", "Phone"], ["Acme", None, None]], "Invoices": [INVOICES, a_row()]})

    assert problems(checked) == []
    assert [record.key for record in checked.customers] == [("acme",)]


def test_a_customer_listed_twice_with_other_values_is_a_problem():
    checked = check({"Customers": [CUSTOMERS, ["C1", "Acme"], ["C1", "Bolt"]]})

    assert problems(checked) == ["Customers!A3 repeats customer 'C1' of Customers, row 2 with other values: keep one."]


def test_one_number_for_two_customers_is_two_invoices():
    checked = check(invoices_tab(a_row("1", "Acme"), a_row("1", "Bolt")))

    assert [record.key for record in checked.invoices] == [("1", "acme"), ("1", "bolt")]


def test_a_payment_for_a_number_that_two_customers_have_must_name_one():
    tabs = invoices_tab(a_row("1", "Acme"), a_row("1", "Bolt"))

    checked = check(tabs | {"Payments": [PAYMENTS, ["1", DUE, D(1)]]})

    assert problems(checked) == ["Payments!A2 names invoice '1', which several customers have: add a customer column."]


def test_a_payment_that_names_its_customer_finds_the_invoice():
    tabs = invoices_tab(a_row("1", "Acme"), a_row("1", "Bolt"))

    checked = check(tabs | {"Payments": [[*PAYMENTS, "Customer"], ["1", DUE, D(1), "Bolt"]]})

    assert [record.key for record in checked.payments] == [("1", "bolt")]


def test_a_payment_for_another_customers_invoice_is_a_problem():
    tabs = invoices_tab(a_row("1", "Acme"), a_row("2", "Bolt"))

    checked = check(tabs | {"Payments": [[*PAYMENTS, "Customer"], ["1", DUE, D(1), "Bolt"]]})

    assert problems(checked) == ["Payments!A2 names invoice '1', which is another customer's."]


def test_a_payment_for_an_unknown_invoice_is_a_problem():
    checked = check(invoices_tab(AN_INVOICE) | {"Payments": [PAYMENTS, ["77", DUE, D(1)]]})

    assert problems(checked) == ["Payments!A2 names invoice '77', which is neither in the workbook nor stored."]


def test_a_payment_for_an_invoice_with_a_problem_says_so():
    checked = check(invoices_tab(a_row("1", amount="?"), AN_INVOICE) | {"Payments": [PAYMENTS, ["1", DUE, D(1)]]})

    assert problems(checked)[1] == "Payments!A2 pays invoice '1', whose own row has a problem."


# --- the same invoice twice


def test_an_invoice_that_stands_twice_the_same_is_read_once():
    checked = check({"2026": [INVOICES, AN_INVOICE], "Open": [INVOICES, AN_INVOICE]})

    assert len(checked.invoices) == 1
    assert notices(checked) == ["1 row says the same as another and was read once: row 2 as 2026, row 2."]


def test_an_invoice_that_stands_twice_with_other_values_is_a_problem():
    checked = check(invoices_tab(AN_INVOICE, [*AN_INVOICE[:4], D("100.01")]))

    assert problems(checked) == ["Invoices!A3 repeats invoice '1001' of Invoices, row 2 with other values: keep one."]


def test_an_invoice_that_stands_twice_with_another_payment_is_a_problem():
    headers = [*INVOICES, "Paid", "Paid On"]

    checked = check({"All": [headers, [*AN_INVOICE, 0, None]], "Paid": [headers, [*AN_INVOICE, D(100), DUE]]})

    assert problems(checked) == ["Paid!A2 repeats invoice '1001' of All, row 2 with other values: keep one."]


# --- totals, headings, notes


@pytest.mark.parametrize(
    "total",
    [
        ["Total", None, None, None, D("350.50")],
        [None, None, None, "TOTAL:", D("350.50")],
        [None, "Grand total", None, None, D("350.50")],
        ["Gesamtsumme", None, None, None, D("350.50")],
        [None, None, None, None, D("350.50")],
        ["Total as of 30.06.2026", None, None, None, D("350.50")],
        [None, "Acme Total", None, None, D("350.50")],
    ],
)
def test_a_total_row_is_compared_and_not_imported(total):
    checked = check(invoices_tab(AN_INVOICE, ANOTHER_INVOICE, [], total))

    assert len(checked.invoices) == 2
    assert problems(checked) == []
    (own,) = checked.tabs[0].own_totals
    assert (own.cell, own.stated, own.read) == ("E5", 350_50, 350_50)


def test_a_total_that_differs_is_shown_beside_what_was_read():
    checked = check(invoices_tab(AN_INVOICE, ["Total", None, None, None, D(99)]))

    (own,) = checked.tabs[0].own_totals
    assert (own.stated, own.read) == (99_00, 100_00)


def test_subtotals_are_compared_with_their_sections_and_the_grand_total_with_all():
    checked = check(
        invoices_tab(
            a_row("1", amount=D(10)),
            ["Subtotal", None, None, None, D(10)],
            a_row("2", amount=D(20)),
            ["Subtotal", None, None, None, D(20)],
            ["Grand Total", None, None, None, D(30)],
        )
    )

    assert [(own.stated, own.read) for own in checked.tabs[0].own_totals] == [
        (10_00, 10_00),
        (20_00, 20_00),
        (30_00, 30_00),
    ]


def test_a_wrong_subtotal_is_held_against_its_own_section():
    checked = check(
        invoices_tab(
            a_row("1", amount=D(10)),
            ["Subtotal", None, None, None, D(10)],
            a_row("2", amount=D(20)),
            ["Subtotal", None, None, None, D(25)],
            ["Total", None, None, None, D(30)],
        )
    )

    assert [(own.stated, own.read) for own in checked.tabs[0].own_totals][1] == (25_00, 20_00)


@pytest.mark.parametrize("name", ["Total Energies", "Total", "Summe GmbH", "Grand Total Hotels"])
def test_an_invoice_of_a_customer_called_total_is_no_total(name):
    checked = check(invoices_tab(a_row("1", name, issued="2026-01-05", due="2026-02-04"), AN_INVOICE))

    assert invoice_values(checked, "number") == [("1",), ("1001",)]


def test_a_customer_called_total_with_numbers_beside_is_no_total():
    checked = check({"Customers": [["Code", "Name", "Terms"], [7, "Total Energies", 30], [8, "Total", 30]]})

    assert [record.values["name"] for record in checked.customers] == ["Total Energies", "Total"]


def test_what_is_no_record_is_left_out_and_named():
    checked = check(
        invoices_tab(
            ["(text)", "(name)", "dd/mm/yyyy", "dd/mm/yyyy", "USD"],
            ["JANUARY"],
            AN_INVOICE,
            INVOICES,
            ANOTHER_INVOICE,
            ["Printed on 30 June 2026 by Ann"],
            ["* disputed ones in red"],
        )
    )

    assert len(checked.invoices) == 2
    assert problems(checked) == []
    assert notices(checked) == [
        "Row 2 was left out: (text) (name) dd/mm/yyyy dd/mm/yyyy USD.",
        "Row 3 was left out: JANUARY.",
        "Row 5 was left out: the header again.",
        "Row 7 was left out: Printed on 30 June 2026 by Ann.",
        "Row 8 was left out: * disputed ones in red.",
    ]


def test_a_customer_of_words_alone_is_a_customer_right_below_the_header_too():
    checked = check({"Customers": [CUSTOMERS, ["Acme", "Acme"], ["Bolt", "Bolt"]]})

    assert [record.key for record in checked.customers] == [("acme",), ("bolt",)]


def test_an_invoice_that_was_only_begun_is_a_problem_and_not_a_note():
    checked = check(invoices_tab(AN_INVOICE, ["INV 1002"]))

    assert problems(checked) == ["Invoices!B3 names no customer."]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        (0, None, "A3 has no invoice number."),
        (0, ErrorValue("#REF!"), "A3 shows the error #REF!: correct the formula in Excel."),
        (1, None, "B3 names no customer."),
        (2, None, "C3 has no invoice date."),
        (2, "soon", "C3 says 'soon', which is not a date."),
        (3, "31/02/2026", "D3 says '31/02/2026', which is not a date."),
        (4, None, "E3 has no amount."),
        (4, "lots", "E3 says 'lots', which is not an amount."),
        (4, ErrorValue("#N/A"), "E3 shows the error #N/A: correct the formula in Excel."),
        (4, True, "E3 holds TRUE or FALSE where an amount belongs."),
        (4, ISSUED, "E3 holds the date 2026-01-05 where an amount belongs."),
        (4, Shown(D("0.19"), "0%"), "E3 holds a percentage where an amount belongs."),
        (
            4,
            UncalculatedFormula(),
            "E3 holds a formula without a stored result: open the workbook in Excel, save it and upload it again.",
        ),
    ],
)
def test_an_unreadable_cell_is_an_error_at_its_cell_and_never_a_default(column, value, problem):
    row = a_row("2")
    row[column] = value

    checked = check(invoices_tab(AN_INVOICE, row))

    assert problems(checked) == [f"Invoices!{problem}"]
    assert [record.row for record in checked.invoices] == [2]
    assert checked.error_rows == {("Invoices", 3)}


def test_types_may_be_mixed_in_a_column():
    checked = check(
        invoices_tab(
            a_row("1", amount="100.00", issued=46027),
            a_row("2", amount=100, issued="2026-01-05"),
            a_row(3, amount=D("100.0"), issued=20260105),
        )
    )

    assert invoice_values(checked, "number", "total_cents", "issued_on") == [
        ("1", 100_00, ISSUED),
        ("2", 100_00, ISSUED),
        ("3", 100_00, ISSUED),
    ]


# --- questions


def test_an_ambiguous_date_column_is_one_question_with_real_cells():
    checked = check(invoices_tab(*(a_row(str(n), issued="03/04/2026", due=date(2026, 5, 1)) for n in range(5))))

    (question,) = checked.questions
    assert question.id == "dates:Invoices!C"
    assert [(example.cell, example.text) for example in question.examples] == [
        ("C2", "03/04/2026"),
        ("C3", "03/04/2026"),
        ("C4", "03/04/2026"),
    ]
    assert question.examples[0].readings == {"dmy": "3 April 2026", "mdy": "4 March 2026"}
    assert checked.invoices == []
    assert problems(checked) == []


def test_an_ambiguous_amount_column_is_one_question_with_real_cells():
    checked = check(invoices_tab(a_row("1", amount="1.234"), a_row("2", amount="2.500")))

    (question,) = checked.questions
    assert question.id == "decimal:Invoices!E"
    readings = {answer: plain(text) for answer, text in question.examples[0].readings.items()}
    assert readings == {"point": "1.234", "comma": "1,234.00"}


def test_one_cell_settles_its_column():
    checked = check(
        invoices_tab(
            a_row("1", issued="03/04/2026", due="2026-05-01", amount="1.234"),
            a_row("2", issued="23/04/2026", due="2026-05-01", amount="1,50"),
        )
    )

    assert checked.questions == []
    assert invoice_values(checked, "issued_on", "total_cents") == [
        (date(2026, 4, 3), 1234_00),
        (date(2026, 4, 23), 1_50),
    ]


def test_columns_that_contradict_themselves_are_asked_about():
    checked = check(
        invoices_tab(
            a_row("1", issued="03/04/2026", due="2026-12-31"),
            a_row("2", issued="23/04/2026", due="2026-12-31"),
            a_row("3", issued="04/23/2026", due="2026-12-31"),
        )
    )

    assert [question.subject for question in checked.questions] == ["dates"]


def test_an_answer_is_used_for_every_column_of_its_subject():
    checked = check(invoices_tab(a_row(issued="03/04/2026", due="05/04/2026")), dates="mdy")

    assert invoice_values(checked, "issued_on", "due_on") == [(date(2026, 3, 4), date(2026, 5, 4))]


def test_each_column_has_its_own_question():
    checked = check(invoices_tab(a_row(issued="03/04/2026", due="05/04/2026")))

    assert [question.id for question in checked.questions] == ["dates:Invoices!C", "dates:Invoices!D"]


def test_an_invoice_without_due_date_takes_its_own_terms_then_its_customers():
    checked = check(
        {
            "Customers": [[*CUSTOMERS, "Terms"], ["C1", "Acme", "Net 30"]],
            "Invoices": [
                [*INVOICES, "Terms"],
                [*a_row("1", due=None), "14 days"],
                [*a_row("2", due=None), None],
            ],
        }
    )

    assert invoice_values(checked, "due_on") == [(date(2026, 1, 19),), (date(2026, 2, 4),)]


def test_invoices_without_due_date_or_terms_are_one_question():
    checked = check(invoices_tab(a_row("1", due=None), a_row("2", due="TBD")))

    (question,) = checked.questions
    assert question.subject == "terms"
    assert question.text.startswith("2 invoices have neither a due date nor terms (the first at Invoices!D2)")


def test_the_answered_terms_make_the_due_date():
    checked = check(invoices_tab(a_row(due=None)), terms=30)

    assert invoice_values(checked, "due_on") == [(date(2026, 2, 4),)]


def test_payments_without_a_day_are_one_question():
    checked = check(tracked(paid=D(40), balance=D(60)))

    (question,) = checked.questions
    assert question.subject == "undated"
    assert question.text.startswith("1 invoice says what was paid but not when (the first at Tracker!H2)")


@pytest.mark.parametrize(("answer", "day"), [("issued", ISSUED), ("due", DUE)])
def test_the_answer_says_when_payments_without_a_day_count(answer, day):
    checked = check(tracked(paid=D(40)), undated=answer)

    assert payment_values(checked, "paid_on", "amount_cents") == [(day, 40_00)]


# --- what a row says was paid


@pytest.mark.parametrize(
    ("said", "paid"),
    [
        ({"paid": D(40)}, 40_00),
        ({"balance": D(60)}, 40_00),
        ({"paid": D(40), "balance": D(60)}, 40_00),
        ({"status": "Paid"}, 100_00),
        ({"paid_on": DUE}, 100_00),
        ({"paid": D(120), "status": "Paid"}, 120_00),
        ({"paid": 0}, 0),
        ({"balance": D(100)}, 0),
        ({"status": "Open"}, 0),
        ({}, 0),
        ({"status": "Void", "balance": 0, "paid": 0}, 0),
        ({"status": "Written off", "balance": 0}, 0),
        ({"amount": D(-50), "status": "Paid"}, -50_00),
        ({"amount": D(-50), "balance": D(-50)}, 0),
    ],
)
def test_what_was_paid_follows_from_whatever_the_row_says(said, paid):
    checked = check(tracked(**said), undated="due")

    assert problems(checked) == []
    assert sum(cents for (cents,) in payment_values(checked, "amount_cents")) == paid


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            {"paid": D(40), "balance": D(50)},
            "G2 says 50.00 is open, but 100.00 less 40.00 paid is 60.00: correct the one that is wrong.",
        ),
        ({"paid": D(40), "status": "Paid"}, "I2 says the invoice is paid, but 60.00 of it is still open."),
        (
            {"amount": D(-50), "paid": 0, "status": "Paid"},
            "I2 says the invoice is paid, but -50.00 of it is still open.",
        ),
        ({"status": "Partial"}, "I2 says the invoice is paid in part, but no cell says how much."),
        ({"status": "Open", "paid_on": DUE}, "I2 says the invoice is not paid, but H2 has a day of payment."),
    ],
)
def test_a_row_that_contradicts_itself_is_a_problem(said, problem):
    checked = check(tracked(**said), undated="due")

    assert problems(checked) == [f"Tracker!{problem}"]


def test_an_unknown_status_is_a_problem_where_nothing_else_tells_what_was_paid():
    checked = check({"Tracker": [[*INVOICES, "Status"], [*AN_INVOICE, "sorted out"]]})

    assert problems(checked) == [
        "Tracker!F2 says 'sorted out', and nothing else tells whether the invoice is paid: write Paid, Open or Void."
    ]


def test_an_unknown_status_is_told_once_where_amounts_tell_what_was_paid():
    headers = [*INVOICES, "Paid", "Status"]
    rows = [[*a_row(str(number)), 0, "with lawyers"] for number in range(7)]

    checked = check({"Tracker": [headers, *rows]})

    assert problems(checked) == []
    assert notices(checked) == [
        "The status 'with lawyers' is not known and was not used (G2, G3, G4, G5, G6 and 2 more)."
    ]


def test_a_paid_column_of_yes_and_no_is_a_status():
    rows = [[*a_row(str(number)), word] for number, word in enumerate(["Yes", "No", None])]

    checked = check({"Tracker": [[*INVOICES, "Paid"], *rows]}, undated="due")

    assert payment_values(checked, "amount_cents") == [(100_00,)]


def test_a_paid_column_of_days_is_the_day_of_payment():
    rows = [[*a_row("1"), date(2026, 1, 20)], [*a_row("2"), None], [*a_row("3"), "21 Jan 2026"]]

    checked = check({"Tracker": [[*INVOICES, "Paid"], *rows]})

    assert payment_values(checked, "paid_on", "amount_cents") == [
        (date(2026, 1, 20), 100_00),
        (date(2026, 1, 21), 100_00),
    ]


def test_statuses_of_emoji_are_read():
    rows = [[*a_row(str(number)), word] for number, word in enumerate(["✅ Paid", "⏳ Pending", "❌", "☑️"])]

    checked = check({"Tracker": [[*INVOICES, "Status"], *rows]}, undated="due")

    assert [record.row for record in checked.payments] == [2, 5]


def test_void_draft_and_written_off_are_states_of_the_invoice():
    rows = [[*a_row(str(number)), word] for number, word in enumerate(["Void", "Draft", "Bad debt", "Disputed"])]

    checked = check({"Tracker": [[*INVOICES, "Status"], *rows]})

    assert invoice_values(checked, "state", "disputed") == [
        ("void", None),
        ("draft", None),
        ("written off", None),
        ("", True),
    ]


def test_an_invoices_word_on_payments_is_held_against_the_list_of_payments():
    tabs = {"Invoices": [[*INVOICES, "Status"], [*a_row("1"), "Paid"], [*a_row("2"), "Paid"]]}

    checked = check(tabs | {"Payments": [PAYMENTS, ["1", DUE, D(100)], ["2", DUE, D(40)]]})

    assert payment_values(checked, "amount_cents") == [(100_00,), (40_00,)]
    assert questions(checked) == [
        "1 row says another amount paid than the list of payments: F3 says 100.00, listed are 40.00. Whose word counts?"
    ]


@pytest.mark.parametrize(("answer", "paid"), [("list", [100_00, 40_00]), ("rows", [100_00, 40_00, 60_00])])
def test_whose_word_on_payments_counts_is_answered(answer, paid):
    tabs = {"Invoices": [[*INVOICES, "Status"], [*a_row("1"), "Paid"], [*a_row("2"), "Paid"]]}

    checked = check(tabs | {"Payments": [PAYMENTS, ["1", DUE, D(100)], ["2", DUE, D(40)]]}, listed=answer)

    assert [cents for (cents,) in payment_values(checked, "amount_cents")] == paid
    assert questions(checked) == []


# --- currencies


def test_currencies_are_read_from_signs_formats_and_columns():
    headers = [*INVOICES, "Currency"]
    checked = check(
        {
            "A": [INVOICES, a_row("1", amount="€100.00"), a_row("2", amount=Shown(5, "[$£-809]0"))],
            "B": [headers, [*a_row("3"), "chf"], [*a_row("4"), None]],
        }
    )

    assert invoice_values(checked, "number", "currency") == [("1", "EUR"), ("2", "GBP"), ("3", "CHF"), ("4", "USD")]


def test_the_header_of_the_amounts_may_name_their_currency():
    checked = check({"A": [[*INVOICES[:4], "Amount (EUR)"], AN_INVOICE]})

    assert invoice_values(checked, "currency") == [("EUR",)]


def test_amounts_without_a_currency_among_others_with_one_are_asked_about():
    checked = check({"A": [INVOICES, a_row("1", amount="€5.00")], "B": [INVOICES, a_row("2")]})

    assert questions(checked) == ["1 row of tab 'B' names no currency, while others are in EUR: which are they in?"]


@pytest.mark.parametrize("answer", ["EUR", "USD"])
def test_amounts_without_a_currency_are_in_the_one_that_was_answered(answer):
    tabs = {"A": [INVOICES, a_row("1", amount="€5.00")], "B": [INVOICES, a_row("2")]}

    checked = check(tabs, by_question={"currency:B!1": answer})

    assert (invoice_values(checked, "currency"), questions(checked)) == ([("EUR",), (answer,)], [])


def test_a_currency_that_contradicts_its_amount_is_a_problem():
    checked = check({"A": [[*INVOICES, "Currency"], [*a_row(amount="€5.00"), "GBP"]]})

    assert problems(checked) == ["A!F2 says GBP, but the amount is written in EUR."]


def test_crowns_are_whose_they_are_said_to_be():
    assert invoice_values(check(invoices_tab(a_row(amount="500 kr")), currency="SEK"), "currency") == [("SEK",)]
    assert problems(check(invoices_tab(a_row(amount="500 kr")))) == [
        "Invoices!E2 is in kr, which several countries have: add a column Currency with the code."
    ]


def test_a_payment_in_another_currency_than_its_invoice_is_a_problem():
    checked = check(invoices_tab(a_row("1", amount="€5.00")) | {"Payments": [PAYMENTS, ["1", DUE, "$5.00"]]})

    assert problems(checked) == ["Payments!C2 is in USD, but the invoice is in EUR."]


def test_control_totals_are_kept_apart_by_currency():
    checked = check(invoices_tab(a_row("1", amount="€5.00"), a_row("2", amount="$7.00")))

    assert [(total.currency, total.gross) for total in checked.tabs[0].totals] == [("EUR", 5_00), ("USD", 7_00)]


# --- what a bookkeeper must be told


def test_a_net_amount_and_its_tax_are_the_total_together():
    checked = check({"A": [[*INVOICES[:4], "Net Amount", "VAT"], [*AN_INVOICE, D(19)]]})

    assert invoice_values(checked, "total_cents") == [(119_00,)]


def test_a_total_with_tax_is_read_before_one_without():
    checked = check({"A": [[*INVOICES[:4], "Net Amount", "VAT", "Total"], [*AN_INVOICE, D(19), D(119)]]})

    assert invoice_values(checked, "total_cents") == [(119_00,)]


def test_a_list_of_open_balances_says_what_it_took_for_totals():
    checked = check({"A": [[*INVOICES[:4], "Open Balance"], AN_INVOICE]})

    assert invoice_values(checked, "total_cents") == [(100_00,)]
    assert notices(checked) == ["There is no column of totals: what is open was taken for the total of each invoice."]


def test_invoices_due_before_they_were_issued_are_told():
    checked = check(invoices_tab(a_row(issued=DUE, due=ISSUED)))

    assert notices(checked) == ["1 row is due before the day of issue (D2)."]


def test_fractions_of_a_cent_are_rounded_and_told():
    checked = check(invoices_tab(a_row(amount=D("100.005"))))

    assert invoice_values(checked, "total_cents") == [(100_01,)]
    assert notices(checked) == ["1 amount has fractions of a cent and was rounded to the nearest cent."]


def test_the_noise_of_a_float_is_no_fraction_of_a_cent():
    checked = check(invoices_tab(a_row(amount=D("0.30000000000000004"))))

    assert invoice_values(checked, "total_cents") == [(30,)]
    assert notices(checked) == []


def test_a_credit_note_is_a_negative_invoice():
    checked = check(invoices_tab(a_row("CN-1", amount="(120.00)")))

    assert invoice_values(checked, "total_cents") == [(-120_00,)]


def test_columns_that_are_kept_as_they_are_are_told():
    checked = check({"A": [[*INVOICES, "Salesman"], [*AN_INVOICE, "Bob"]]})

    assert notices(checked) == ["Columns kept as they are: F 'Salesman'."]


def test_a_tab_that_was_not_recognised_is_told():
    checked = check(invoices_tab(AN_INVOICE) | {"Ideas": [["Buy", "a boat"]]})

    assert notices(checked) == ["We could not tell what this tab holds, so it was skipped."]


def test_a_workbook_without_any_list_is_refused_with_what_a_list_needs():
    with pytest.raises(
        WorkbookRefusedError, match="No list of invoices, payments or customers was found in the tabs 'Ideas'"
    ):
        check({"Ideas": [["Buy", "a boat"]]})


def test_lists_without_rows_are_refused():
    with pytest.raises(WorkbookRefusedError, match="headers but no rows"):
        check(invoices_tab())


def test_our_own_tab_of_errors_is_not_read_again():
    checked = check({"Errors": [["Tab", "Cell", "Problem"], ["A", "A1", "x"]], **invoices_tab(AN_INVOICE)})

    assert [tab.name for tab in checked.tabs] == ["Invoices"]
    assert notices(checked) == []


def test_an_aged_report_with_customers_in_headings_is_read():
    checked = check(
        {
            "A/R Aging": [
                ["Northwind Ltd"],
                ["A/R Aging Detail"],
                [],
                ["Date", "Transaction Type", "Num", "Due Date", "Amount", "Open Balance", "Paid On"],
                ["Acme Corp"],
                [ISSUED, "Invoice", "1001", DUE, D(150), D(40), DUE],
                ["Total for Acme Corp", None, None, None, D(150), D(40)],
                ["Bolt GmbH"],
                [ISSUED, "Invoice", "1003", DUE, D(50), D(50)],
                [ISSUED, "Credit memo", "CM-4", DUE, D(-20), D(-20)],
                ["Total for Bolt GmbH", None, None, None, D(30), D(30)],
                ["TOTAL", None, None, None, D(180), D(70)],
            ]
        }
    )

    assert problems(checked) == []
    assert [record.key for record in checked.invoices] == [
        ("1001", "acme corp"),
        ("1003", "bolt gmbh"),
        ("cm-4", "bolt gmbh"),
    ]
    assert [(own.stated, own.read) for own in checked.tabs[0].own_totals if own.header == "Open Balance"] == [
        (40_00, 40_00),
        (30_00, 30_00),
        (70_00, 70_00),
    ]
    assert "Rows that name no customer were read as those of the name above them." in notices(checked)


def with_payments_on_account(*amounts):
    """Acme owes 100.00 and then 50.00, Globex 30.00; what Acme pays names no invoice."""
    invoices = [
        ["Invoice", "2", "Acme", date(2026, 1, 6), date(2026, 3, 4), D(50)],
        ["Invoice", "1", "Acme", ISSUED, DUE, HUNDRED],
        ["Invoice", "3", "Globex", ISSUED, DUE, D(30)],
    ]
    paid = [["Payment", None, "Acme", date(2026, 3, day), None, -D(amount)] for day, amount in enumerate(amounts, 9)]
    headers = ["Type", "Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"]
    return check({"Ledger": [headers, *invoices, *paid]}, by_question={"payments:Ledger": "pay"})


def paid(checked):
    return [(record.key[0], record.values["paid_on"].day, record.cents("amount_cents")) for record in checked.payments]


def test_a_payment_on_account_pays_the_oldest_first_and_the_next_with_what_is_left():
    checked = with_payments_on_account(120)

    assert paid(checked) == [("1", 9, 100_00), ("2", 9, 20_00)]
    assert problems(checked) == []


def test_a_payment_on_account_pays_the_invoice_of_its_own_amount():
    assert paid(with_payments_on_account(50)) == [("2", 9, 50_00)]


def test_a_payment_on_account_goes_on_where_the_one_before_ended():
    assert paid(with_payments_on_account(60, 60)) == [("1", 9, 60_00), ("1", 10, 40_00), ("2", 10, 20_00)]


def test_a_payment_on_account_of_more_than_is_owed_is_a_problem():
    checked = with_payments_on_account(160)

    [problem] = problems(checked)
    assert "pays 10.00 more than is left of its customer's invoices" in plain(str(problem))


# --- the run as a whole


def test_progress_is_told_of_each_tab(monkeypatch):
    monkeypatch.setattr(checking, "_ROWS_A_REPORT", 2)
    told = []
    made = book({"A": [INVOICES, *(a_row(str(number)) for number in range(5))], "B": [INVOICES, a_row("9")]})

    checking.check(made, {}, Answers(), NOTHING_STORED, ReadingContext("USD"), told.append)

    assert told == [Step("checking tab A", 2, 5), Step("checking tab A", 4, 5)]


def test_days_ahead_are_no_doubt_where_today_is_not_known():
    made = book({"A": [INVOICES, a_row(issued=date(2099, 1, 1), due=date(2099, 1, 1))]})

    assert checking.check(made, {}, Answers(), NOTHING_STORED, ReadingContext("USD"), say_nothing).questions == []


def test_lists_without_rows_are_refused_in_one_sentence():
    with pytest.raises(WorkbookRefusedError) as refused:
        check(invoices_tab())

    assert str(refused.value) == ("The lists in this workbook have headers but no rows: there is nothing to import.")


@pytest.mark.parametrize(
    ("tab", "broken"),
    [
        ({"A": [CUSTOMERS, ["C1", "Acme"], ["C1", "Bolt"]]}, {("customer", "c1"), ("customer", "bolt")}),
        ({"A": [INVOICES, a_row("N 7", amount="lots")]}, {("invoice", "n 7")}),
        ({"A": [INVOICES, a_row(ErrorValue("#N/A"))]}, set()),
        ({"A": [INVOICES, a_row()], "P": [PAYMENTS, ["77", DUE, 5]]}, {("payment", "77")}),
        ({"A": [INVOICES, a_row()]}, set()),
    ],
    ids=["a customer", "an invoice", "no readable number", "a payment", "none"],
)
def test_what_identifies_a_row_with_a_problem_is_kept(tab, broken):
    assert check(tab).broken == broken


def test_each_record_says_what_it_is():
    tabs = {"C": [CUSTOMERS, ["C1", "Acme"]]} | invoices_tab(a_row(customer="C1"))

    checked = check(tabs | {"P": [PAYMENTS, ["1", DUE, 5]]})

    records = [*checked.customers, *checked.invoices, *checked.payments]
    assert [one.kind for one in records] == ["customer", "invoice", "payment"]
    assert [one.kind for one in with_payments_on_account(5).payments] == ["payment"]


def test_all_records_of_a_tab_are_counted_also_those_with_problems():
    checked = check(invoices_tab(a_row("1"), a_row("2", amount="lots"), ["Total", None, None, None, D(100)]))

    assert checked.tabs[0].rows == 2


@pytest.mark.parametrize("where", ["customer", "invoice"])
def test_a_column_that_is_kept_with_either_is_not_asked_about(where):
    own = {"own_fields": {"Bank": "7"}}
    before = stored(
        [a_stored_customer(**(own if where == "customer" else {}))],
        [a_stored_invoice("9", **(own if where == "invoice" else {}))],
    )

    assert questions(check({"A": [[*INVOICES, "Bank"], [*a_row(), 40]]}, before)) == []


def test_each_column_of_days_and_of_amounts_is_settled_by_its_own_cells():
    headings = [*INVOICES, "Paid", "Paid On"]
    rows = [
        ["1", "Acme", "13/01/2026", "02/13/2026", "1.234,00", "1,234.00", "2026-03-01"],
        ["2", "Acme", "03/04/2026", "05/04/2026", "1.234", "1,234", "2026-05-01"],
    ]

    checked = check({"A": [headings, *rows]})

    assert invoice_values(checked, "issued_on", "due_on", "total_cents") == [
        (date(2026, 1, 13), date(2026, 2, 13), 1234_00),
        (date(2026, 4, 3), date(2026, 5, 4), 1234_00),
    ]
    assert payment_values(checked, "amount_cents") == [(1234_00,), (1234_00,)]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([["Acme", None, ISSUED, DUE, 5], ["Bolt", "2", ISSUED, DUE, 5]], "B2 has no invoice number."),
        ([["Acme", "1", ISSUED, DUE, 5], ["Acme", "1", ISSUED, DUE, 6]],
         "B3 repeats invoice '1' of A, row 2 with other values: keep one."),
    ],
)  # fmt: skip
def test_a_problem_of_the_number_is_named_in_its_own_column(rows, problem):
    assert problems(check({"A": [["Customer", "Invoice No", *INVOICES[2:]], *rows]})) == [f"A!{problem}"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ([DUE, None, 5, None], "B2 names no invoice."),
        ([DUE, "9", 5, None], "B2 names invoice '9', which is neither in the workbook nor stored."),
        ([DUE, "1", 5, None], "B2 names invoice '1', which several customers have: add a customer column."),
        ([DUE, "1", 5, "Cord"], "B2 names invoice '1', which is another customer's."),
        ([DUE, "3", 5, None], "B2 pays invoice '3', whose own row has a problem."),
        ([DUE, "2, 4", 5, None],
         "B2 pays several invoices with 5.00, and 150.00 is left of them: give each its own row."),
    ],
)  # fmt: skip
def test_a_problem_of_a_payments_invoice_is_named_in_its_own_column(row, problem):
    rows = [a_row("1"), a_row("1", "Bolt"), a_row("2"), a_row("4", amount=50), a_row("5", "Cord")]
    payments = [["Payment Date", "Invoice No", "Amount", "Customer"], row]

    checked = check(invoices_tab(*rows, a_row("3", amount="lots")) | {"Payments": payments})

    assert problems(checked)[1:] == [f"Payments!{problem}"]
