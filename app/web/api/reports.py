"""Reports: how late what is owed is, and who owes it, as of a day."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from pydantic import Field

from app.domain.ageing import Ageing, ageing_by_currency
from app.domain.as_of import AsOf
from app.store.ledger import positions
from app.store.ledger.positions import CustomerPosition
from app.web.api.calls import Answer, Call
from app.web.api.invoices import DayAsked
from app.web.api.shapes import ResponseModel


class Buckets(ResponseModel):
    """What is owed, in cents, by how many days late it is; together it is what is outstanding."""

    not_due: int
    to_30: int
    to_60: int
    to_90: int
    over_90: int


class CurrencyAgeing(ResponseModel):
    """What is owed in one currency, in cents."""

    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_invoices: int
    overdue_cents: int
    credit_cents: int = Field(description="What was overpaid; it is not taken off what is outstanding.")
    buckets: Buckets

    @classmethod
    def of(cls, ageing: Ageing) -> "CurrencyAgeing":
        """Return what is told of one currency."""
        return cls(
            currency=ageing.currency,
            open_invoices=ageing.open_invoices,
            outstanding_cents=ageing.outstanding_cents,
            overdue_invoices=ageing.overdue_invoices,
            overdue_cents=ageing.overdue_cents,
            credit_cents=ageing.credit_cents,
            buckets=Buckets(**{bucket.name.lower(): cents for bucket, cents in ageing.buckets.items()}),
        )


class AgeingReport(ResponseModel):
    """How late what is owed is, at the end of a day: one entry for each currency in which anything is open."""

    as_of: date
    data: list[CurrencyAgeing]


class CustomerOwes(ResponseModel):
    """What one customer owed in one currency, in cents."""

    customer_code: str
    customer_name: str
    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int

    @classmethod
    def of(cls, position: CustomerPosition) -> "CustomerOwes":
        """Return what is told of one customer."""
        owed = position.owed
        return cls(
            customer_code=position.code,
            customer_name=position.name,
            currency=position.currency,
            open_invoices=owed.open_invoices,
            outstanding_cents=owed.outstanding_cents,
            overdue_cents=owed.overdue_cents,
            credit_cents=owed.credit_cents,
        )


class CustomersReport(ResponseModel):
    """Who owed or was owed anything at the end of a day, the largest debt of each currency first."""

    as_of: date
    data: list[CustomerOwes]


@dataclass(frozen=True, slots=True)
class ReportsApi:
    """Answers with figures over all that the token sees."""

    zone: ZoneInfo

    def ageing(self, call: Call, query: DayAsked) -> Answer:
        """Answer with how late what is owed is."""
        day = query.as_of or call.today
        found = ageing_by_currency(positions.by_due_date(AsOf.end_of(day, self.zone)), day)
        return Answer(AgeingReport(as_of=day, data=[CurrencyAgeing.of(one) for one in found]))

    def customers(self, call: Call, query: DayAsked) -> Answer:
        """Answer with who owes, and is owed."""
        day = query.as_of or call.today
        found = positions.of_customers(AsOf.end_of(day, self.zone))
        return Answer(CustomersReport(as_of=day, data=[CustomerOwes.of(one) for one in found]))
