"""Notices on a whole tab, and its own totals compared with the sums that were read."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from app.domain.money import cents_from_decimal
from app.domain.sentences import agreeing, counted, first_of
from app.workbook.meaning.cell_values import amounts
from app.workbook.meaning.cell_values.amounts import DecimalMark, UnreadableError
from app.workbook.meaning.results.records import Checked, Notice, OwnTotal
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.reading.cells import Row, cell_name, column_letter

_SECTIONS_TRIED = 50


def add_own_totals(tab: Tab) -> None:
    ends = [row.number for row in tab.rows.totals]
    summed = [column.index for column in tab.header.columns if column.field in tab.summed] if ends else []
    sections = {index: _sections(tab, index, ends) for index in summed}
    above = {index: list(accumulate(sums)) for index, sums in sections.items()}
    headings = {column.index: column.header for column in tab.header.columns}
    for place, row in enumerate(tab.rows.totals):
        for index in summed:
            stated = _cents(tab, row, index)
            if stated is not None:
                read = _sum_above(sections[index], above[index], place, stated)
                tab.report.own_totals.append(OwnTotal(cell_name(index, row.number), headings[index], stated, read))


def _sections(tab: Tab, index: int, ends: list[int]) -> list[int]:
    """Return the sum of the rows between totals; each row is added once, however many totals a tab has."""
    sums = [0] * len(ends)
    for row in tab.rows.records:
        place = bisect_left(ends, row.number)
        if place < len(ends):
            sums[place] += _cents(tab, row, index) or 0
    return sums


def _sum_above(sums: list[int], above: list[int], place: int, stated: int) -> int:
    """Return the sum that a total row covers: one or more sections right above it, or all rows above."""
    if stated in accumulate(reversed(sums[max(0, place + 1 - _SECTIONS_TRIED) : place + 1])):
        return stated
    is_last = place == len(sums) - 1
    return above[place] if is_last or not sums[place] else sums[place]


def add_notices(tab: Tab, checked: Checked) -> None:
    checked.notices.extend(
        Notice(tab.name, message)
        for message in (
            *tab.messages,
            *_about_the_sheet(tab),
            *_about_amounts(tab),
            *_about_statuses_and_days(tab),
            *_about_rows(tab),
            *_about_columns(tab),
        )
    )


def _about_the_sheet(tab: Tab) -> list[str]:
    notices = []
    if tab.sheet.hidden:
        notices.append("The tab is hidden in Excel; it was read all the same.")
    hidden = sum(row.hidden for row in tab.rows.records)
    if hidden:
        why = "by a filter" if tab.sheet.filtered else "in Excel"
        was = agreeing(hidden, "was", "were")
        notices.append(f"{counted(hidden, 'row is', 'rows are')} hidden {why} and {was} read all the same.")
    if tab.sheet.merged_down:
        notices.append(
            f"{counted(tab.sheet.merged_down, 'cell is', 'cells are')} merged with the one above; "
            "its value was read for each row."
        )
    if tab.sheet.stopped_after_empty_row:
        notices.append(
            f"Nothing but empty rows stood above row {tab.sheet.stopped_after_empty_row}; reading stopped there."
        )
    if tab.sheet.cut_after_column:
        notices.append(f"Nothing right of column {tab.sheet.cut_after_column} was read.")
    return notices


def _about_amounts(tab: Tab) -> list[str]:
    notices = []
    if tab.rounded:
        amounts_have = counted(tab.rounded, "amount has", "amounts have")
        were = agreeing(tab.rounded, "was", "were")
        notices.append(f"{amounts_have} fractions of a cent and {were} rounded to the nearest cent.")
    if tab.header.kind is ListKind.INVOICE and not (tab.has("total_cents") or tab.has("net_cents")):
        notices.append("There is no column of totals: what is open was taken for the total of each invoice.")
    return notices


def _about_statuses_and_days(tab: Tab) -> list[str]:
    notices = [
        f"The status '{text[:40]}' is not known and was not used ({first_of(places)})."
        for text, places in tab.unknown_statuses.items()
    ]
    if tab.settled_without_due_date:
        count = len(tab.settled_without_due_date)
        notices.append(
            f"{counted(count, 'row is', 'rows are')} paid and {agreeing(count, 'has', 'have')} no due date: "
            f"the day of payment was taken for it ({first_of(tab.settled_without_due_date)})."
        )
    if tab.due_before_issued:
        count = len(tab.due_before_issued)
        notices.append(
            f"{counted(count, 'row is', 'rows are')} due before the day of issue ({first_of(tab.due_before_issued)})."
        )
    return notices


def _about_rows(tab: Tab) -> list[str]:
    totals = [f"Row {row.number} was read as a total and compared, not imported." for row in tab.rows.totals]
    left_out = [
        f"Row {number} was left out: {words or 'it has nothing in the columns that are read'}."
        for number, words in tab.rows.left_out
    ]
    names = "Rows that name no customer were read as those of the name above them."
    return ([names] if tab.customers_by_row else []) + totals + left_out


def _about_columns(tab: Tab) -> list[str]:
    kept = dict(tab.own_columns)
    rest = sorted((index, text) for index, text in tab.header.ignored + tab.header.dropped if index not in kept)
    notices = [f"Columns kept as they are: {_columns(tab.own_columns)}."] if kept else []
    notices += [f"Columns not read: {_columns(rest)}."] if rest else []
    if tab.unreadable_own:
        cells = counted(len(tab.unreadable_own), "cell", "cells")
        notices.append(f"{cells} of these could not be read and changed nothing ({first_of(tab.unreadable_own)}).")
    return notices


def _columns(columns: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{column_letter(index)} '{header}'" for index, header in columns)


def _cents(tab: Tab, row: Row, index: int) -> int | None:
    try:
        amount = amounts.read_amount(row.cell(index), tab.marks.get(index) or DecimalMark.POINT)
    except UnreadableError:
        return None
    return cents_from_decimal(amount.value) if amount else None
