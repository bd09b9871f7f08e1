"""API for reports as of a day, and for the export of all data as a workbook."""

from dataclasses import dataclass
from datetime import date

from pydantic import Field

from app.actions import exports
from app.domain.ageing import Ageing, ageing_by_currency
from app.store.ledger import positions
from app.store.ledger.positions import CustomerPosition
from app.web.api.calls import Answer, Call
from app.web.api.invoices import DayAsked
from app.web.api.shapes import ResponseModel
from app.web.http.downloads import headers_of_a_file, one_at_a_time
from app.workbook.importing import Importer


class Buckets(ResponseModel):
    """The outstanding cents by days late; the sum is what is outstanding."""

    not_due: int
    to_30: int
    to_60: int
    to_90: int
    over_90: int


class CurrencyAgeing(ResponseModel):
    """The amounts owed in one currency, in cents."""

    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_invoices: int
    overdue_cents: int
    credit_cents: int = Field(description="What was overpaid; it is not taken off what is outstanding.")
    buckets: Buckets

    @classmethod
    def of(cls, ageing: Ageing) -> "CurrencyAgeing":
        buckets = Buckets(**{bucket.name.lower(): cents for bucket, cents in ageing.buckets.items()})
        return cls.filled(ageing, buckets=buckets)


class AgeingReport(ResponseModel):
    """The ageing at the end of a day: one entry for each currency with open invoices."""

    as_of: date
    data: list[CurrencyAgeing]


class CustomerOwes(ResponseModel):
    """The amounts that one customer owes in one currency, in cents."""

    customer_code: str
    customer_name: str
    currency: str
    open_invoices: int
    outstanding_cents: int
    overdue_cents: int
    credit_cents: int

    @classmethod
    def of(cls, position: CustomerPosition) -> "CustomerOwes":
        return cls.filled(position.owed, position, customer_code=position.code, customer_name=position.name)


class CustomersReport(ResponseModel):
    """The customers who owe anything or have credit at the end of a day, largest debt first in each currency."""

    as_of: date
    data: list[CustomerOwes]


@dataclass(frozen=True, slots=True)
class ReportsApi:
    importer: Importer

    def ageing(self, call: Call, query: DayAsked) -> Answer[AgeingReport]:
        as_of = call.as_of(query.as_of)
        found = ageing_by_currency(positions.by_due_date(as_of), as_of.day)
        return Answer(AgeingReport(as_of=as_of.day, data=[CurrencyAgeing.of(one) for one in found]))

    def customers(self, call: Call, query: DayAsked) -> Answer[CustomersReport]:
        as_of = call.as_of(query.as_of)
        found = positions.of_customers(as_of)
        return Answer(CustomersReport(as_of=as_of.day, data=[CustomerOwes.of(one) for one in found]))

    def export(self, call: Call) -> Answer[bytes]:
        name = f"receivables-{call.today.isoformat()}.xlsx"
        with one_at_a_time():
            content, _ = exports.everything(self.importer, name, call.user, call.now)
        return Answer(content, headers_of_a_file(content, name))
