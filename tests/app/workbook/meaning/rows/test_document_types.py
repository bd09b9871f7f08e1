"""Rows that are no plain invoices: offers, credit notes, payments and refunds are told apart by their type."""

from datetime import date

import pytest
from support.workbooks import INVOICES, asked, check, invoice_values, notices, payment_values, problems, questions

from app.workbook.meaning.results.records import Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
TYPED_PAYMENTS = ["Invoice No", "Payment Date", "Amount", "Type"]


def row(number, type_, amount, due=DUE):
    return [number, "Acme", ISSUED, due, amount, type_]


def ledger(*rows):
    return {"Ledger": [[*INVOICES, "Type"], row("1", "Invoice", 100), *rows]}


def totals(checked):
    return invoice_values(checked, "number", "total_cents")


# --- what is not owed


def test_offers_among_invoices_are_asked_about():
    checked = check(ledger(row("2", "Quote", 50), row("3", "Estimate", 7)))

    assert asked(checked) == [
        Question(
            id="documents:Ledger!estimate",
            subject="documents",
            tab="Ledger",
            text="2 rows of tab 'Ledger' say that they are offers (A3, A4, 57.00 in all): are they to be left out?",
            choices=("skip", "read"),
            labels={"skip": "yes, they are not owed", "read": "no, they are invoices"},
            shape="documents:estimate:<headings>",
        )
    ]
    assert len(checked.invoices) == 3


@pytest.mark.parametrize(
    ("type_", "kind", "words"),
    [
        ("Quote", "estimate", "offers"),
        ("Pro forma invoice", "pro_forma", "pro forma invoices"),
        ("Order", "order", "orders"),
        ("Purchase invoice", "purchase", "bills that you owe"),
    ],
)
def test_what_is_not_owed_is_asked_about_in_its_own_words_and_left_out_as_answered(type_, kind, words):
    tabs = ledger(row("2", type_, 50))

    assert [(one.id, one.text) for one in asked(check(tabs))] == [
        (
            f"documents:Ledger!{kind}",
            f"1 row of tab 'Ledger' says that it is one of {words} (A3, 50.00 in all): are they to be left out?",
        )
    ]
    left_out = check(tabs, documents="skip")
    assert notices(left_out) == [f"1 row left out as {words}, as was chosen (A3)."]
    assert totals(left_out) == [("1", 100_00)]
    assert totals(check(tabs, documents="read")) == [("1", 100_00), ("2", 50_00)]


def test_each_kind_of_what_is_not_owed_is_a_question_of_its_own():
    checked = check(ledger(row("2", "Quote", 50), row("3", "Order", 60)))

    assert [one.id for one in checked.questions] == ["documents:Ledger!estimate", "documents:Ledger!order"]


# --- credit notes


@pytest.mark.parametrize(
    ("amounts", "read", "told"),
    [
        ([40], [-40_00], ["1 credit note without a minus reduces what is owed by 40.00 (A3)."]),
        ([40, 10], [-40_00, -10_00], ["2 credit notes without a minus reduce what is owed by 50.00 (A3, A4)."]),
        ([-40, -10], [-40_00, -10_00], []),
        ([-40, 0], [-40_00, 0], []),
        ([0], [0], []),
    ],
)
def test_credit_notes_reduce_what_is_owed_with_or_without_a_minus(amounts, read, told):
    checked = check(ledger(*(row(f"C{number}", "Credit note", one) for number, one in enumerate(amounts))))

    assert [cents for _, cents in totals(checked)[1:]] == read
    assert (notices(checked), questions(checked)) == (told, [])


MIXED = ledger(row("2", "Credit note", 40), row("3", "Credit note", -10), row("4", "Credit note", 0))


def test_credit_notes_of_which_some_carry_a_minus_are_asked_about():
    assert asked(check(MIXED)) == [
        Question(
            id="credits:Ledger",
            subject="credits",
            tab="Ledger",
            text="Some of the credit notes of tab 'Ledger' carry a minus and some do not: do all reduce what is owed?",
            choices=("all", "signs"),
            labels={"all": "yes, all of them", "signs": "no, only those with a minus"},
            shape="credits:<headings>",
        )
    ]


@pytest.mark.parametrize(
    ("answer", "read", "told"),
    [
        ("all", [-40_00, -10_00, 0], ["1 credit note without a minus reduces what is owed by 40.00 (A3)."]),
        ("signs", [40_00, -10_00, 0], []),
    ],
)
def test_credit_notes_of_which_some_carry_a_minus_are_read_as_answered(answer, read, told):
    checked = check(MIXED, credits=answer)

    assert [cents for _, cents in totals(checked)[1:]] == read
    assert (notices(checked), questions(checked)) == (told, [])


