"""What is paid and open is proven by the total, and a minus is understood or asked about."""

from datetime import date

import pytest
from support.workbooks import INVOICES, PAYMENTS, asked, check, notices, payment_values, questions

from app.workbook.meaning.results.records import Example, Question

ISSUED, DUE, PAID = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 20)


def tab(headings, *rows):
    return {"2026": [[*INVOICES, *headings], *([str(n), "Acme", ISSUED, DUE, *one] for n, one in enumerate(rows, 1))]}


def read(checked):
    """Return field and confidence of the columns from E on that are read."""
    columns = checked.tabs[0].columns[4:]
    return {one["column"]: (one["field"], one["confidence"]) for one in columns if one["field"]}


def paid(checked):
    return [cents for (cents,) in payment_values(checked, "amount_cents")]


def test_total_paid_and_balance_prove_each_other():
    checked = check(tab(["Paid", "Balance"], [100, 40, 60], [50, 0, 50]), undated="due")

    assert read(checked) == {
        "E": ("total_cents", "proven"),
        "F": ("paid_cents", "proven"),
        "G": ("balance_cents", "proven"),
    }
    assert (notices(checked), questions(checked)) == ([], [])


def test_a_minus_in_what_was_paid_is_only_notation_where_the_balance_says_so():
    checked = check(tab(["Paid", "Balance"], [100, -40, 60], [100, None, 100]), undated="due")

    assert paid(checked) == [40_00]
    assert notices(checked) == ["The minus in column F 'Paid' only says that it was paid."]
    assert questions(checked) == []
    assert {confidence for _, confidence in read(checked).values()} == {"proven"}


def test_a_minus_is_no_notation_where_other_payments_have_none():
    checked = check(tab(["Paid", "Balance"], [100, -40, 60], [100, 20, 120]), undated="due")

    assert notices(checked) == []


def test_several_columns_of_payments_add_up_where_the_balance_proves_it():
    checked = check(tab(["Deposit", "Payments", "Balance"], [100, 20, 30, 50], [80, 0, 80, 0]), undated="due")

    assert read(checked) == {
        "E": ("total_cents", "proven"),
        "F": ("paid_cents", "proven"),
        "G": ("paid_cents", "proven"),
        "H": ("balance_cents", "proven"),
    }
    assert paid(checked) == [50_00, 80_00]


@pytest.mark.parametrize(
    ("headings", "rows", "notice"),
    [
        (
            ["Balance"],
            [[100, 100], [50, 150], [70, 220]],
            "Column F 'Balance' adds up 'Amount' from row to row, so it is no balance of an invoice and was not read.",
        ),
        (
            ["Paid", "Balance"],
            [[100, 0, 100], [50, 20, 130], [70, 0, 200]],
            "Column G 'Balance' adds up 'Amount' from row to row, so it is no balance of an invoice and was not read.",
        ),
    ],
)
def test_a_balance_that_runs_from_row_to_row_is_not_read(headings, rows, notice):
    checked = check(tab(headings, *rows), undated="due")

    assert notices(checked)[0] == notice
    assert "balance_cents" not in [field for field, _ in read(checked).values()]
    assert questions(checked) == []


def test_a_running_balance_that_was_chosen_as_the_balance_is_read():
    checked = check(tab(["Balance"], [100, 100], [50, 150], [70, 220]), by_question={"column:2026!F": "balance"})

    assert read(checked)["F"] == ("balance_cents", "chosen")


def test_a_balance_that_never_exceeds_its_invoice_is_read_though_it_runs():
    checked = check(tab(["Balance"], [100, 100], [-50, 50], [20, 20]), undated="due")

    assert read(checked)["F"] == ("balance_cents", "said")


# --- payments with a minus


@pytest.mark.parametrize(
    ("rows", "how_many", "examples", "effect"),
    [
        ([[100, -40], [100, -60]], "All amounts carry a minus", ["-40.00", "-60.00"], "100.00 was paid"),
        ([[100, -40], [100, None], [10, 0]], "All amounts carry a minus", ["-40.00", "0.00"], "40.00 was paid"),
        ([[100, -40], [100, 30]], "1 amount carries a minus", ["-40.00", "30.00"], "10.00 was paid"),
        ([[100, -40], [9, -3], [9, 0], [9, 1]], "2 amounts carry a minus", ["-40.00", "-3.00", "0.00", "1.00"],
         "42.00 was paid"),
    ],
)  # fmt: skip
def test_payments_with_a_minus_that_outweigh_the_others_are_asked_about(rows, how_many, examples, effect):
    question = next(one for one in asked(check(tab(["Paid"], *rows), undated="due")) if one.subject == "sign")

    assert question == Question(
        id="sign:2026!F",
        subject="sign",
        tab="2026",
        text=f"{how_many} in column F 'Paid' of tab '2026': were they paid to you, or did you pay them back?",
        choices=("paid", "refunded"),
        examples=question.examples,
        labels={"paid": "they were paid to you", "refunded": "you paid them back"},
        effects={"paid": effect, "refunded": "the debt grows by as much"},
        shape="sign:<headings>:F",
    )
    assert [one.text for one in question.examples] == examples


def test_payments_with_a_minus_in_a_list_of_payments_are_asked_about():
    checked = check(tab([], [100]) | {"Payments": [PAYMENTS, ["1", PAID, -0.01]]})

    (question,) = (one for one in asked(checked) if one.subject == "sign")
    assert question.id == "sign:Payments!C"
    assert question.examples == (Example("C2", "-0.01", {}),)


@pytest.mark.parametrize(
    "rows",
    [
        [[100, -40], [100, 40]],
        [[100, -40], [100, 60]],
        [[-100, -40], [100, None]],
        [[100, 0]],
    ],
    ids=["as much as the others", "less than the others", "on a credit note", "nothing"],
)
def test_payments_with_a_minus_that_can_be_refunds_are_not_asked_about(rows):
    assert [one for one in check(tab(["Paid"], *rows), undated="due").questions if one.subject == "sign"] == []


def test_a_minus_on_an_invoice_is_asked_about_beside_one_on_a_credit_note():
    checked = check(tab(["Paid"], [-100, -40], [100, -40]), undated="due")

    assert [one.subject for one in checked.questions][:1] == ["sign"]


@pytest.mark.parametrize(("answer", "cents"), [("paid", [40_00, -30_00]), ("refunded", [-40_00, 30_00])])
def test_the_minus_means_what_was_answered(answer, cents):
    checked = check(tab(["Paid", "Paid On"], [100, -40, PAID], [100, 30, PAID]), sign=answer)

    assert paid(checked) == cents
