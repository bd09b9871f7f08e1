"""Decide which tables of a workbook are lists we import, which are not, and which need a question."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.sentences import amount_text
from app.workbook.meaning.cell_values.kinds import ColumnValues, column_values
from app.workbook.meaning.columns.samples import held
from app.workbook.meaning.columns.table_columns import cents_or_nothing
from app.workbook.meaning.results.questions import Questions
from app.workbook.meaning.results.records import Checked, Notice, Question, TabReport
from app.workbook.meaning.rows.tabs import Tab, described, tab_of
from app.workbook.meaning.tables.headers import ChosenMapping, Column, Confidence, Header, HeaderLine
from app.workbook.meaning.tables.tables import SheetTable, is_list_of_problems, tables
from app.workbook.meaning.vocabulary.headings import ListKind, claims
from app.workbook.meaning.vocabulary.words import documents, folded, heading_words
from app.workbook.reading.cells import Book, Row, column_letter

SKIP, READ = "skip", "read"
_NOT_OWED = {
    "estimate": "offers, which are not owed",
    "pro_forma": "pro forma invoices, which are not owed",
    "order": "orders, which are not owed before they are invoiced",
    "purchase": "bills that you owe, not what is owed to you",
    "bank": "a bank or cash book",
    "product": "products",
    "staff": "staff",
}
_NO_RECEIVABLES = {"purchase", "product", "staff"}
_NEEDED = {
    ListKind.INVOICE: (("number", "invoice number"), ("total_cents", "amount")),
    ListKind.PAYMENT: (
        ("invoice_number", "number of the invoice"),
        ("paid_on", "date of payment"),
        ("amount_cents", "amount"),
    ),
}


def recognised(book: Book, chosen: Mapping[str, ChosenMapping], checked: Checked, questions: Questions) -> list[Tab]:
    """Return the tables to import; each table gets a report, and none with money is left out without asking."""
    found = []
    for sheet in book.sheets:
        if is_list_of_problems(sheet):
            continue
        for table in tables(sheet, chosen):
            tab = _read(table, checked, questions)
            if tab is None:
                checked.tabs.append(_unread(table))
            else:
                checked.tabs.append(tab.report)
                found.append(tab)
    return found


def nearest(checked: Checked) -> str:
    for report in checked.tabs:
        if missing := _missing([str(column["header"] or "") for column in report.columns]):
            return f"Row {report.header_row} of tab '{report.name}' comes nearest, without {missing}."
    return ""


def _read(table: SheetTable, checked: Checked, questions: Questions) -> Tab | None:
    name = table.sheet.name
    whole = _question(replace(table, is_only=True), "a list of ours", (SKIP, READ))
    if table.is_left_out or (not table.is_only and questions.answer_if_given(whole) == SKIP):
        checked.notices.append(Notice(name, "The tab was left out, as was chosen."))
        return None
    if table.header is None:
        _ask_about_unread(table, checked, questions)
        return None
    if questions.answer_if_given(_question(table, "a list of ours", (SKIP, READ))) == SKIP:
        checked.notices.append(Notice(name, "The tab was left out, as was chosen."))
        return None
    if table.header.kind is not ListKind.CUSTOMER and not _is_owed(table, table.header, checked, questions):
        return None
    return tab_of(table, table.header, questions)


def _is_owed(table: SheetTable, header: Header, checked: Checked, questions: Questions) -> bool:
    """Return whether a table that looks like invoices or payments is really one, by its name and title."""
    if any(column.confidence is Confidence.CHOSEN for column in header.columns):
        return True
    named = documents(table.sheet.name) | documents(table.title)
    not_owed = next((kind for kind in _NOT_OWED if kind in (named | _headed(table.line)) & _NO_RECEIVABLES), "")
    if not_owed and not _has_receivables(table.line):
        checked.notices.append(Notice(table.sheet.name, f"The tab looks like {_NOT_OWED[not_owed]}: it was not read."))
        return False
    others = [kind for kind in _NOT_OWED if kind in named]
    if not others or named & {"invoice", "payment", "credit_note", "refund"}:
        return True
    return _ask(table, _NOT_OWED[others[0]], (SKIP, READ), checked, questions) == READ


def _ask_about_unread(table: SheetTable, checked: Checked, questions: Questions) -> None:
    """Ask whether a table with money or dates is left out, unless it is clearly something else."""
    name = table.sheet.name
    if not table.sheet.rows:
        return
    line = table.line
    named = documents(name) | documents(table.title) | _headed(line)
    what = next((_NOT_OWED[kind] for kind in _NOT_OWED if kind in named), "")
    if named & _NO_RECEIVABLES and not _has_receivables(line):
        checked.notices.append(Notice(name, f"The tab looks like {what}: it was not read."))
        return
    if line is None or not _holds_money(table, line):
        checked.notices.append(Notice(name, "We could not tell what this tab holds, so it was skipped."))
        return
    if not what:
        missing = _missing(line.headings)
        what = f"a list without {missing}" if missing else "no list of invoices, payments or customers"
    _ask(table, what, (SKIP,), checked, questions)


def _ask(table: SheetTable, what: str, choices: tuple[str, ...], checked: Checked, questions: Questions) -> str | None:
    question = _question(table, what, choices)
    sums = _sums_of_money(table, table.line)
    answer = questions.put(replace(question, text=question.text.replace(what, f"{what}{sums}", 1)))
    if answer == SKIP:
        checked.notices.append(Notice(table.sheet.name, f"The tab looks like {what}: it was left out, as was chosen."))
    return answer


def _question(table: SheetTable, what: str, choices: tuple[str, ...]) -> Question:
    """Give the question the shape of the tab's name without digits, and its headings."""
    name = table.sheet.name
    line = table.line
    words = " ".join(word for word in folded(name).split() if not word.isdigit())
    row = line.row if line else 0
    called = f"Tab '{name}'" if table.is_only else f"The table below row {row} of tab '{name}'"
    return Question(
        f"tab:{name}" if table.is_only else f"tab:{name}!{row}",
        "tab",
        name,
        f"{called} looks like {what}. Is it to be left out?",
        choices,
        labels={SKIP: "yes, leave it out", READ: "no, read it as invoices or payments"},
        shape=f"tab:{words[:60]}:{line.fingerprint}" if line else "",
    )


