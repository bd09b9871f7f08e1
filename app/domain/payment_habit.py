"""Payment habits: how late a customer usually pays, derived from the invoices that the customer has settled.

Only invoices settled in the last two years count, and there must be at least five. An invoice paid before its due date
counts as a negative number of days late. The rule uses two quantiles of the days late:

    the lower quartile   at least a quarter of the invoices were paid this early or earlier
    the median           at least half of the invoices were paid this early or earlier

likely late      the lower quartile is at least one day late: about three in four invoices, or more, were paid late
sometimes late   the median is late, but the lower quartile is not: more often late than not, with exceptions
on time          the median is not late
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.settlement import whole_days

LEAST_SETTLED = 5
DAYS_COUNTED = 730


class Expectation(StrEnum):
    LIKELY_LATE = "likely late"
    SOMETIMES_LATE = "sometimes late"
    ON_TIME = "on time"


@dataclass(frozen=True, slots=True)
class PaymentHabit:
    """How many days late a customer's settled invoices were; half of them lie between the two quartiles."""

    settled: int
    late: int
    median_days_late: int
    lower_quartile: int
    upper_quartile: int

    @property
    def expectation(self) -> Expectation:
        if self.lower_quartile >= 1:
            return Expectation.LIKELY_LATE
        return Expectation.SOMETIMES_LATE if self.median_days_late >= 1 else Expectation.ON_TIME

    @property
    def is_likely_late(self) -> bool:
        return self.expectation is Expectation.LIKELY_LATE


def habit(invoices_by_days_late: Mapping[int, int]) -> PaymentHabit | None:
    """Return None for fewer than `LEAST_SETTLED` invoices."""
    settled = sum(invoices_by_days_late.values())
    if settled < LEAST_SETTLED:
        return None
    return PaymentHabit(
        settled=settled,
        late=sum(count for days, count in invoices_by_days_late.items() if days > 0),
        median_days_late=_quantile(invoices_by_days_late, 2, 4),
        lower_quartile=_quantile(invoices_by_days_late, 1, 4),
        upper_quartile=_quantile(invoices_by_days_late, 3, 4),
    )


def average_days_late(invoices_by_days_late: Mapping[int, int]) -> int | None:
    """Return whole days, early payments counting as negative; None without invoices."""
    days = sum(late * count for late, count in invoices_by_days_late.items())
    return whole_days(days, sum(invoices_by_days_late.values()))


def _quantile(counts: Mapping[int, int], part: int, of: int) -> int:
    """Return the smallest number of days late that at least `part / of` of the invoices do not exceed."""
    needed, seen = sum(counts.values()) * part, 0
    for days in sorted(counts):
        seen += counts[days]
        if seen * of >= needed:
            return days
    raise ValueError("Nothing was counted.")
