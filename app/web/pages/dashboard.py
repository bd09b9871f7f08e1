"""The dashboard: where the business stands at the end of a day, beside where it stood a month before."""

from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nlargest

from bottle import HTTPResponse
from markupsafe import Markup

from app.domain.account import Owed
from app.domain.ageing import nothing_owed
from app.domain.as_of import AsOf
from app.domain.periods import days_up_to, first_of_month, last_of_month, month_before, months_up_to
from app.domain.receivables_summary import LATER_DAYS, SOON_DAYS, ReceivablesSummary, receivables_summary
from app.domain.settlement import WINDOW_DAYS
from app.domain.turnover import Month, by_month
from app.server_reports import ServerReports
from app.store.db.cache import cache_fragment
from app.store.ledger import customers, history, invoices, positions, turnover
from app.web.auth import scopes
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.audit_messages import audit_message
from app.web.pages.backup_proof import backup_proof
from app.web.pages.first_steps import first_steps

_MOST_CALLS = 10
_CONSIDERED = 40  # of those with most overdue; how late each is costs a query
_LATEST_MESSAGES = 8
_MOST_DEBTORS = 10
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class DebtorRow:
    customer_id: int
    name: str
    position: Owed


@dataclass(frozen=True, slots=True)
class CallRow:
    """A customer to call; `days` is how late the oldest of what is overdue is."""

    customer_id: int
    name: str
    phone: str
    email: str
    overdue_cents: int
    days: int


@dataclass(frozen=True, slots=True)
class Currency:
    """All that the dashboard shows of one currency: now, a month before, whom to call, by month, and who owes most."""

    code: str
    as_of: str
    now: ReceivablesSummary
    then: ReceivablesSummary
    last_month: Month
    calls: list[CallRow]
    months: list[Month]
    debtors: list[DebtorRow]

    @property
    def buckets(self) -> list[str]:
        return [self._invoices(bucket=bucket) for bucket in self.now.ageing.buckets]

    @property
    def issues(self) -> list[str]:
        return [self._invoices(issued_from=month.first, issued_to=month.last) for month in self.months]

    @property
    def owing(self) -> list[str]:
        return [address(f"/customers/{debtor.customer_id}", as_of=self.as_of) for debtor in self.debtors]

    def _invoices(self, **wanted: object) -> str:
        return address("/invoices", **wanted, currency=self.code, as_of=self.as_of)


@dataclass(frozen=True, slots=True)
class Dashboard:
    pages: Pages
    reports: ServerReports

    def show(self, context: RequestContext) -> HTTPResponse:
        """Show the day asked for, today by default; the figures are written once until the ledger changes."""
        fields = Form(context.query)
        day = fields.day("as_of", context.today)
        as_of = context.as_of(day)
        as_of_parameter = "" if day == context.today else day.isoformat()
        asked = ("dashboard", as_of, as_of_parameter, context.locale, context.firm.currency)
        is_empty = not invoices.exist()
        return self.pages.show(
            context,
            "dashboard/show.html",
            fields=fields,
            day=day,
            as_of=as_of_parameter,
            summary=cache_fragment(asked, lambda: self._summary(context, as_of, as_of_parameter)),
            audit_messages=[audit_message(one, context.locale) for one in history.latest(_LATEST_MESSAGES, as_of)],
            is_empty=is_empty,
            steps=first_steps(context, has_invoices=not is_empty),
            proof=backup_proof(self.reports, context.now, context.locale),
            sees="" if context.user.scope.is_everything else scopes.described(context.user.scope),
        )

    def _summary(self, context: RequestContext, as_of: AsOf, as_of_parameter: str) -> Markup:
        day = as_of.day
        return self.pages.part(
            context.locale,
            "dashboard/_summary.html",
            day=day,
            month_ago=month_before(day),
            month=first_of_month(day),
            soon=day + timedelta(days=SOON_DAYS),
            later=day + timedelta(days=LATER_DAYS),
            as_of=as_of_parameter,
            currencies=self._currencies(
                as_of, context.as_of(month_before(day)), as_of_parameter, context.firm.currency
            ),
        )

    def _currencies(self, as_of: AsOf, before: AsOf, as_of_parameter: str, usual: str) -> list[Currency]:
        day = as_of.day
        months = months_up_to(day, _MONTHS)
        days = turnover.by_day(as_of, min(months[0], days_up_to(day, WINDOW_DAYS)))
        now = positions.summaries_by_currency(as_of, days)
        # What was void only later was still invoiced and collected then.
        since = min(first_of_month(before.day), days_up_to(before.day, WINDOW_DAYS))
        then = positions.summaries_by_currency(before, turnover.by_day(before, since))
        calls, debtors = _calls(as_of), _debtors(as_of)
        codes = sorted(now or {usual})
        codes.sort(key=lambda code: code != usual)  # the currency of the business comes first
        last = first_of_month(before.day)
        return [
            Currency(
                code,
                as_of_parameter,
                now.get(code) or _nothing(code, day),
                then.get(code) or _nothing(code, before.day),
                by_month([one for one in days if one.currency == code], [last], last_of_month(last))[0],
                calls.get(code, []),
                by_month([one for one in days if one.currency == code], months, day),
                debtors.get(code, []),
            )
            for code in codes
        ]


def _nothing(code: str, day: date) -> ReceivablesSummary:
    return receivables_summary(nothing_owed(code, day), (), (), ())


def _calls(as_of: AsOf) -> dict[str, list[CallRow]]:
    """Return whom to call first, by currency: who owes much for long, as overdue cents times days late."""
    overdue: dict[str, list[tuple[int, int]]] = {}
    for (customer_id, currency), owed in positions.by_customer(as_of).items():
        if owed.overdue_cents:
            overdue.setdefault(currency, []).append((owed.overdue_cents, customer_id))
    considered = {currency: nlargest(_CONSIDERED, found) for currency, found in overdue.items()}
    ids = {customer_id for found in considered.values() for _, customer_id in found}
    oldest, contacts = positions.oldest_overdue(as_of, ids), customers.contacts(ids)

    def call(currency: str, cents: int, customer_id: int) -> CallRow:
        return CallRow(customer_id, *contacts[customer_id], cents, (as_of.day - oldest[customer_id, currency]).days)

    return {
        currency: nlargest(
            _MOST_CALLS, (call(currency, *one) for one in found), key=lambda row: row.overdue_cents * row.days
        )
        for currency, found in considered.items()
    }


def _debtors(as_of: AsOf) -> dict[str, list[DebtorRow]]:
    owing: dict[str, list[tuple[int, Owed]]] = {}
    for (customer_id, currency), position in positions.by_customer(as_of).items():
        found = owing.setdefault(currency, [])
        if position.outstanding_cents and len(found) < _MOST_DEBTORS:
            found.append((customer_id, position))
    names = customers.names({customer_id for found in owing.values() for customer_id, _ in found})
    return {
        currency: [DebtorRow(customer_id, names[customer_id], position) for customer_id, position in found]
        for currency, found in owing.items()
    }
