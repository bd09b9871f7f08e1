"""The list of customers as a file: who they are, as an import reads it, and their figures, which it ignores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

from app.domain.account import Account
from app.store.customers import Details
from app.workbook.writing.exporting import CUSTOMER_HEADERS, customer_cells
from app.workbook.writing.listing import Listed

HEADERS = (
    *CUSTOMER_HEADERS,
    "Currency",
    "Open invoices",
    "Outstanding",
    "Overdue",
    "Credit",
    "DSO in days",
    "Average days late",
    "Likely to pay late",
)


def rows(accounts: Iterable[Account], details: Mapping[int, Details]) -> Iterator[Sequence[Listed]]:
    """Yield a row for each customer and currency; a customer with several is read once when it is imported again."""
    for account in accounts:
        said, position = details[account.customer_id], account.position
        yield (
            *customer_cells(asdict(said)),
            account.currency,
            position.open_invoices,
            _amount(position.outstanding_cents),
            _amount(position.overdue_cents),
            _amount(position.credit_cents),
            account.days_sales_outstanding,
            account.average_days_late,
            "Yes" if account.is_likely_late else "No",
        )


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
