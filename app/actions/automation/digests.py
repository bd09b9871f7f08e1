"""Digests: what is overdue this week and how the last month ended, due once for each period."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.as_of import AsOf
from app.domain.automation import Automation
from app.domain.digests import (
    DigestKind,
    DigestPeriod,
    MonthFigures,
    OverdueCustomer,
    OverdueFigures,
    has_begun,
    month_end_digest,
    overdue_digest,
    period,
)
from app.domain.firm import Firm
from app.domain.messages import Message
from app.domain.periods import days_up_to, first_of_month
from app.domain.settlement import WINDOW_DAYS
from app.domain.turnover import by_month
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger import positions, turnover
from app.store.ledger.automation import digests
from app.store.ledger.automation import settings as automation

_WEEK = timedelta(days=7)


class OtherPeriodError(Exception):
    """The digest is of another period by now; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Digest:
    kind: DigestKind
    period: DigestPeriod
    due: bool
    message: Message
    settings: Automation


def digest(kind: DigestKind, firm: Firm, public_url: str, now: datetime) -> Digest:
    settings = automation.current()
    found = period(kind, settings, now, firm.zone)
    message = _MESSAGES[kind](AsOf.end_of(found.day, firm.zone), firm, public_url)
    return Digest(kind, found, is_due(kind, settings, found, firm, now), message, settings)


def is_due(kind: DigestKind, settings: Automation, found: DigestPeriod, firm: Firm, now: datetime) -> bool:
    """Return whether it is to be sent: its hour has come and it was not sent, or somebody asked for it again."""
    sent_at, is_asked = digests.state(kind, found.name)
    if not (settings.recipients or settings.chat_url):
        return False
    is_on = settings.overdue_digest if kind is DigestKind.OVERDUE else settings.month_end_digest
    return is_asked or (is_on and sent_at is None and has_begun(found, now, firm.zone))


def note_sent(kind: DigestKind, name: str, firm: Firm, by: User | None, now: datetime) -> None:
    """Note once that the digest of the current period was sent; raises OtherPeriodError of any other."""
    settings = automation.current()
    current = period(kind, settings, now, firm.zone).name
    if name not in {current, _period_before(kind, settings, firm, now)}:
        raise OtherPeriodError(f"The period of this digest is {current}: get it again.")
    with transaction():
        if digests.note_sent(kind, name, now):
            after = {"period": name, "recipients": list(settings.recipients), "chat": settings.masked_chat_url}
            audit.append(by, "digest.sent", f"digest:{kind}", after=after, now=now)


def send_again(kind: DigestKind, firm: Firm, by: User | None, now: datetime) -> str:
    """Make the digest of the current period due, whether or not it was sent, and return the period."""
    found = period(kind, automation.current(), now, firm.zone)
    with transaction():
        digests.ask_again(kind, found.name)
        audit.append(by, "digest.asked", f"digest:{kind}", after={"period": found.name}, now=now)
    return found.name


def _period_before(kind: DigestKind, settings: Automation, firm: Firm, now: datetime) -> str:
    """Return the period of an hour ago: a digest may be on its way as the next period begins."""
    return period(kind, settings, now - timedelta(hours=1), firm.zone).name


def _overdue(as_of: AsOf, firm: Firm, public_url: str) -> Message:
    before = positions.of_customers(AsOf.end_of(as_of.day - _WEEK, firm.zone))
    totals: dict[str, int] = {}
    for one in before:
        totals[one.currency] = totals.get(one.currency, 0) + one.owed.overdue_cents
    found = [OverdueCustomer(one.name, one.currency, one.owed) for one in positions.of_customers(as_of)]
    figures = OverdueFigures(as_of.day, found, totals, positions.by_due_date(as_of))
    return overdue_digest(figures, firm.name, public_url)


def _month_end(as_of: AsOf, firm: Firm, public_url: str) -> Message:
    first = first_of_month(as_of.day)
    days = turnover.by_day(as_of, min(first, days_up_to(as_of.day, WINDOW_DAYS)))
    found = positions.summaries_by_currency(as_of, days)
    figures = [
        MonthFigures(code, found[code], by_month([one for one in days if one.currency == code], [first], as_of.day)[0])
        for code in sorted(found, key=lambda code: (code != firm.currency, code))
    ]
    return month_end_digest(as_of.day, figures, firm.name, public_url)


_MESSAGES: dict[DigestKind, Callable[[AsOf, Firm, str], Message]] = {
    DigestKind.OVERDUE: _overdue,
    DigestKind.MONTH_END: _month_end,
}
