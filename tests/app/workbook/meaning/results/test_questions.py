"""Questions are asked once, with what each answer would give, and answered by their ids."""

from datetime import date

import pytest
from support.workbooks import INVOICES, PAYMENTS, check, invoice_values, payment_values, questions

from app.domain.sentences import plain
from app.workbook.meaning.results.questions import Answers, Questions, digest
from app.workbook.meaning.results.records import Checked, Question

ISSUED, DUE, PAID = date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 20)
UNKNOWN = {"2026": [[*INVOICES, "Bank"], ["1", "Acme", ISSUED, DUE, 100, 40]]}
NEGATIVE = {"Invoices": [INVOICES, ["1", "Acme", ISSUED, DUE, 100]], "Payments": [PAYMENTS, ["1", PAID, -30]]}


def test_a_question_shows_cells_of_the_file_and_what_each_answer_would_give():
    (question,) = check(UNKNOWN).questions

    assert plain(question.text) == (
        "column F 'Bank' of tab '2026' holds amounts (40.00 in all), and its heading does not say what they are. "
        "What are they?"
    )
    assert [(example.cell, plain(example.text)) for example in question.examples] == [("F2", "40.00")]
    assert {answer: plain(effect) for answer, effect in question.effects.items()} == {
        "paid": "60.00 would be owed",
        "balance": "40.00 would be owed",
        "total": "40.00 would be owed",
        "ignore": "100.00 would be owed",
    }


@pytest.mark.parametrize(
    ("answer", "total", "paid"),
    [("paid", 100_00, [(40_00,)]), ("balance", 100_00, [(60_00,)]), ("ignore", 100_00, [])],
)
def test_a_column_is_read_as_was_answered(answer, total, paid):
    checked = check(UNKNOWN, undated="due", by_question={"column:2026!F": answer})

    assert questions(checked) == []
    assert invoice_values(checked, "total_cents") == [(total,)]
    assert payment_values(checked, "amount_cents") == paid


def test_a_column_can_be_said_to_be_something_without_being_asked():
    tabs = {"2026": [[*INVOICES, "Balance"], ["1", "Acme", ISSUED, DUE, 100, 40]]}

    checked = check(tabs, undated="due", by_question={"column:2026!F": "paid"})

    assert payment_values(checked, "amount_cents") == [(40_00,)]


@pytest.mark.parametrize(("answer", "cents"), [("paid", 30_00), ("refunded", -30_00)])
def test_the_sign_of_payments_is_as_was_answered(answer, cents):
    checked = check(NEGATIVE, by_question={"sign:Payments!C": answer})

    assert payment_values(checked, "amount_cents") == [(cents,)]


@pytest.mark.parametrize(("answer", "total"), [("included", 100_00), ("added", 113_50)])
def test_a_tax_is_added_as_was_answered(answer, total):
    tabs = {"2026": [[*INVOICES, "VAT"], ["1", "Acme", ISSUED, DUE, 100, 13.5]]}

    checked = check(tabs, by_question={"tax:2026!F": answer})

    assert invoice_values(checked, "total_cents") == [(total,)]


@pytest.mark.parametrize(("answer", "total"), [("add", 150_00), ("once", 50_00)])
def test_lines_of_one_invoice_are_added_up_as_was_answered(answer, total):
    headings = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Item", "Amount"]
    rows = [["1", "Acme", ISSUED, DUE, item, 50] for item in ("Desk", "Lamp", "Delivery")]

    checked = check({"2026": [headings, *rows]}, lines=answer)

    assert invoice_values(checked, "total_cents") == [(total,)]
    assert checked.error_rows == set()


@pytest.mark.parametrize(("answer", "paid"), [("planned", []), ("made", [(100_00,)])])
def test_payments_ahead_count_as_was_answered(answer, paid):
    tabs = {"2026": [[*INVOICES, "Paid", "Paid On"], ["1", "Acme", ISSUED, DUE, 100, 100, date(2026, 12, 1)]]}

    checked = check(tabs, ahead=answer)

    assert payment_values(checked, "amount_cents") == paid


def test_payments_among_the_invoices_pay_their_customers_invoices():
    headings = ["Date", "Type", "Num", "Customer", "Due Date", "Amount"]
    tabs = {
        "2026": [
            headings,
            [ISSUED, "Invoice", "1", "Acme", DUE, 100],
            [ISSUED, "Invoice", "2", "Acme", DUE, 70],
            [PAID, "Payment", "88", "Acme", None, -70],
        ]
    }

    checked = check(tabs, payments="pay")

    assert [(one.key, one.values["amount_cents"]) for one in checked.payments] == [(("2", "acme"), 70_00)]


def test_the_same_question_about_two_tabs_is_asked_once():
    tabs = {"2025": [[*INVOICES, "Bank"], ["1", "Acme", ISSUED, DUE, 100, 40]]}
    tabs |= {"2026": [[*INVOICES, "Bank"], ["2", "Acme", ISSUED, DUE, 50, 50]]}

    assert len(check(tabs).questions) == 1
    assert len(check(tabs, undated="due", by_question={"column:2025!F": "paid"}).payments) == 2


