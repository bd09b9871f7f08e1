"""Digests: which period one is of, when it is due, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.account import Owed
from app.domain.ageing import BUCKET_NAMES, Balances
from app.domain.automation import Automation
from app.domain.messages import Block, Heading, Message, PageLink, Paragraph, Table, one_line
from app.domain.money import display
from app.domain.periods import first_of_month
from app.domain.receivables_summary import ReceivablesSummary
from app.domain.sentences import counted
from app.domain.turnover import Month

MOST_CUSTOMERS = 20
_DAYS = 7


class DigestKind(StrEnum):
    OVERDUE = "overdue"
    MONTH_END = "month-end"


@dataclass(frozen=True, slots=True)
class DigestPeriod:
    """`day` is the one at whose end the figures are taken, `begins` the local moment from which its digest is due."""

    name: str
    day: date
    begins: datetime


def period(kind: DigestKind, automation: Automation, now: datetime, zone: ZoneInfo) -> DigestPeriod:
    """Return this week, or the month that ended last; the local clock counts, whatever its distance to UTC."""
    today = now.astimezone(zone).date()
    if kind is DigestKind.OVERDUE:
        year, week, _ = today.isocalendar()
        begins = date.fromisocalendar(year, week, automation.weekday)
        return DigestPeriod(f"{year}-W{week:02d}", today, _at(begins, automation.hour))
    first = first_of_month(today)
    last = first - timedelta(days=1)
    return DigestPeriod(f"{last:%Y-%m}", last, _at(first, automation.hour))


def has_begun(found: DigestPeriod, now: datetime, zone: ZoneInfo) -> bool:
    return now.astimezone(zone).replace(tzinfo=None) >= found.begins


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001  # of the local clock, as it is compared


@dataclass(frozen=True, slots=True)
class OverdueCustomer:
    name: str
    currency: str
    owed: Owed


@dataclass(frozen=True, slots=True)
class OverdueFigures:
    """What customers owe at the end of `day` and a week before; `balances` are those of `day` by due date."""

    day: date
    customers: Sequence[OverdueCustomer]
    before: Mapping[str, int]
    balances: Sequence[Balances]

    @property
    def currencies(self) -> list[str]:
        return sorted(
            {*(one.currency for one in self.overdue), *(code for code, cents in self.before.items() if cents)}
        )

    @property
    def overdue(self) -> list[OverdueCustomer]:
        found = [one for one in self.customers if one.owed.overdue_cents]
        return sorted(found, key=lambda one: (-one.owed.overdue_cents, one.name))

    def total(self, currency: str) -> int:
        return sum(one.owed.overdue_cents for one in self.overdue if one.currency == currency)

    def newly_overdue(self, currency: str) -> tuple[int, int]:
        """Return how many invoices fell due within the week and are still open, and their cents."""
        first = self.day - timedelta(days=_DAYS)
        found = [one for one in self.balances if one.currency == currency and first <= one.due_on < self.day]
        return sum(one.open_invoices for one in found), sum(one.open_cents for one in found)


def overdue_digest(figures: OverdueFigures, firm_name: str, public_url: str) -> Message:
    subject = _subject(f"Overdue on {figures.day.isoformat()}", firm_name)
    blocks: list[Block] = []
    for currency in figures.currencies:
        blocks += _overdue_in(figures, currency)
    if not blocks:
        blocks.append(Paragraph(f"Nothing is overdue on {figures.day.isoformat()}."))
    return Message(subject, [*blocks, PageLink("All overdue invoices:", f"{public_url}/invoices?status=overdue")])


def _subject(what: str, firm_name: str) -> str:
    return one_line(f"{what}: {firm_name}" if firm_name else what)


def _overdue_in(figures: OverdueFigures, currency: str) -> list[Block]:
    found = [one for one in figures.overdue if one.currency == currency]
    total, before = figures.total(currency), figures.before.get(currency, 0)
    invoices, cents = figures.newly_overdue(currency)
    left = len(found) - MOST_CUSTOMERS
    rows = [(one.name, display(one.owed.overdue_cents)) for one in found[:MOST_CUSTOMERS]]
    more = [(f"and {counted(left, 'customer', 'customers')} more", _sum(found[MOST_CUSTOMERS:]))] if left > 0 else []
    newly = f"Newly overdue: {counted(invoices, 'invoice', 'invoices')}, {display(cents)} {currency}."
    return [
        Heading(f"{display(total)} {currency} overdue"),
        Paragraph(f"{_change(total - before, currency)} {newly}"),
        *([Table(("Customer", f"Overdue {currency}"), [*rows, *more, ("In all", display(total))])] if rows else []),
    ]


def _sum(customers: Sequence[OverdueCustomer]) -> str:
    return display(sum(one.owed.overdue_cents for one in customers))


def _change(cents: int, currency: str) -> str:
    if not cents:
        return "As much as a week before."
    return f"{display(abs(cents))} {currency} {'more' if cents > 0 else 'less'} than a week before."


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One currency at the end of a month."""

    currency: str
    summary: ReceivablesSummary
    month: Month


def month_end_digest(day: date, figures: Sequence[MonthFigures], firm_name: str, public_url: str) -> Message:
    subject = _subject(f"Month end {day:%Y-%m}", firm_name)
    blocks: list[Block] = [Paragraph(f"As of the end of {day.isoformat()}.")]
    for one in figures:
        blocks += [Heading(one.currency), Table(("", one.currency), _month_rows(one))]
    if not figures:
        blocks.append(Paragraph("Nothing was invoiced, collected or outstanding."))
    return Message(subject, [*blocks, PageLink("The dashboard of that day:", f"{public_url}/?as_of={day.isoformat()}")])


def _month_rows(one: MonthFigures) -> list[tuple[str, str]]:
    ageing, dso = one.summary.ageing, one.summary.days_sales_outstanding
    return [
        ("Outstanding", display(ageing.outstanding_cents)),
        *((BUCKET_NAMES[bucket], display(cents)) for bucket, cents in ageing.buckets.items()),
        ("Overdue", display(ageing.overdue_cents)),
        ("Credit", display(ageing.credit_cents)),
        ("Invoiced in the month", display(one.month.invoiced_cents)),
        ("Collected in the month", display(one.month.collected_cents)),
        ("Days sales outstanding", "not defined" if dso is None else f"{dso:,}"),
    ]
