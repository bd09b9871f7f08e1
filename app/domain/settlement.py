"""Settlement: the day from which an invoice is fully paid, the days it took, and days sales outstanding (DSO)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.domain.as_of import AsOf
from app.domain.invoice import Invoice, is_in_scope
from app.domain.payment import Payment, counts

WINDOW_DAYS = 90


@dataclass(frozen=True, slots=True)
class DaysToPay:
    """Totals over the invoices of one currency that were settled in a period.

    `days` adds up the days from issue to settlement, `cent_days` the same days times each invoice's cents.
    """

    currency: str
    invoices: int
    days: int
    cents: int
    cent_days: int

    @property
    def mean(self) -> int | None:
        """Return the mean days per invoice; None without invoices."""
        return whole_days(self.days, self.invoices)

    @property
    def weighted_mean(self) -> int | None:
        """Return the mean days weighted by amount; None without invoices."""
        return whole_days(self.cent_days, self.cents)


def settled_on(invoice: Invoice, payments: Iterable[Payment], as_of: AsOf) -> date | None:
    """Return the day from which the invoice was fully paid, as of the end of the day; None if it was not.

    A refund that leaves something open again undoes a settlement. An invoice paid in advance is settled on its issue
    date. Invoices that are no receivables, and those of zero or less, are never settled.
    """
    if not is_in_scope(invoice, as_of) or invoice.total_cents <= 0:
        return None
    paid_cents, settled = 0, None
    by_day: dict[date, int] = {}
    for payment in payments:
        if counts(payment, as_of):
            by_day[payment.paid_on] = by_day.get(payment.paid_on, 0) + payment.amount_cents
    for day in sorted(by_day):
        paid_cents += by_day[day]
        if paid_cents < invoice.total_cents:
            settled = None
        elif settled is None:
            settled = day
    return settled if settled is None else max(settled, invoice.issued_on)


def days_sales_outstanding(outstanding_cents: int, invoiced_cents: int, days: int = WINDOW_DAYS) -> int | None:
    """Take what was invoiced in the last `days` days; None without sales."""
    return whole_days(outstanding_cents * days, invoiced_cents)


def whole_days(days: int, count: int) -> int | None:
    """Return the mean in whole days, halves rounded away from zero; None unless the count is positive."""
    if count <= 0:
        return None
    whole, rest = divmod(abs(days), count)
    whole += 2 * rest >= count
    return -whole if days < 0 else whole