@pytest.mark.parametrize(("answer", "numbers"), [({}, ["1", "2"]), ({"tab:Old": "skip"}, ["1"])])
def test_a_tab_can_be_left_out(answer, numbers):
    tabs = {"New": [INVOICES, ["1", "Acme", ISSUED, DUE, 100]], "Old": [INVOICES, ["2", "Acme", ISSUED, DUE, 50]]}

    checked = check(tabs, by_question=answer)

    assert [one.values["number"] for one in checked.invoices] == numbers


def test_leaving_out_one_table_of_a_tab_leaves_the_others():
    tabs = {
        "2026": [
            INVOICES,
            ["1", "Acme", ISSUED, DUE, 100],
            [],
            ["Reminders"],
            ["Customer", "Reminded on", "Charge", "Sent by"],
            ["Acme", DUE, 5.5, "Jo"],
        ]
    }
    (question,) = check(tabs).questions

    checked = check(tabs, by_question={question.id: "skip"})

    assert [one.values["number"] for one in checked.invoices] == ["1"]


def test_swapped_days_are_turned_back_as_was_answered():
    rows = [date(2026, 2, 5), "21/05/2026", date(2026, 1, 5), "28/05/2026"]
    tabs = {"2026": [INVOICES, *([str(n), "Acme", day, date(2026, 7, 15), 5] for n, day in enumerate(rows))]}

    checked = check(tabs, swapped="swapped")

    assert invoice_values(checked, "issued_on") == [
        (date(2026, 5, 2),),
        (date(2026, 5, 21),),
        (date(2026, 5, 1),),
        (date(2026, 5, 28),),
    ]


# --- where answers come from


def question(id_="column:A!F", shape="", choices=("paid", "ignore")):
    return Question(id_, id_.partition(":")[0], "A", "What is it?", choices, shape=shape)


def asked(*put, **answers):
    """Put questions with these answers; return what was answered, what is asked, and what was remembered."""
    checked = Checked()
    found = Questions(Answers(**answers), checked)
    given = [found.put(one) for one in put]
    return given, [one.id for one in checked.questions], [one.is_remembered for one in checked.answered]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ([None], ["column:A!F"], [])),
        ({"by_question": {"column:A!F": "paid"}}, (["paid"], [], [False])),
        ({"by_subject": {"column": "paid"}}, (["paid"], [], [False])),
        ({"by_question": {"column:A!F": "ignore"}, "by_subject": {"column": "paid"}}, (["ignore"], [], [False])),
        ({"by_question": {"column:A!G": "paid"}}, ([None], ["column:A!F"], [])),
        ({"by_question": {"column:A!F": "nonsense"}}, ([None], ["column:A!F"], [])),
        ({"remembered": {"column:x:F": "paid"}}, (["paid"], [], [True])),
        ({"remembered": {"column:x:F": "paid"}, "by_question": {"column:A!F": "ignore"}}, (["ignore"], [], [False])),
        ({"remembered": {"column:y:F": "paid"}}, ([None], ["column:A!F"], [])),
        ({"remembered": {"": "paid"}}, ([None], ["column:A!F"], [])),
    ],
)
def test_an_answer_is_given_for_the_question_its_subject_or_its_shape(answers, expected):
    assert asked(question(shape="column:x:F"), **answers) == expected


def test_an_answer_can_be_known_without_asking():
    checked = Checked()
    found = Questions(Answers(remembered={"column:x:F": "paid"}), checked)

    assert (found.known(question(shape="column:x:F")), found.known(question())) == ("paid", None)
    assert (checked.questions, checked.answered) == ([], [])


def test_a_question_without_a_shape_is_never_remembered():
    assert asked(question(), remembered={"": "paid"}) == ([None], ["column:A!F"], [])


def test_of_questions_of_one_shape_the_first_is_asked_and_its_answer_counts_for_all():
    put = [question(f"column:{tab}!F", "column:x:F") for tab in "ABC"]

    assert asked(*put) == ([None] * 3, ["column:A!F"], [])
    assert asked(*put, by_question={"column:A!F": "paid"}) == (["paid"] * 3, [], [False] * 3)


def test_an_answer_to_a_later_question_of_a_shape_is_its_own():
    put = [question(f"column:{tab}!F", "column:x:F") for tab in "AB"]

    assert asked(*put, by_question={"column:B!F": "paid"}) == ([None, "paid"], ["column:A!F"], [False])


def test_a_question_without_a_shape_is_asked_once():
    assert asked(question(), question(), question("column:B!F")) == ([None] * 3, ["column:A!F", "column:B!F"], [])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("0", True), ("730", True), ("731", False), ("0730", False), ("-1", False), ("", False), ("²", False)],
)
def test_terms_are_any_number_of_days_up_to_two_years(answer, expected):
    assert question("terms", choices=("14",)).takes(answer) is expected


def test_an_answer_about_rows_is_not_one_about_others():
    assert digest([(("1", "acme"), 5)]) == digest([(("1", "acme"), 5)])
    assert digest([(("1", "acme"), 5)]) != digest([(("1", "acme"), 6)])
    assert len(digest([])) == 16
