"""Figures that contradict each other are asked about once, unless they are stored so already."""

from datetime import date

import pytest
from support.snapshots import a_stored_customer, a_stored_invoice, a_stored_payment, stored
from support.workbooks import INVOICES, PAYMENTS, asked, check, notices, payment_values, problems, questions

from app.workbook.meaning.results.records import Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)
TODAY, TOMORROW = date(2026, 6, 30), date(2026, 7, 1)
IN_31_DAYS, IN_32_DAYS = date(2026, 7, 31), date(2026, 8, 1)


def row(number, *rest, amount=100, issued=ISSUED, due=DUE):
    return [number, "Acme", issued, due, amount, *rest]


def invoices(*rows, headings=()):
    return {"Invoices": [[*INVOICES, *headings], *rows]}


def payments(*rows):
    return {"Payments": [PAYMENTS, *rows]}


def known(*invoices, payments=()):
    return stored([a_stored_customer()], invoices, payments)


# --- days ahead


def test_invoices_far_ahead_are_asked_about_and_the_first_four_are_named():
    checked = check(invoices(*(row(str(number), issued=IN_32_DAYS, due=IN_32_DAYS) for number in range(5))))

    assert asked(checked) == [
        Question(
            id="ahead:invoices",
            subject="ahead",
            tab="Invoices",
            text="5 invoices are dated far ahead (Invoices, row 2: 2026-08-01; Invoices, row 3: 2026-08-01; "
            "Invoices, row 4: 2026-08-01; Invoices, row 5: 2026-08-01; and 1 more): are these days right? "
            "Correct them in the workbook if they are not.",
            choices=("right",),
            labels={"right": "they are right"},
            shape="ahead:invoices:3cb24809bbad8bd5",
        )
    ]


def test_of_four_invoices_far_ahead_none_is_left_unnamed():
    checked = check(invoices(*(row(str(number), issued=IN_32_DAYS, due=IN_32_DAYS) for number in range(4))))

    assert "Invoices, row 5: 2026-08-01): are" in questions(checked)[0]


@pytest.mark.parametrize(
    ("issued", "stored_on", "is_asked"),
    [
        (IN_31_DAYS, None, False),
        (IN_32_DAYS, None, True),
        (IN_32_DAYS, IN_32_DAYS, False),
        (IN_32_DAYS, IN_31_DAYS, True),
    ],
)
def test_a_day_is_far_ahead_after_31_days_unless_it_is_stored(issued, stored_on, is_asked):
    before = known(a_stored_invoice(issued_on=stored_on)) if stored_on else known()

    assert bool(check(invoices(row("1", issued=issued, due=issued)), before).questions) is is_asked


def test_an_invoice_far_ahead_counts_in_any_case():
    assert len(check(invoices(row("1", issued=IN_32_DAYS, due=IN_32_DAYS))).invoices) == 1


def test_a_payment_after_today_does_not_count_before_it_is_said_to_be_made():
    tabs = invoices(row("1", 40, TOMORROW), row("2", 60, TODAY), headings=["Paid", "Paid On"])

    checked = check(tabs)

    assert asked(checked) == [
        Question(
            id="ahead:payments",
            subject="ahead",
            tab="Invoices",
            text="1 payment is dated after today (Invoices, row 2: 2026-07-01): are they planned, or made?",
            choices=("planned", "made"),
            labels={"planned": "planned: they do not count", "made": "made: they count on their day"},
            effects={"planned": "40.00 more is owed"},
            shape="ahead:payments:2d518a8d3248f0b4",
        )
    ]
    assert payment_values(checked, "paid_on", "amount_cents") == [(TODAY, 60_00)]


@pytest.mark.parametrize(("cents", "is_asked"), [(40_00, False), (39_00, True)])
def test_a_payment_after_today_is_not_asked_about_if_it_is_stored(cents, is_asked):
    before = known(a_stored_invoice(), payments=[a_stored_payment(TOMORROW, cents)])

    checked = check(invoices(row("1", 40, TOMORROW), headings=["Paid", "Paid On"]), before)

    assert bool(checked.questions) is is_asked


