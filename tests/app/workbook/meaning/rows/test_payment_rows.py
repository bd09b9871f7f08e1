"""A listed payment pays the invoice that it names, several of them, or its customer's; or it is a problem."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, a_stored_invoice, stored
from support.workbooks import INVOICES, PAYMENTS, check, problems

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
NO_INVOICES = {"Invoices": [INVOICES]}


def row(number, amount=100, customer="Acme", due=DUE, *rest):
    return [number, customer, ISSUED, due, amount, *rest]


def invoices(*rows):
    return {"Invoices": [INVOICES, *rows]}


def payments(*rows, headings=()):
    return {"Payments": [[*PAYMENTS, *headings], *rows]}


def paid(checked):
    return [(one.key, one.values["amount_cents"]) for one in checked.payments]


def test_a_payment_keeps_what_its_row_says_of_it():
    tabs = invoices(row("1")) | payments(
        ["1", PAID, 40, "bank", "R-7", "first\nsecond"], headings=["Method", "Reference", "Note"]
    )

    (payment,) = check(tabs).payments

    assert payment.values == {
        "paid_on": PAID,
        "amount_cents": 40_00,
        "method": "bank",
        "reference": "R-7",
        "note": "first\nsecond",
    }
    assert (payment.tab, payment.row, payment.cumulative) == ("Payments", 2, False)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([None, PAID, 5], "A2 names no invoice."),
        (["1", None, 5], "B2 has no date of payment."),
        (["1", PAID, None], "C2 has no amount."),
        (["9", PAID, 5], "A2 names invoice '9', which is neither in the workbook nor stored."),
        (["1, 9", PAID, 5], "A2 names invoice '1, 9', which is neither in the workbook nor stored."),
    ],
)
def test_a_payment_without_invoice_day_or_amount_is_a_problem(cells, problem):
    checked = check(invoices(row("1")) | payments(cells))

    assert problems(checked) == [f"Payments!{problem}"]
    assert (checked.payments, checked.error_rows) == ([], {("Payments", 2)})


# --- stored invoices


@pytest.mark.parametrize(
    ("cents", "currency", "problem"),
    [
        ("5.00", "EUR", []),
        ("€5.00", "EUR", []),
        ("$5.00", "EUR", ["Payments!C2 is in USD, but the invoice is in EUR."]),
        ("$5.00", "USD", []),
    ],
)
def test_a_payment_of_a_stored_invoice_is_in_its_currency(cents, currency, problem):
    before = stored([a_stored_customer()], [a_stored_invoice("7", currency=currency)])

    checked = check(invoices(row("1")) | payments(["7", PAID, cents]), before)

    assert problems(checked) == problem
    assert paid(checked) == ([] if problem else [(("7", "acme"), 5_00)])


def test_an_invoice_of_the_workbook_comes_before_a_stored_one_of_the_same_number():
    before = stored([a_stored_customer("Bolt", "Bolt")], [a_stored_invoice("1", "Bolt")])

    assert paid(check(invoices(row("1")) | payments(["1", PAID, 5]), before)) == [(("1", "acme"), 5_00)]


@pytest.mark.parametrize(
    ("customer", "key", "problem"),
    [
        ("Acme", ("7", "acme"), []),
        ("Bolt", ("7", "bolt"), []),
        (None, None, ["Payments!A2 names invoice '7', which several customers have: add a customer column."]),
        ("Cord", None, ["Payments!A2 names invoice '7', which is another customer's."]),
        ("Nobody", None, ["Payments!A2 names invoice '7', which several customers have: add a customer column."]),
    ],
)
def test_a_payment_of_a_number_that_several_customers_have_names_one(customer, key, problem):
    before = stored(
        [a_stored_customer(), a_stored_customer("Bolt", "Bolt"), a_stored_customer("Cord", "Cord")],
        [a_stored_invoice("7"), a_stored_invoice("7", "Bolt", id=2)],
    )

    checked = check(invoices(row("1")) | payments(["7", PAID, 5, customer], headings=["Customer"]), before)

    assert problems(checked) == problem
    assert paid(checked) == ([(key, 5_00)] if key else [])


# --- several invoices at once


@pytest.mark.parametrize(
    "named",
    ["1, 2", "1;2", "1 + 2", "1 & 2", "1/2", "1 | 2", "1 and 2", "1 und 2", "1 et 2", "1 y 2", "1 e 2",
     "1 en 2", "1 och 2", "1 og 2", "1, 2,"],
)  # fmt: skip
def test_a_payment_may_name_several_invoices_that_it_pays_exactly(named):
    checked = check(invoices(row("1"), row("2", 50)) | payments([named, PAID, 150]))

    assert paid(checked) == [(("1", "acme"), 100_00), (("2", "acme"), 50_00)]
    assert [one.row for one in checked.payments] == [2, 2]
    assert problems(checked) == []


def test_a_number_that_looks_like_several_is_one_if_an_invoice_has_it():
    checked = check(invoices(row("1"), row("2"), row("1/2", 30)) | payments(["1/2", PAID, 30]))

    assert paid(checked) == [(("1/2", "acme"), 30_00)]


@pytest.mark.parametrize(("amount", "is_paid"), [(149.99, False), (150, True), (150.01, False)])
def test_a_payment_of_several_invoices_is_what_is_left_of_them_to_the_cent(amount, is_paid):
    checked = check(invoices(row("1"), row("2", 50)) | payments(["1, 2", PAID, amount]))

    assert problems(checked) == (
        []
        if is_paid
        else [
            f"Payments!A2 pays several invoices with {amount:.2f}, and 150.00 is left of them: give each its own row."
        ]
    )
    assert checked.error_rows == (set() if is_paid else {("Payments", 2)})


def test_a_payment_of_several_invoices_counts_after_those_of_one():
    checked = check(invoices(row("1"), row("2", 50)) | payments(["1, 2", PAID, 110], ["1", PAID, 40]))

    assert paid(checked) == [(("1", "acme"), 40_00), (("1", "acme"), 60_00), (("2", "acme"), 50_00)]


def test_invoices_are_paid_together_only_once():
    checked = check(invoices(row("1"), row("2", 50)) | payments(["1, 2", PAID, 150], ["1, 2", PAID, 150]))

    assert problems(checked) == [
        "Payments!A3 pays several invoices with 150.00, and 0.00 is left of them: give each its own row."
    ]
    assert len(checked.payments) == 2


def test_a_void_invoice_is_not_paid_together_with_another():
    tabs = {"Invoices": [[*INVOICES, "Status"], row("1", 100, "Acme", DUE, "Void"), row("2", 50)]}

    assert problems(check(tabs | payments(["1, 2", PAID, 150]))) == [
        "Payments!A2 pays several invoices with 150.00, and 50.00 is left of them: give each its own row."
    ]


# --- on account

LEDGER = ["Type", "Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"]


def ledger(*paid, invoices=()):
    rows = [["Invoice", number, customer, ISSUED, due, cents] for number, customer, due, cents in invoices]
    return check({"Ledger": [LEDGER, *rows, *paid]}, payments="pay")


def payment(amount, customer="Acme", day=PAID):
    return ["Payment", None, customer, day, None, amount]


OLDER, NEWER = ("1", "Acme", date(2026, 2, 1), 100), ("2", "Acme", date(2026, 3, 1), 50)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([100], [("1", 100_00)]),
        ([50], [("2", 50_00)]),
        ([120], [("1", 100_00), ("2", 20_00)]),
        ([150], [("1", 100_00), ("2", 50_00)]),
        ([60, 40], [("1", 60_00), ("1", 40_00)]),
        ([60, 60], [("1", 60_00), ("1", 40_00), ("2", 20_00)]),
        ([0], []),
    ],
)
def test_a_payment_on_account_pays_an_invoice_of_its_amount_or_the_oldest_due(amounts, expected):
    checked = ledger(*(payment(-amount) for amount in amounts), invoices=[NEWER, OLDER])

    assert [(one.key[0], one.values["amount_cents"]) for one in checked.payments] == expected
    assert problems(checked) == []
    assert {one.values["paid_on"] for one in checked.payments} <= {PAID}


@pytest.mark.parametrize(
    ("row_", "problem"),
    [
        (payment(-160), "F3 pays 60.00 more than is left of its customer's invoices."),
        (payment(-10, "Bolt"), "F3 pays 10.00 more than is left of its customer's invoices."),
        (payment(-10, None), "F3 pays 10.00 more than is left of its customer's invoices."),
        (payment(-10, day=None), "D3 has no date of payment."),
        (payment("lots"), "F3 says 'lots', which is not an amount."),
    ],
)
def test_a_payment_on_account_that_pays_nothing_is_a_problem(row_, problem):
    checked = ledger(row_, invoices=[OLDER])

    assert problems(checked) == [f"Ledger!{problem}"]
    assert checked.error_rows == {("Ledger", 3)}


def test_a_payment_on_account_without_an_amount_is_a_problem_at_its_cell():
    rows = [["Invoice", "1", "Acme", ISSUED, DUE, 100, None], ["Payment", None, "Acme", PAID, None, None, None]]
    rows += [["Payment", None, "Acme", PAID, None, -10, None]]

    checked = check({"Ledger": [[*LEDGER, "Clerk"], *rows]}, payments="pay")

    assert problems(checked) == ["Ledger!F3 has no amount."]
