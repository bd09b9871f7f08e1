"""Statements of account as a workbook: who to whom, the lines, the sums, and the ageing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from app.domain.ageing import BUCKET_NAMES, Ageing
from app.domain.money import decimal_of
from app.domain.open_items import OpenItem, OpenItems
from app.domain.sentences import first_of
from app.domain.statement import Statement
from app.store.ledger.statements.account import AccountStatement, StatementKind
from app.workbook.reading.cells import column_letter
from app.workbook.reading.tab_names import tab_title
from app.workbook.writing.listing import Listed, bold, cell, saved

ACTIVITY_HEADERS = ("Date", "What", "Invoice No", "Due", "Method", "Reference", "Amount", "Balance")
OPEN_ITEM_HEADERS = ("Invoice No", "What", "Issued", "Due", "Days late", "Total", "Paid", "Open")
_WIDTHS = (22, 28, 24, 13, 16, 24, 14, 14)


def statement_workbook(made: AccountStatement) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(tab_title(f"Statement {made.wanted.currency}"))
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions[column_letter(index)].width = width
    _part(sheet, ["Statement of account"], _head(made))
    if made.activity:
        _part(sheet, ACTIVITY_HEADERS, _activity(made.activity))
    else:
        _part(sheet, OPEN_ITEM_HEADERS, _open_items(made.open_items))
    ages = f"Open amounts by age on {made.wanted.closed_on.isoformat()}"
    _part(sheet, [ages], _ageing(made.ageing, made.open_items))
    return saved(book)


def _part(sheet: WriteOnlyWorksheet, headings: Sequence[str], rows: Iterable[Sequence[Listed]]) -> None:
    """Write them with an empty row below."""
    sheet.append([bold(sheet, text) for text in headings])
    for row in rows:
        sheet.append([cell(sheet, value) for value in row])
    sheet.append([])


def _head(made: AccountStatement) -> Iterator[Sequence[Listed]]:
    firm, details, wanted = made.firm, made.customer.details, made.wanted
    if firm.name:
        yield "From", firm.name
    yield from (("", line) for line in firm.address.splitlines())
    yield "To", details.name
    yield from (("", line) for line in details.address.splitlines())
    yield "Customer", details.code
    if wanted.kind is StatementKind.ACTIVITY:
        yield "Period", wanted.opened_on, wanted.closed_on
    else:
        yield "Open on", wanted.closed_on
    yield "Made on", made.made_on
    yield "Currency", wanted.currency
    lines = firm.bank_details.splitlines()
    yield from (("" if place else "Please pay to", line) for place, line in enumerate(lines))


def _activity(found: Statement) -> Iterator[Sequence[Listed]]:
    yield _edge(found.opened_on, "Opening balance", found.opening_cents)
    for line in found.lines:
        change = line.change
        yield (
            change.day,
            change.title.capitalize(),
            first_of([invoice.number for invoice in change.invoices], len(change.invoices)),
            change.due_on,
            change.method,
            change.reference,
            decimal_of(change.cents),
            decimal_of(line.balance_cents),
        )
    yield _edge(found.closed_on, "Closing balance", found.closing_cents)


def _edge(day: date, what: str, cents: int) -> Sequence[Listed]:
    return day, what, None, None, None, None, None, decimal_of(cents)


def _open_items(found: OpenItems) -> Iterator[Sequence[Listed]]:
    yield from map(_open_item, found.owed)
    yield _sum("Outstanding", found.outstanding_cents)
    if found.credits:
        yield from map(_open_item, found.credits)
        yield _sum("Credit", -found.credit_cents)
        yield _sum("Balance", found.balance_cents)


def _open_item(item: OpenItem) -> Sequence[Listed]:
    invoice, is_owed = item.invoice, item.open_cents > 0
    return (
        invoice.number,
        (item.note or item.kind.value).capitalize(),
        invoice.issued_on,
        invoice.due_on if is_owed else None,
        max(item.days_late, 0) if is_owed else None,
        decimal_of(invoice.total_cents),
        decimal_of(item.paid_cents),
        decimal_of(item.open_cents),
    )


def _sum(what: str, cents: int) -> Sequence[Listed]:
    return what, None, None, None, None, None, None, decimal_of(cents)


def _ageing(ageing: Ageing, found: OpenItems) -> Iterator[Sequence[Listed]]:
    yield from ((BUCKET_NAMES[bucket], decimal_of(cents)) for bucket, cents in ageing.buckets.items())
    yield "Outstanding", decimal_of(found.outstanding_cents)
    if found.credit_cents:
        yield "Credit", decimal_of(-found.credit_cents)
        yield "Balance", decimal_of(found.balance_cents)
