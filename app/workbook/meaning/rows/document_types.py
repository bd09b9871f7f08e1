"""Rows and tabs that are something else than invoices or payments: credit notes, refunds, offers."""

from collections import defaultdict
from collections.abc import Sequence

from app.domain.sentences import amount_text, counted, first_of
from app.workbook.meaning.columns.table_columns import cents_or_nothing
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.rows.tabs import Tab
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.words import documents
from app.workbook.reading.cells import Merged, Row, cell_name

_NOT_OWED = ("estimate", "pro_forma", "order", "purchase")
_IN_WORDS = {
    "credit_note": "credit notes",
    "refund": "refunds",
    "payment": "payments",
    "estimate": "offers",
    "pro_forma": "pro forma invoices",
    "order": "orders",
    "purchase": "bills that you owe",
}
_TYPE_FIELDS = {ListKind.INVOICE: ("type",), ListKind.PAYMENT: ("type", "method")}
_MONEY = ("total_cents", "paid_cents", "balance_cents", "net_cents", "tax_cents")


def sort_documents(tab: Tab, questions: Questions) -> None:
    """Set the document type of each row, leave out what is not owed, and negate credit notes without a minus."""
    if tab.header.kind is ListKind.CUSTOMER:
        return
    if any(map(tab.has, _TYPE_FIELDS[tab.header.kind])):
        tab.documents |= {row.number: found for row in tab.rows.records if (found := _document(tab, row))}
    if tab.header.kind is ListKind.INVOICE:
        _leave_out_what_is_not_owed(tab, questions)
        _ask_about_payments(tab, questions)
        _turn_credit_notes(tab, questions)


def has_refunds_with_a_minus(tab: Tab) -> bool:
    refunds = (row for row in tab.rows.records if tab.documents.get(row.number) == "refund")
    return any(_cents(tab, row, "amount_cents") < 0 for row in refunds)


def _document(tab: Tab, row: Row) -> str:
    named: frozenset[str] = frozenset()
    for name in _TYPE_FIELDS[tab.header.kind]:
        cell = tab.cell(row, name)
        value = cell.value if isinstance(cell, Merged) else cell
        named |= documents(value) if isinstance(value, str) else frozenset()
    if tab.header.kind is ListKind.PAYMENT:
        return "refund" if "refund" in named else ""
    return next((kind for kind in ("credit_note", "refund", *_NOT_OWED, "payment") if kind in named), "")


def _leave_out_what_is_not_owed(tab: Tab, questions: Questions) -> None:
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in tab.rows.records:
        if tab.documents.get(row.number) in _NOT_OWED:
            by_kind[tab.documents[row.number]].append(row)
    for kind, rows in by_kind.items():
        answer = questions.ask(
            f"documents:{tab.name}!{kind}",
            tab.name,
            f"{_rows(rows)} of tab '{tab.name}' {_are(rows)} {_IN_WORDS[kind]} ({_places(tab, rows)}, "
            f"{_sum(tab, rows)} in all): are they to be left out?",
            {"skip": "yes, they are not owed", "read": "no, they are invoices"},
            shape=tab.shape(f"documents:{kind}"),
        )
        if answer == "skip":
            _leave_out(tab, rows, _IN_WORDS[kind])


def _ask_about_payments(tab: Tab, questions: Questions) -> None:
    rows = [row for row in tab.rows.records if tab.documents.get(row.number) in {"payment", "refund"}]
    if not rows:
        return
    answer = questions.ask(
        f"payments:{tab.name}",
        tab.name,
        f"{_rows(rows)} of tab '{tab.name}' {_are(rows)} payments ({_places(tab, rows)}, {_sum(tab, rows)} in all) "
        "and name no invoice: do they pay their customers' invoices, the same amount or else the oldest first?",
        {"pay": "yes, they pay the customers' invoices", "skip": "no, leave them out"},
        shape=tab.shape("payments"),
    )
    if answer == "pay":
        tab.payments_on_account = rows
        tab.paid_back_on_account = _paid_back(tab, rows)
    _leave_out(tab, rows, "payments" if answer == "skip" else "")


def _paid_back(tab: Tab, rows: Sequence[Row]) -> frozenset[int]:
    """Return the rows that give money back: refunds, and payments without a minus where others have one."""
    payments = [row for row in rows if tab.documents[row.number] == "payment"]
    have_minus = any(_total(tab, row) < 0 for row in payments)
    returned = {row.number for row in payments if have_minus and _total(tab, row) > 0}
    return frozenset(returned | {row.number for row in rows if tab.documents[row.number] == "refund"})


def _turn_credit_notes(tab: Tab, questions: Questions) -> None:
    """Mark rows without a minus as credit notes: by their type, or all rows if the tab is one of credit notes."""
    is_tab = "credit_note" in documents(tab.name) | documents(tab.title) and not tab.documents
    rows = [row for row in tab.rows.records if is_tab or tab.documents.get(row.number) == "credit_note"]
    amounts = [_total(tab, row) for row in rows]
    if not any(amounts):
        return
    if all(cents <= 0 for cents in amounts):
        for row in rows:
            tab.documents.pop(row.number, None)
        return
    if any(cents < 0 for cents in amounts):
        answer = questions.ask(
            f"credits:{tab.name}",
            tab.name,
            f"Some of the credit notes of tab '{tab.name}' carry a minus and some do not: do all reduce what is owed?",
            {"all": "yes, all of them", "signs": "no, only those with a minus"},
            shape=tab.shape("credits"),
        )
        rows = [row for row, cents in zip(rows, amounts, strict=True) if cents > 0] if answer == "all" else []
        amounts = [_total(tab, row) for row in rows]
    for row in tab.rows.records:
        tab.documents.pop(row.number, None)
    tab.documents |= {row.number: "credit_note" for row in rows}
    if rows:
        many = counted(len(rows), "credit note without a minus reduces", "credit notes without a minus reduce")
        tab.messages.append(f"{many} what is owed by {amount_text(sum(amounts))} ({_places(tab, rows)}).")


def _leave_out(tab: Tab, rows: Sequence[Row], what: str) -> None:
    numbers = {row.number for row in rows}
    tab.rows.records = [row for row in tab.rows.records if row.number not in numbers]
    for number in numbers:
        tab.documents.pop(number, None)
    if what:
        tab.messages.append(f"{_rows(rows)} left out as {what}, as was chosen ({_places(tab, rows)}).")


def _total(tab: Tab, row: Row) -> int:
    return next((cents for name in _MONEY if (cents := _cents(tab, row, name))), 0)


def _cents(tab: Tab, row: Row, name: str) -> int:
    cents = cents_or_nothing(tab.cell(row, name))
    return -cents if name in tab.negated else cents


def _sum(tab: Tab, rows: Sequence[Row]) -> str:
    return amount_text(sum(_total(tab, row) for row in rows))


def _rows(rows: Sequence[Row]) -> str:
    return counted(len(rows), "row", "rows")


def _are(rows: Sequence[Row]) -> str:
    return "says that it is one of" if len(rows) == 1 else "say that they are"


def _places(tab: Tab, rows: Sequence[Row]) -> str:
    index = (tab.indexes.get("number") or tab.indexes.get("invoice_number") or (0,))[0]
    return first_of([cell_name(index, row.number) for row in rows])
