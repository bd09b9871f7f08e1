"""The list of customers as a file: their details, as an import reads them, and their figures, which it ignores."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from app.domain.account import Account
from app.domain.money import decimal_of
from app.store.ledger.customers import Details
from app.workbook.meaning.columns.own_columns import FIGURES_OF_CUSTOMER
from app.workbook.writing import exporting
from app.workbook.writing.listing import Listed


def table(accounts: Sequence[Account], details: Mapping[int, Details]) -> tuple[Sequence[str], list[Sequence[Listed]]]:
    """Return a row per customer and currency; an import reads a customer with several rows once."""
    headers, rows = exporting.customers(asdict(details[account.customer_id]) for account in accounts)
    figures_of_rows = map(figures, accounts)
    return (*headers, *FIGURES_OF_CUSTOMER), [
        (*row, *of_row) for row, of_row in zip(rows, figures_of_rows, strict=True)
    ]


def figures(account: Account) -> Sequence[Listed]:
    position = account.position
    return (
        account.currency,
        position.open_invoices,
        decimal_of(position.outstanding_cents),
        decimal_of(position.overdue_cents),
        decimal_of(position.credit_cents),
        account.days_sales_outstanding,
        account.average_days_late,
        "Yes" if account.is_likely_late else "No",
    )
