"""A statement of account as PDF: who to whom, the lines, the ageing, what to pay by when and where."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

from app.domain.ageing import BUCKET_NAMES
from app.domain.open_items import OpenItem, OpenItems
from app.domain.sentences import first_of
from app.domain.statement import Statement, StatementEntry
from app.store.ledger.statements.account import AccountStatement
from app.web.http.locales import Locale
from app.web.http.rendering import sentence
from app.web.pages.statements.sheet import FAINT, LARGE, PdfSheet, SheetColumn, SheetRow, composed, is_in_font
from app.web.pages.statements.words import about, asked_for

_ACTIVITY = (
    SheetColumn("Date", 25),
    SheetColumn("What", 38),
    SheetColumn("Due", 25),
    SheetColumn("Method", 22),
    SheetColumn("Reference", 21),
    SheetColumn("Amount", 21, is_figure=True),
    SheetColumn("Balance", 21, is_figure=True),
)
_OPEN_ITEMS = (
    SheetColumn("Invoice", 40),
    SheetColumn("Issued", 25),
    SheetColumn("Due", 25),
    SheetColumn("Days late", 16, is_figure=True),
    SheetColumn("Total", 23, is_figure=True),
    SheetColumn("Paid", 22, is_figure=True),
    SheetColumn("Open", 23, is_figure=True),
)

_MOST_NUMBERS = 12  # of invoices in a line, which has to fit on a page


def statement_pdf(made: AccountStatement, locale: Locale) -> bytes:
    """Raise MissingLettersError if a name, an address or a text has letters that the font lacks."""
    name, code = made.customer.details.name, made.customer.details.code
    foot = " · ".join(filter(None, (made.firm.name, f"customer {code}")))
    title = f"Statement of account of {name}"
    with closing(PdfSheet(title, made.firm.name, foot, is_letter=locale.is_on_letter_paper)) as sheet:
        return _Drawing(made, locale, sheet).content()


class _Drawing:
    def __init__(self, made: AccountStatement, locale: Locale, sheet: PdfSheet) -> None:
        self._made, self._locale, self._sheet = made, locale, sheet

    def content(self) -> bytes:
        self._sender()
        self._addressee()
        self._title()
        made = self._made
        if made.activity:
            self._sheet.write_table(_ACTIVITY, self._activity(made.activity))
        else:
            self._sheet.write_table(_OPEN_ITEMS, self._open_items(made.open_items))
        self._ages()
        self._request()
        return self._sheet.content()

    def _sender(self) -> None:
        firm, sheet = self._made.firm, self._sheet
        top = sheet.get_y()
        sheet.write_text(firm.name, size=12, is_bold=True, part=0.6)
        sheet.write_text(firm.address, shade=FAINT, part=0.6)
        below = sheet.get_y()
        sheet.set_y(top)
        sheet.move_right(0.6)
        sheet.write_text("\n".join(filter(None, (firm.email, firm.phone))), shade=FAINT, is_right=True)
        sheet.set_y(max(below, sheet.get_y()) + 12)

    def _addressee(self) -> None:
        details, sheet = self._made.customer.details, self._sheet
        top = sheet.get_y()
        sheet.write_text(details.name, size=10, is_bold=True, part=0.6)
        sheet.write_text(details.address, size=10, part=0.6)
        below = sheet.get_y()
        sheet.set_y(top)
        for name, text in (
            ("Customer", details.code),
            ("Date", self._day(self._made.made_on)),
            ("Amounts in", self._made.wanted.currency),
        ):
            sheet.move_right(0.65)
            sheet.write_text(name, shade=FAINT, part=0.13, is_beside=True)
            sheet.write_text(text, is_right=True)
        sheet.set_y(max(below, sheet.get_y()) + 12)

    def _title(self) -> None:
        self._sheet.write_text("Statement of account", size=LARGE, is_bold=True)
        self._sheet.write_text(about(self._made, self._day), size=10, shade=FAINT)
        self._sheet.ln(4)

    def _activity(self, found: Statement) -> Iterator[SheetRow]:
        yield self._edge(found.opened_on, "Opening balance", found.opening_cents)
        for line in found.lines:
            change = line.change
            figures = self._money(change.cents), self._money(line.balance_cents)
            due = self._day(change.due_on) if change.due_on else ""
            yield SheetRow((self._day(change.day), self._what(change), due, change.method, change.reference, *figures))
        yield self._edge(found.closed_on, "Closing balance", found.closing_cents)

    def _what(self, change: StatementEntry) -> str:
        """Say also when it was made, if it counts from another day."""
        numbers = first_of([invoice.number for invoice in change.invoices], _MOST_NUMBERS)
        title = sentence(change.title) if len(change.invoices) == 1 else f"{sentence(change.title)}:"
        made = "" if change.happened_on == change.day else f", made on {self._day(change.happened_on)}"
        return f"{title} {numbers}{made}"

    def _edge(self, day: date, what: str, cents: int) -> SheetRow:
        return SheetRow((self._day(day), what, "", "", "", "", self._money(cents)), is_sum=True)

    def _open_items(self, found: OpenItems) -> Iterator[SheetRow]:
        yield from map(self._item, found.owed)
        yield self._sum("Outstanding", found.outstanding_cents)
        if found.credits:
            yield from map(self._item, found.credits)
            yield self._sum("Credit", -found.credit_cents)
            yield self._sum("Balance", found.balance_cents)

    def _item(self, item: OpenItem) -> SheetRow:
        invoice, is_owed = item.invoice, item.open_cents > 0
        figures = map(self._money, (invoice.total_cents, item.paid_cents, item.open_cents))
        return SheetRow(
            (
                f"{invoice.number} ({item.note})" if item.note else invoice.number,
                self._day(invoice.issued_on),
                self._day(invoice.due_on) if is_owed else "",
                self._locale.number(item.days_late) if is_owed and item.days_late > 0 else "",
                *figures,
            )
        )

    def _sum(self, what: str, cents: int) -> SheetRow:
        return SheetRow((what, "", "", "", "", "", self._money(cents)), is_sum=True)

    def _ages(self) -> None:
        found, sheet = self._made.ageing, self._sheet
        sheet.keep_together(32)
        sheet.ln(8)
        sheet.write_text(f"Open amounts by age on {self._day(found.as_of)}", size=10, is_bold=True)
        sheet.ln(1)
        columns = [SheetColumn(name, 29, is_figure=True) for name in (*BUCKET_NAMES.values(), "Outstanding")]
        figures = (*found.buckets.values(), found.outstanding_cents)
        sheet.write_table(columns, [SheetRow([self._money(cents) for cents in figures])])

    def _request(self) -> None:
        firm, sheet = self._made.firm, self._sheet
        asked = asked_for(self._made.open_items, self._day, self._money)
        sheet.keep_together(8 + 7 * len(asked) + 5 * len(firm.bank_details.splitlines()))
        sheet.ln(8)
        for when, what in asked:
            sheet.write_text(when, shade=FAINT, part=0.3, is_beside=True)
            sheet.write_text(what, is_bold=True)
            sheet.ln(1.5)
        if firm.bank_details:
            sheet.write_text("Please pay to", shade=FAINT, part=0.3, is_beside=True)
            sheet.write_text(firm.bank_details)

    def _money(self, cents: int) -> str:
        return self._locale.money(cents)

    def _day(self, day: date) -> str:
        """Write it as the reader does, or in figures where that takes letters that the font lacks."""
        text = self._locale.day(day)
        return text if all(map(is_in_font, composed(text))) else day.isoformat()
