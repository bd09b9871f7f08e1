"""Workbooks that are easily misread: what a careful bookkeeper reads in each, or that only its owner can tell."""

from collections import Counter
from datetime import date

import pytest
from support.workbooks import INVOICES, PAYMENTS, Shown, check

from app.workbook.reading.refusal import WorkbookRefusedError

ISSUED, DUE, PAID = date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 20)
GERMAN = ["Rechnungsnr.", "Kunde", "Rechnungsdatum", "Fällig am", "Betrag"]
FRENCH = ["N° facture", "Client", "Date", "Échéance"]
ASKED = None


def row(number, amount, *rest, customer="Acme"):
    return [number, customer, ISSUED, DUE, amount, *rest]


def tab(headings, *rows):
    return {"2026": [headings, *rows]}


CASES = {
    "what is unpaid is not what was paid": (
        tab([*GERMAN, "Unbezahlter Betrag"], row("1", 100, 100), row("2", 50, 0)),
        {"1": 100, "2": 0},
    ),
    "an amount repaid may be anything": (tab([*INVOICES, "Amount Repaid"], row("1", 100, 100)), ASKED),
    "a deposit and payments add up where the balance proves it": (
        tab([*INVOICES, "Deposit", "Payments", "Balance"], row("1", 100, 20, 30, 50), row("2", 80, 0, 80, 0)),
        {"1": 50, "2": 0},
    ),
    "a deposit beside payments is asked about without a balance": (
        tab([*INVOICES, "Deposit", "Payments"], row("1", 100, 20, 30), row("2", 80, 0, 80)),
        ASKED,
    ),
    "a column that repeats the total may be what was paid": (tab([*INVOICES, "Bank"], row("1", 100, 100)), ASKED),
    "columns that add up to the total may be payments": (
        tab([*INVOICES, "Bank", "Till"], row("1", 100, 60, 40)),
        ASKED,
    ),
    "an unknown column with dashes for nothing": (
        tab([*INVOICES, "Bank"], row("1", 100, "-"), row("2", 80, 8), row("3", 70, "-")),
        ASKED,
    ),
    "an unknown column with few amounts among words": (
        tab([*INVOICES, "Extra"], row("1", 100, "call"), row("2", 80, "wait"), row("3", 70, "12.50")),
        ASKED,
    ),
    "one amount far down in an unknown column": (
        tab([*INVOICES, "Bank"], *(row(str(n), 100, 40 if n == 901 else None) for n in range(1000))),
        ASKED,
    ),
    "an unknown column of money": (tab([*INVOICES, "Retention"], row("1", 100, 10), row("2", 80, 8)), ASKED),
    "a total that follows from net, shipping and tax": (
        tab(
            [*INVOICES[:4], "Subtotal", "Shipping", "Tax", "Grand Total"],
            row("1", 100, 10, 22, 132),
            row("2", 50, 5, 11, 66),
        ),
        {"1": 132, "2": 66},
    ),
    "a net amount with its tax is the total": (
        tab([*FRENCH, "Montant HT", "TVA"], row("1", 100, 20)),
        {"1": 120},
    ),
    "a tax that may or may not be in the amount": (tab([*INVOICES, "VAT"], row("1", 100, 13.5)), ASKED),
    "a tax of a rate that exists only if it is included": (tab([*INVOICES, "VAT"], row("1", 120, 20)), {"1": 120}),
    "days since the invoice are no terms": (
        tab(["Invoice No", "Customer", "Invoice Date", "Days", "Amount"], ["1", "Acme", ISSUED, 100, 50]),
        ASKED,
    ),
    "a tab of credit notes": (
        {"Rechnungen": [GERMAN, row("1", 100)], "Gutschriften": [GERMAN, row("G1", 30)]},
        {"1": 100, "G1": -30},
    ),
    "a type that says credit note": (
        tab(
            ["N° facture", "Client", "Date", "Échéance", "Montant TTC", "Type"],
            row("1", 100, "Facture"),
            row("2", 40, "Avoir"),
        ),
        {"1": 100, "2": -40},
    ),
    "credit in a number format": (
        tab(INVOICES, row("1", Shown(100, '0.00" Dr"')), row("2", Shown(30, '0.00" Cr"'))),
        {"1": 100, "2": -30},
    ),
    "offers are not owed": ({"Devis": [[*FRENCH, "Montant TTC"], row("1", 100)]}, ASKED),
    "orders beside invoices": ({"Rechnungen": [GERMAN, row("1", 100)], "Bestellungen": [GERMAN, row("B1", 30)]}, ASKED),
    "what is owed to suppliers says so itself": (
        {"2026": [INVOICES, row("1", 100)], "Expenses": [["Date", "Vendor", "Amount"], [ISSUED, "Shop", 20]]},
        {"1": 100},
    ),
    "products are no customers": (
        {"2026": [INVOICES, row("1", 100)], "Products": [["Code", "Name", "Unit price"], ["P", "Paint", 12.5]]},
        {"1": 100},
    ),
    "staff are no customers": (
        {"2026": [INVOICES, row("1", 100)], "Staff": [["Name", "Phone", "Salary"], ["Jo", "123", 2000]]},
        {"1": 100},
    ),
    "a bank book may hold payments": (
        {"2026": [INVOICES, row("1", 100)], "Bank": [["Date", "Text", "Amount"], [PAID, "Acme", 100]]},
        ASKED,
    ),
    "a refund without a minus": (
        {
            "Invoices": [INVOICES, row("1", 300)],
            "Zahlungen": [
                ["Rechnungsnr.", "Zahlungsdatum", "Art", "Betrag"],
                ["1", PAID, "Überweisung", 300],
                ["1", DUE, "Rückzahlung", 100],
            ],
        },
        {"1": 100},
    ),
    "payments that all carry a minus": (
        {"Invoices": [INVOICES, row("1", 300)], "Payments": [PAYMENTS, ["1", PAID, -300]]},
        ASKED,
    ),
    "payments of which most carry a minus": (
        {
            "Invoices": [INVOICES, row("1", 300), row("2", 200)],
            "Payments": [PAYMENTS, ["1", PAID, -300], ["2", PAID, -50], ["1", DUE, 40]],
        },
        ASKED,
    ),
    "one payment of a minus among others": (
        {
            "Invoices": [INVOICES, row("1", 300), row("2", 200)],
            "Payments": [PAYMENTS, ["1", PAID, 300], ["2", PAID, -50]],
        },
        ASKED,
    ),
    "debit and credit": (tab([*INVOICES[:4], "Debit", "Credit"], row("1", 100, None), row("2", 50, 50)), ASKED),
    "more paid than invoiced": (tab([*INVOICES, "Paid", "Paid On"], row("1", 100, 120, PAID)), ASKED),
    "more open than invoiced": (tab([*INVOICES, "Balance"], row("1", 100, 120)), ASKED),
    "a status that contradicts the balance": (tab([*INVOICES, "Balance", "Status"], row("1", 100, 0, "Unpaid")), ASKED),
    "a status with a doubt": (tab([*INVOICES, "Status"], row("1", 100, "Paid?")), ASKED),
    "a running balance": (
        tab([*INVOICES, "Balance"], row("1", 100, 100), row("2", 50, 150), row("3", 70, 220)),
        {"1": 100, "2": 50, "3": 70},
    ),
    "a currency that is not known": (tab([*INVOICES[:4], "Amount (XYZ)"], row("1", 100)), ASKED),
    "paid in another currency": (
        tab([*INVOICES[:4], "Total (EUR)", "Paid (USD)", "Paid On"], row("1", 100, 100, PAID)),
        ASKED,
    ),
    "rand": (tab(INVOICES, row("1", "R 1 200,00")), {"1": 1200}),
    "payments beside the invoices": (
        tab([*INVOICES, None, "Invoice No", "Date", "Paid"], row("1", 100, None, "2", PAID, 50), row("2", 50)),
        {"1": 100, "2": 0},
    ),
    "one payment for two invoices": (
        {"Invoices": [INVOICES, row("1", 100), row("2", 50)], "Payments": [PAYMENTS, ["1 + 2", PAID, 150]]},
        {"1": 0, "2": 0},
    ),
    "one payment that is not what two invoices come to": (
        {"Invoices": [INVOICES, row("1", 100), row("2", 50)], "Payments": [PAYMENTS, ["1, 2", PAID, 120]]},
        ASKED,
    ),
    "swapped dates": (
        {
            "Invoices": [INVOICES, row("1", 100)],
            "Payments": [
                PAYMENTS,
                ["1", date(2026, 2, 3), 10],
                ["1", "21/03/2026", 10],
                ["1", date(2026, 4, 3), 10],
                ["1", "25/03/2026", 10],
            ],
        },
        ASKED,
    ),
    "a balance in the list of customers": (
        {
            "Customers": [["Customer ID", "Name", "Opening Balance"], ["C1", "Acme", 250.0]],
            "Invoices": [INVOICES, row("1", 100, customer="C1")],
        },
        ASKED,
    ),
    "a fee beside payments": (
        {
            "Invoices": [INVOICES, row("1", 100)],
            "Payments": [[*PAYMENTS, "Fee"], ["1", PAID, 97, 3]],
        },
        ASKED,
    ),
    "two amounts that differ": (tab([*INVOICES[:4], "Amount", "Invoice Value"], row("1", 100, 110)), ASKED),
    "a discount": (tab([*INVOICES, "Discount"], row("1", 100, 10)), ASKED),
    "a share that was paid": (tab([*INVOICES, "% paid"], row("1", 100, 50)), ASKED),
    "weeks and tax numbers are no money": (
        tab([*INVOICES, "Week", "VAT No"], row("1", 100, 12, 12345)),
        {"1": 100},
    ),
    "an invoice of another century": (tab(INVOICES, ["1", "Acme", date(2062, 3, 1), date(2062, 4, 1), 100]), ASKED),
    "a payment that lies ahead": (tab([*INVOICES, "Paid", "Paid On"], row("1", 100, 100, date(2026, 12, 1))), ASKED),
    "terms that end with the month": (
        tab(["Invoice No", "Customer", "Invoice Date", "Terms", "Amount"], ["1", "Acme", ISSUED, "30 days EOM", 50]),
        ASKED,
    ),
    "names above a group without a subtotal": (tab(INVOICES, row("1", 100), [None, *row("2", 50)[1:]]), ASKED),
    "headings of two lines": (
        {
            "2026": [
                ["Invoice", None, "Date", None, "Amount", None],
                ["No", "Customer", "Issued", "Due", "Total", "Paid"],
                row("1", 100, 40),
            ]
        },
        {"1": 60},
    ),
}


def left(tabs):
    """Return what is left of each invoice in whole units, None where something is asked, wrong or refused."""
    try:
        checked = check(tabs, undated="due")
    except WorkbookRefusedError:
        return ASKED
    if checked.questions or checked.problems:
        return ASKED
    cents = Counter({one.values["number"]: one.values["total_cents"] for one in checked.invoices})
    for payment in checked.payments:
        number = next(one.values["number"] for one in checked.invoices if one.key == payment.key)
        cents[number] -= payment.values["amount_cents"]
    return {number: amount / 100 for number, amount in cents.items()}


@pytest.mark.parametrize("case", CASES)
def test_it_is_read_as_a_careful_bookkeeper_would_or_asked_about(case):
    tabs, expected = CASES[case]

    assert left(tabs) == expected
