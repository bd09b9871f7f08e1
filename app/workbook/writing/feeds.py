"""The columns of lists that a spreadsheet refreshes: the same headings whatever the day and whatever the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from app.domain.account import Account
from app.store.ledger.customers import Details
from app.store.ledger.invoices import ListedInvoice
from app.store.ledger.payment_list import PaymentLine
from app.workbook.difference import invoice_values
from app.workbook.meaning.columns.own_columns import FIGURES_OF_CUSTOMER, heading
from app.workbook.writing import exporting, listing
from app.workbook.writing.customer_list import figures
from app.workbook.writing.listing import Listed

_INVOICE_HEADERS = {
    **{name: header for name, header in exporting.INVOICE_HEADERS.items() if name != "state"},
    "paid_cents": "Paid",
    "balance_cents": "Balance",
    "status": "Status",
    "days_late": "Days late",
}


@dataclass(frozen=True, slots=True)
class FeedTable:
    headers: Sequence[str]
    rows: Iterable[Sequence[Listed]]

    @property
    def csv(self) -> bytes:
        return listing.csv(self.headers, self.rows)


def invoice_table(lines: Iterable[ListedInvoice], own: Sequence[str], zone: ZoneInfo) -> FeedTable:
    """`own` names the own fields, which are the last columns."""
    return FeedTable((*_INVOICE_HEADERS.values(), *map(heading, own)), (_invoice(line, own, zone) for line in lines))


def customer_table(accounts: Sequence[Account], details: Mapping[int, Details]) -> FeedTable:
    """Write a row per customer and currency."""
    own = sorted({name for one in details.values() for name in one.own_fields})
    headers = (*exporting.CUSTOMER_HEADERS.values(), *FIGURES_OF_CUSTOMER, *map(heading, own))
    return FeedTable(headers, (_customer(one, details[one.customer_id], own) for one in accounts))


def payment_table(lines: Iterable[PaymentLine]) -> FeedTable:
    return FeedTable(*exporting.payments_list(lines))


def _invoice(line: ListedInvoice, own: Iterable[str], zone: ZoneInfo) -> Sequence[Listed]:
    record = {
        **invoice_values(line.invoice, zone),
        "customer_code": line.customer_code,
        "customer_name": line.customer_name,
        "paid_cents": line.paid_cents,
        "balance_cents": line.balance_cents,
        "status": line.status.value.capitalize(),
        "days_late": line.days_late,
    }
    return (*exporting.cells(record, _INVOICE_HEADERS), *(line.invoice.own_fields.get(name, "") for name in own))


def _customer(account: Account, details: Details, own: Iterable[str]) -> Sequence[Listed]:
    facts = exporting.cells(asdict(details), exporting.CUSTOMER_HEADERS)
    return (*facts, *figures(account), *(details.own_fields.get(name, "") for name in own))
