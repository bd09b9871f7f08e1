"""The dashboard: what is owed at the end of a day, and how late it is."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bottle import HTTPResponse

from app.domain.ageing import ageing_by_currency, nothing_owed
from app.domain.as_of import AsOf
from app.domain.invoice import Status
from app.store import invoices, receivables
from app.store.invoices import LONGEST_DUE_FIRST, Filter
from app.web.forms import Fields
from app.web.rendering import Pages
from app.web.visits import Visit

_MOST_OVERDUE = 10


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Shows the figures of one day, each currency by itself."""

    pages: Pages
    currency: str
    zone: ZoneInfo

    def show(self, visit: Visit) -> HTTPResponse:
        """Answer with the figures as of the day asked for, today by default."""
        fields = Fields(visit.query)
        day = fields.day("as_of", visit.today)
        as_of = AsOf.end_of(day, self.zone)
        ageings = ageing_by_currency(receivables.balances(as_of), day) or [nothing_owed(self.currency, day)]
        ageings.sort(key=lambda ageing: ageing.currency != self.currency)  # the currency of the business comes first
        overdue = Filter(statuses=frozenset({Status.OVERDUE}))
        return self.pages.show(
            visit,
            "dashboard/show.html",
            status=422 if fields.errors else 200,
            fields=fields,
            day=day,
            as_of="" if day == visit.today else day.isoformat(),
            ageings=ageings,
            lines=invoices.matching(overdue, as_of, LONGEST_DUE_FIRST, length=_MOST_OVERDUE),
            is_empty=not invoices.exist(),
        )