@pytest.mark.parametrize(
    ("tab", "title"), [("Credit notes", None), ("2026", "Credit notes")], ids=["by its name", "by its title"]
)
def test_all_rows_of_a_table_of_credit_notes_reduce_what_is_owed(tab, title):
    rows = [[title], []] if title else []

    checked = check({tab: [*rows, INVOICES, ["C1", "Acme", ISSUED, DUE, 30], ["C2", "Acme", ISSUED, DUE, 5]]})

    first = len(rows) + 2
    assert totals(checked) == [("C1", -30_00), ("C2", -5_00)]
    assert notices(checked) == [
        f"2 credit notes without a minus reduce what is owed by 35.00 (A{first}, A{first + 1})."
    ]


def test_in_a_table_of_credit_notes_a_type_says_which_rows_are_some():
    tabs = {"Credit notes": [[*INVOICES, "Type"], row("1", "Invoice", 100), row("2", "Credit note", 40)]}

    assert totals(check(tabs)) == [("1", 100_00), ("2", -40_00)]


# --- payments and refunds among the invoices


def test_payments_among_the_invoices_are_asked_about():
    checked = check(ledger(row("P1", "Payment", -40, None), row("P2", "Payment", -5, None)))

    assert asked(checked) == [
        Question(
            id="payments:Ledger",
            subject="payments",
            tab="Ledger",
            text="2 rows of tab 'Ledger' say that they are payments (A3, A4, -45.00 in all) and name no invoice: do "
            "they pay their customers' invoices, the same amount or else the oldest first?",
            choices=("pay", "skip"),
            labels={"pay": "yes, they pay the customers' invoices", "skip": "no, leave them out"},
            shape="payments:<headings>",
        )
    ]
    assert (totals(checked), notices(checked)) == ([("1", 100_00)], [])


def test_payments_among_the_invoices_are_left_out_as_answered():
    checked = check(ledger(row("P1", "Payment", -40, None)), payments="skip")

    assert notices(checked) == ["1 row left out as payments, as was chosen (A3)."]
    assert (totals(checked), checked.payments) == ([("1", 100_00)], [])


@pytest.mark.parametrize("amount", [-40, 40])
def test_payments_among_the_invoices_pay_them_with_or_without_a_minus(amount):
    checked = check(ledger(row("P1", "Payment", amount, None)), payments="pay")

    assert payment_values(checked, "paid_on", "amount_cents") == [(ISSUED, 40_00)]


@pytest.mark.parametrize(
    "rows",
    [
        [row("R1", "Refund", 10, None)],
        [row("P1", "Payment", -40, None), row("R1", "Refund", 10, None)],
        [row("P1", "Payment", -40, None), row("P2", "Payment", 10, None)],
        [row("R1", "Refund", -10, None)],
    ],
    ids=["a refund", "a refund beside a payment", "a payment that was returned", "a refund with a minus"],
)
def test_what_is_given_back_pays_no_invoice(rows):
    checked = check(ledger(*rows), payments="pay")

    last = len(rows) + 2
    assert problems(checked) == [
        f"Ledger!E{last} gives 10.00 back and names no invoice: enter it in a list of payments, with a minus and the "
        "number of the invoice."
    ]
    assert payment_values(checked, "amount_cents") == [(40_00,)] * (len(rows) - 1)


# --- refunds in a list of payments


def refunds(*amounts, field="Type"):
    payments = [["1", PAID, 300, "Transfer"], *(["1", PAID, amount, "Refund"] for amount in amounts)]
    return {
        "Invoices": [INVOICES, ["1", "Acme", ISSUED, DUE, 300]],
        "Payments": [[*TYPED_PAYMENTS[:3], field], *payments],
    }


@pytest.mark.parametrize("field", ["Type", "Method"])
@pytest.mark.parametrize(
    ("amounts", "read"),
    [([50], [-50_00]), ([50, 20], [-50_00, -20_00]), ([-50], [-50_00]), ([0], [0]), ([-50, 0], [-50_00, 0])],
)
def test_a_refund_takes_off_what_was_paid_with_or_without_a_minus(amounts, read, field):
    checked = check(refunds(*amounts, field=field))

    assert [cents for (cents,) in payment_values(checked, "amount_cents")[1:]] == read
    assert problems(checked) == []


def test_a_refund_without_a_minus_among_others_with_one_is_a_problem():
    checked = check(refunds(50, -0.01))

    assert problems(checked) == [
        "Payments!C3 says that it is a refund and has no minus, while others of the tab have one."
    ]
    assert payment_values(checked, "amount_cents") == [(300_00,), (-1,)]