# --- the invoices' own rows against the list of payments


@pytest.mark.parametrize(
    ("paid", "status", "listed", "says"),
    [
        (50, None, 40, "F2 says 50.00, listed are 40.00"),
        (30, None, 40, "F2 says 30.00, listed are 40.00"),
        (40, None, 40, None),
        (100, "Paid", 120, None),
        (100, "Paid", 99, "F2 says 100.00, listed are 99.00"),
        (100, None, 120, "F2 says 100.00, listed are 120.00"),
        (None, "Unpaid", 100, "F2 says unpaid, listed are 100.00"),
        (None, "Unpaid", 99, None),
        (None, "Partial", 100, "F2 says partial, listed are 100.00"),
        (None, "Sent", 100, None),
        (10, "Void", 40, None),
    ],
)
def test_a_row_is_held_against_the_payments_that_are_listed(paid, status, listed, says):
    tabs = invoices(row("1", paid, status), headings=["Paid", "Status"]) | payments(["1", PAID, listed])

    found = [text for text in questions(check(tabs, overpaid="credit")) if "list of payments" in text]

    wanted = f"1 row says another amount paid than the list of payments: {says}. Whose word counts?"
    assert found == ([wanted] if says else [])


def test_an_unpaid_invoice_over_nothing_is_no_contradiction():
    tabs = invoices(row("1", "Unpaid", amount=0), headings=["Status"]) | payments(["1", PAID, 0])

    assert questions(check(tabs)) == []


def test_rows_that_differ_from_the_list_of_payments_are_one_question():
    rows = [row(str(number), 50) for number in range(1, 6)]
    tabs = invoices(*rows, headings=["Paid"]) | payments(*([str(number), PAID, 40] for number in range(1, 6)))

    assert asked(check(tabs)) == [
        Question(
            id="listed:Invoices",
            subject="listed",
            tab="Invoices",
            text="5 rows say another amount paid than the list of payments: F2 says 50.00, listed are 40.00; "
            "F3 says 50.00, listed are 40.00; F4 says 50.00, listed are 40.00; F5 says 50.00, listed are 40.00; "
            "and 1 more. Whose word counts?",
            choices=("list", "rows"),
            labels={"list": "the list of payments", "rows": "the invoices' own rows"},
            effects={"rows": "50.00 less is owed than by the list"},
            shape="listed:<headings>:cfcb12bd68ec0ecf",
        )
    ]


@pytest.mark.parametrize(
    ("rows", "effect"),
    [
        ([row("1", 30), row("2", 35)], "15.00 more is owed than by the list"),
        ([row("1", 50), row("2", 30)], "0.00 less is owed than by the list"),
    ],
)
def test_the_effect_of_the_rows_word_is_what_they_differ_by_in_all(rows, effect):
    tabs = invoices(*rows, headings=["Paid"]) | payments(["1", PAID, 40], ["2", PAID, 40])

    assert asked(check(tabs))[0].effects == {"rows": effect}


def test_a_row_whose_payment_has_a_problem_is_not_held_against_the_list():
    tabs = invoices(row("1", 50), headings=["Paid"]) | payments(["1", PAID, "lots"])

    checked = check(tabs)

    assert problems(checked) == ["Payments!C2 says 'lots', which is not an amount."]
    assert questions(checked) == []


@pytest.mark.parametrize(
    ("said", "listed", "paid"),
    [
        ([60, None, "Open"], [40], [(PAID, 40_00, 2), (DUE, 20_00, 2)]),
        ([60, TODAY, "Open"], [40], [(PAID, 40_00, 2), (TODAY, 20_00, 2)]),
        ([30, None, "Open"], [40], [(DUE, 30_00, 2)]),
        ([0, None, "Open"], [40], []),
        ([None, None, "Unpaid"], [100], []),
        ([None, None, "Partial"], [100], [(PAID, 100_00, 2)]),
    ],
)
def test_the_rows_word_replaces_the_list_where_it_says_less_and_adds_what_it_says_more(said, listed, paid):
    tabs = invoices(row("1", *said), headings=["Paid", "Paid On", "Status"])

    checked = check(tabs | payments(*(["1", PAID, cents] for cents in listed)), listed="rows")

    found = [(one.values["paid_on"], one.values["amount_cents"], one.row) for one in checked.payments]
    assert found == paid


