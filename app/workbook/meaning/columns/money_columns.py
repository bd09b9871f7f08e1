"""Decide what the columns of a table mean: by headings, by arithmetic, or by questions."""

from collections.abc import Sequence

from app.workbook.meaning.columns import column_questions, open_amounts, totals
from app.workbook.meaning.columns.table_columns import TableColumns
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.tables.headers import Confidence, Header
from app.workbook.meaning.tables.tables import SheetTable
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.reading.cells import Row

_HELPERS = {"net_cents", "tax_cents", "discount_cents"}


def settle(
    table: SheetTable, header: Header, records: Sequence[Row], questions: Questions, groups: Sequence[object]
) -> TableColumns:
    """Decide what the columns mean; asks where neither headings nor figures decide.

    `groups` has the customer of each record: a running balance may be kept for each customer.
    """
    columns = TableColumns(table, header, records, questions, groups)
    column_questions.take_answers(columns)
    if header.kind is ListKind.CUSTOMER:
        column_questions.ask_about_balances(columns)
    elif records:
        _settle_money(columns)
    column_questions.ask_about_guesses(columns)
    return columns


def _settle_money(columns: TableColumns) -> None:
    _drop_helpers(columns)
    column_questions.ask_about_repeated_headings(columns)
    if columns.kind is ListKind.INVOICE:
        totals.settle_total(columns)
        open_amounts.settle_what_is_left(columns)
        column_questions.explain_the_rest(columns)
    open_amounts.ask_about_signs(columns)
    column_questions.ask_about_unread(columns)


def _drop_helpers(columns: TableColumns) -> None:
    """Unmap net amounts, taxes and discounts until they turn out to be needed."""
    for index, column in list(columns.read.items()):
        if column.field in _HELPERS and column.confidence is not Confidence.CHOSEN:
            del columns.read[index]