def _sums_of_money(table: SheetTable, line: HeaderLine | None) -> str:
    if line is None:
        return ""
    money = [index for index, values in enumerate(_values(table, line)) if values.is_surely_money]
    totals = {index: sum(cents_or_nothing(row.cell(index)) for row in _below(table, line)) for index in money}
    sums = [f"{amount_text(total)} in column {column_letter(index)}" for index, total in totals.items() if total]
    return f" ({', '.join(sums[:2])})" if sums else ""


def _holds_money(table: SheetTable, line: HeaderLine) -> bool:
    return any(
        values.is_surely_money
        or (values.is_money and _names_money(line.headings[index]))
        or (values.days and values.days * 2 > values.filled)
        for index, values in enumerate(_values(table, line))
    )


def _values(table: SheetTable, line: HeaderLine) -> list[ColumnValues]:
    return column_values(_below(table, line), len(line.headings))


def _below(table: SheetTable, line: HeaderLine) -> list[Row]:
    return [row for row in table.sheet.rows if row.number > line.row]


def _names_money(heading: str) -> bool:
    return any(claim.field.endswith("_cents") for claim in claims(heading, ListKind.INVOICE))


def _has_receivables(line: HeaderLine | None) -> bool:
    if line is None:
        return False
    words = [heading_words(text) for text in line.headings if text]
    return any(one.any("invoice") for one in words) and any(one.any("customer") for one in words)


def _headed(line: HeaderLine | None) -> frozenset[str]:
    if line is None:
        return frozenset()
    return frozenset(kind for text in line.headings if text for kind in documents(text) & _NO_RECEIVABLES)


def _missing(headings: Sequence[str]) -> str:
    """Return the columns that a header lacks for invoices or payments; empty if it is far from both."""
    best: list[str] | None = None
    for kind, needed in _NEEDED.items():
        fields = {claim.field for text in headings if text for claim in claims(text, kind)}
        if kind is ListKind.INVOICE and fields & {"balance_cents", "net_cents"}:
            fields.add("total_cents")
        lacking = [words for name, words in needed if name not in fields]
        if len(fields) >= 3 and lacking and (best is None or len(lacking) < len(best)):
            best = lacking
    return " and ".join(f"a column '{words}'" for words in best) if best else ""


def _unread(table: SheetTable) -> TabReport:
    line = table.line
    last_row = table.sheet.rows[-1].number if table.sheet.rows else None
    if line is None:
        return TabReport(table.sheet.name, None, last_row=last_row)
    header = Header(ListKind.INVOICE, line.row, (), (), line.fingerprint).with_columns(list[Column](), line.headings)
    of_columns = held(line, _below(table, line), {})
    name = table.sheet.name
    return TabReport(name, None, line.row, line.fingerprint, described(header), of_columns, last_row=last_row)