# --- overpaid, and paid back


def test_invoices_with_more_paid_than_their_total_are_one_question():
    tabs = invoices(*(row(str(number), 100 + number) for number in range(1, 6)), headings=["Paid"])

    assert asked(check(tabs, undated="due")) == [
        Question(
            id="overpaid",
            subject="overpaid",
            tab="Invoices",
            text="5 invoices have more paid than their totals (1: 101.00 of 100.00, 2: 102.00 of 100.00, "
            "3: 103.00 of 100.00, 4: 104.00 of 100.00 and 1 more): is the rest credit of the customers?",
            choices=("credit",),
            labels={"credit": "yes, it is credit"},
            effects={"credit": "15.00 of credit"},
            shape="overpaid:8794587b62272f08",
        )
    ]


@pytest.mark.parametrize(
    ("amount", "paid", "status", "is_asked"),
    [
        (100, 100, None, False),
        (100, 100.01, None, True),
        (100, 120, "Void", False),
        (0, 10, None, False),
        (-50, 10, None, False),
        (0.01, 10, None, True),
    ],
)
def test_an_open_invoice_is_overpaid_beyond_its_total(amount, paid, status, is_asked):
    tabs = invoices(row("1", paid, status, amount=amount), headings=["Paid", "Status"])

    found = questions(check(tabs, undated="due"))

    assert [text.startswith("1 invoice has more paid than its total (1: ") for text in found] == [True] * is_asked


@pytest.mark.parametrize(("cents", "is_asked"), [([120_00], False), ([100_00, 20_00], False), ([119_00], True)])
def test_an_invoice_that_is_stored_as_overpaid_is_not_asked_about_again(cents, is_asked):
    before = known(a_stored_invoice(), payments=[a_stored_payment(PAID, one) for one in cents])
    tabs = invoices(row("1", 120), headings=["Paid"])

    assert bool(check(tabs, before, undated="due").questions) is is_asked


def test_invoices_with_more_paid_back_than_paid_are_one_question():
    tabs = invoices(*(row(str(number)) for number in range(1, 6)))
    tabs |= payments(*([str(number), PAID, -number] for number in range(1, 6)))

    assert asked(check(tabs, sign="refunded")) == [
        Question(
            id="paid-back",
            subject="paid-back",
            tab="Invoices",
            text="5 invoices have more paid back than paid (1: -1.00, 2: -2.00, 3: -3.00, 4: -4.00 and 1 more), so "
            "more than the total is open: is that right? Correct the signs in the workbook if it is not.",
            choices=("right",),
            labels={"right": "it is right"},
            shape="paid-back:d9107be69e9fff31",
        )
    ]


@pytest.mark.parametrize(
    ("amount", "paid", "stored_cents", "is_asked"),
    [
        (100, [-0.01], None, True),
        (0.01, [-5], None, True),
        (0, [-5], None, False),
        (100, [-5, 5], None, False),
        (100, [-5], -5_00, False),
        (100, [-5], -4_00, True),
    ],
)
def test_an_invoice_is_paid_back_below_nothing(amount, paid, stored_cents, is_asked):
    before = known(a_stored_invoice(), payments=[a_stored_payment(PAID, stored_cents)] if stored_cents else [])
    tabs = invoices(row("1", amount=amount)) | payments(*(["1", PAID, cents] for cents in paid))

    found = questions(check(tabs, before, sign="refunded"))

    assert [text.startswith("1 invoice has more paid back than paid (1: ") for text in found] == [True] * is_asked


def test_figures_that_agree_are_not_asked_about():
    checked = check(invoices(row("1", 100), headings=["Paid"]) | payments(["1", PAID, 100]))

    assert (questions(checked), problems(checked), notices(checked)) == ([], [], [])
