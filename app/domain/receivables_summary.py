"""Receivables summary: the key figures of a business's receivables at the end of a day, in one currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain import turnover
from app.domain.ageing import Ageing, Balances
from app.domain.periods import days_up_to, first_of_month
from app.domain.settlement import WINDOW_DAYS, DaysToPay, days_sales_outstanding
from app.domain.turnover import Turnover

SOON_DAYS = 7
LATER_DAYS = 30


@dataclass(frozen=True, slots=True)
class ReceivablesSummary:
    """The figures of one currency at the end of a day; undefined figures are None."""

    ageing: Ageing
    due_soon_cents: int
    due_later_cents: int
    collected_cents: int
    invoiced_cents: int
    days_to_pay: DaysToPay

    @property
    def day(self) -> date:
        return self.ageing.as_of

    @property
    def sales_since(self) -> date:
        """Return the first day of the window that `invoiced_cents` covers."""
        return days_up_to(self.day, WINDOW_DAYS)

    @property
    def days_sales_outstanding(self) -> int | None:
        return days_sales_outstanding(self.ageing.outstanding_cents, self.invoiced_cents)


def receivables_summary(
    ageing: Ageing, balances: Iterable[Balances], days: Sequence[Turnover], settled: Iterable[DaysToPay]
) -> ReceivablesSummary:
    """Take those of the ageing's currency and day; the other arguments may hold every currency."""
    day, currency = ageing.as_of, ageing.currency
    own_balances = [row for row in balances if row.currency == currency]
    own_days = [row for row in days if row.currency == currency]
    return ReceivablesSummary(
        ageing=ageing,
        due_soon_cents=due_within(own_balances, day, SOON_DAYS),
        due_later_cents=due_within(own_balances, day, LATER_DAYS),
        collected_cents=turnover.collected(own_days, first_of_month(day), day),
        invoiced_cents=turnover.invoiced(own_days, days_up_to(day, WINDOW_DAYS), day),
        days_to_pay=next((one for one in settled if one.currency == currency), DaysToPay(currency, 0, 0, 0, 0)),
    )


def due_within(balances: Iterable[Balances], day: date, days: int) -> int:
    """Count from the day itself to `days` days after it, both included; not what is overdue."""
    return sum(row.open_cents for row in balances if day <= row.due_on <= day + timedelta(days=days))
