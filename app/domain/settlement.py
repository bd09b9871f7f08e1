"""Settlement: since when nothing is left to pay of an invoice, how long that took, and how long all of it takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.domain.as_of import AsOf
from app.domain.invoice import Invoice, is_in_scope
from app.domain.payment import Payment, counts

WINDOW_DAYS = 90


@dataclass(frozen=True, slots=True)
class DaysToPay:
    """The invoices of one currency that were settled in a period, and how many days that took from their issue."""

    currency: str
    invoices: int
    days: int
    cents: int
    cent_days: int

    @property
    def mean(self) -> int | None:
        """Return the mean of the invoices, each counting the same; undefined without any."""
        return whole_days(self.days, self.invoices)

    @property
    def weighted_mean(self) -> int | None:
        """Return the mean of the money: an invoice of twice the amount counts twice."""
        return whole_days(self.cent_days, self.cents)


def settled_on(invoice: Invoice, payments: Iterable[Payment], as_of: AsOf) -> date | None:
    """Return the first day from which nothing was left to pay, up to the end of the day asked about.

    A refund that leaves something open again undoes a settlement; what was paid before the issue settles on the issue.
    What is not a receivable, or never was one of more than nothing, was not settled either.
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
    """Return how many days of sales are outstanding, given the sales of so many days; undefined without sales."""
    return whole_days(outstanding_cents * days, invoiced_cents)


def whole_days(days: int, count: int) -> int | None:
    """Return the mean in whole days, halves away from zero; undefined when there is nothing to divide by."""
    if count <= 0:
        return None
    whole, rest = divmod(abs(days), count)
    whole += 2 * rest >= count
    return -whole if days < 0 else whole
