"""What was answered is remembered by the workbook's shape; what the own book says is compared to the cent."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.workbooks import INVOICES, apply, choices, files_of, say_nothing, workbook

from app.actions import imports as import_actions
from app.actions.imports import NotNowError
from app.domain.sentences import plain
from app.store.ledger import imports
from app.workbook.figures import Debtor, Expected, OwedTotals, expected
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.results.questions import Answers
from app.workbook.preview import Choices

ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
HEADINGS = [*INVOICES, "Bank"]
JANUARY = {"January": [HEADINGS, ["1", "Acme", ISSUED, DUE, Decimal(100), Decimal(40)]]}
FEBRUARY = {"February": [HEADINGS, ["2", "Bolt", ISSUED, DUE, Decimal(70), Decimal(10)]]}
BANK_IS_PAID = Choices(Answers({"undated": "due"}, {"column:January!F": "paid"}))


def previewed(importer, path, chosen=None):
    return importer.examine(path, chosen or Choices(), say_nothing).preview


def test_next_months_workbook_of_the_same_shape_asks_nothing(importer_anywhere, tmp_path):
    apply(importer_anywhere, workbook(tmp_path, JANUARY), BANK_IS_PAID)

    preview = previewed(importer_anywhere, workbook(tmp_path, FEBRUARY, name="next.xlsx"))

    assert preview.questions == ()
    assert [(one.question.subject, one.answer, one.is_remembered) for one in preview.answered] == [
        ("column", "paid", True),
        ("undated", "due", True),
    ]
    assert preview.figures.after == [OwedTotals("USD", 120_00, 120_00, 0, 2)]


def test_what_is_only_looked_at_is_not_remembered(importer, tmp_path):
    previewed(importer, workbook(tmp_path, JANUARY), BANK_IS_PAID)

    assert imports.remembered_answers() == {}


def test_an_answer_that_is_asked_again_is_forgotten(importer, tmp_path):
    apply(importer, workbook(tmp_path, JANUARY), BANK_IS_PAID)
    path = workbook(tmp_path, FEBRUARY, name="next.xlsx")
    import_id = import_actions.receive(importer, io.BytesIO(path.read_bytes()), "next.xlsx", None)
    import_actions.preview(importer, import_id)
    (shape,) = (one.question.shape for one in files_of(importer, import_id).preview().answered if one.answer == "paid")

    import_actions.choose(importer, import_id, Choices(), None, forgotten_answers={shape})
    import_actions.preview(importer, import_id)

    assert [question.id for question in files_of(importer, import_id).preview().questions] == ["column:February!F"]


def test_a_preview_begins_with_what_is_owed_before_and_after(importer_anywhere, tmp_path):
    first = {"Invoices": [INVOICES, ["1", "Acme", ISSUED, DUE, Decimal(100)]]}
    second = {"Invoices": [INVOICES, ["2", "Acme", ISSUED, date(2026, 6, 1), Decimal("20.50")]]}
    apply(importer_anywhere, workbook(tmp_path, first))

    figures = previewed(importer_anywhere, workbook(tmp_path, second, name="next.xlsx")).figures

    assert figures.before == [OwedTotals("USD", 100_00, 100_00, 0, 1)]
    assert figures.after == [OwedTotals("USD", 120_50, 100_00, 0, 2)]
    assert figures.debtors == [Debtor("Acme", "USD", 100_00, 120_50)]


def test_an_import_that_comes_to_what_the_own_book_says_is_applied(importer, tmp_path):
    path = workbook(tmp_path, JANUARY)

    import_id = apply(importer, path, replace(BANK_IS_PAID, expected=Expected(60_00)))

    assert imports.get(import_id).choices["expected"] == {"cents": 60_00, "currency": None}


def test_an_import_that_comes_to_another_figure_is_refused_with_both(importer, tmp_path):
    path = workbook(tmp_path, JANUARY)

    with pytest.raises(NotNowError) as refused:
        apply(importer, path, replace(BANK_IS_PAID, expected=Expected(60_01)))

    assert plain(str(refused.value)) == (
        "Your book says 60.01 USD is owed, and after this import it would be 60.00: find the difference of 0.01 first."
    )


def test_what_the_own_book_says_may_have_credit_taken_off(importer, tmp_path):
    tabs = {"A": [INVOICES, ["1", "Acme", ISSUED, DUE, Decimal(100)], ["C1", "Bolt", ISSUED, DUE, Decimal(-30)]]}

    assert apply(importer, workbook(tmp_path, tabs), replace(choices(), expected=Expected(70_00)))


@pytest.mark.parametrize(
    ("text", "cents", "currency"),
    [("5,119.85", 511985, None), ("5.119,85 €", 511985, "EUR"), ("EUR 80", 80_00, "EUR"), ("0", 0, None)],
)
def test_what_the_own_book_says_is_read_as_people_write_it(text, cents, currency):
    assert expected(text, "USD") == Expected(cents, currency)


@pytest.mark.parametrize("text", ["1.234", "much", ""])
def test_what_can_be_read_two_ways_is_no_figure_to_compare_with(text):
    with pytest.raises(UnreadableError):
        expected(text, "USD")
