"""What a ledger means, in figures: two databases that agree in all of them hold the same receivables, to the cent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from app.domain.as_of import AsOf
from app.domain.firm import Firm
from app.domain.money import display
from app.domain.periods import first_of_month
from app.domain.sentences import agreeing
from app.store.access import audit_chain
from app.store.db import database
from app.store.db.current_user import seeing_everything
from app.store.db.snapshots import snapshot
from app.store.db.table_totals import ROWS, table_totals
from app.store.ledger import firm, positions

_MONTH_ENDS = 4
_UNSAVED = Firm("USD", ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Figures:
    """`outstanding` has cents by day, then customer's code and currency; `tables` rows and cents by table and column.

    `audit_problem` says where the audit trail is broken, "" if it holds.
    """

    today: date
    outstanding: Mapping[date, Mapping[tuple[str, str], int]]
    tables: Mapping[str, Mapping[str, int]]
    audit_entries: int
    audit_head: str
    audit_problem: str
    migrations: tuple[str, ...]

    @classmethod
    def taken(cls, today: date) -> Self:
        """Read them from the open database, all as of one moment."""
        # Within a transaction nothing comes out of the caches, which hold figures of other databases as well.
        with snapshot(), seeing_everything():
            zone = firm.current(_UNSAVED).zone
            chain = audit_chain.verify()
            return cls(
                today=today,
                outstanding={day: _outstanding(AsOf.end_of(day, zone)) for day in _days(today)},
                tables=table_totals(),
                audit_entries=chain.entries,
                audit_head=chain.head,
                audit_problem=f"entry {chain.broken.entry_id}: {chain.broken.reason}" if chain.broken else "",
                migrations=tuple(database.applied()),
            )

    def to_json(self) -> dict[str, Any]:
        outstanding = {
            day.isoformat(): [[code, currency, cents] for (code, currency), cents in sorted(found.items())]
            for day, found in self.outstanding.items()
        }
        return {
            "today": self.today.isoformat(),
            "outstanding": outstanding,
            "tables": {name: dict(totals) for name, totals in self.tables.items()},
            "audit": {"entries": self.audit_entries, "head": self.audit_head, "problem": self.audit_problem},
            "migrations": list(self.migrations),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        outstanding = {
            date.fromisoformat(day): {(code, currency): cents for code, currency, cents in found}
            for day, found in values["outstanding"].items()
        }
        audit = values["audit"]
        return cls(
            today=date.fromisoformat(values["today"]),
            outstanding=outstanding,
            tables=values["tables"],
            audit_entries=audit["entries"],
            audit_head=audit["head"],
            audit_problem=audit["problem"],
            migrations=tuple(values["migrations"]),
        )


def firm_day(now: datetime) -> date:
    """Return the day that it is then, in the time zone of the firm of the open database."""
    return now.astimezone(firm.current(_UNSAVED).zone).date()


def differences(expected: Figures, found: Figures) -> list[str]:
    """Return a sentence for each figure that differs; none if they agree."""
    return [*_outstanding_differs(expected, found), *_tables_differ(expected, found), *_record_differs(expected, found)]


def _days(today: date) -> Iterator[date]:
    day = today
    for _ in range(_MONTH_ENDS + 1):
        yield day
        day = first_of_month(day) - timedelta(days=1)


def _outstanding(as_of: AsOf) -> dict[tuple[str, str], int]:
    owed = {(one.code, one.currency): one.owed.outstanding_cents for one in positions.of_customers(as_of)}
    return {customer: cents for customer, cents in owed.items() if cents}


def _outstanding_differs(expected: Figures, found: Figures) -> Iterator[str]:
    for day in sorted({*expected.outstanding, *found.outstanding}):
        before, after = expected.outstanding.get(day, {}), found.outstanding.get(day, {})
        for code, currency in sorted({*before, *after}):
            amounts = before.get((code, currency), 0), after.get((code, currency), 0)
            if amounts[0] != amounts[1]:
                yield (
                    f"On {day.isoformat()} customer {code} owed {display(amounts[0])} {currency}, "
                    f"now {display(amounts[1])} {currency}."
                )


def _tables_differ(expected: Figures, found: Figures) -> Iterator[str]:
    for table in sorted({*expected.tables, *found.tables}):
        before, after = expected.tables.get(table, {}), found.tables.get(table, {})
        for name in sorted({*before, *after}, key=lambda name: (name != ROWS, name)):
            totals = before.get(name, 0), after.get(name, 0)
            if totals[0] == totals[1]:
                continue
            if name == ROWS:
                yield f"The table {table} had {totals[0]:,} {agreeing(totals[0], 'row', 'rows')}, now {totals[1]:,}."
            else:
                yield f"{name} of {table} came to {display(totals[0])}, now {display(totals[1])}."


def _record_differs(expected: Figures, found: Figures) -> Iterator[str]:
    if found.audit_problem:
        yield f"The record of what was done is broken at {found.audit_problem}."
    if expected.audit_entries != found.audit_entries:
        yield (
            f"The record of what was done had {expected.audit_entries:,} "
            f"{agreeing(expected.audit_entries, 'entry', 'entries')}, now {found.audit_entries:,}."
        )
    if expected.audit_head != found.audit_head:
        yield f"The record of what was done ended with the seal {expected.audit_head}, not {found.audit_head}."
    if expected.migrations != found.migrations:
        yield (
            f"The tables were those of {', '.join(expected.migrations) or 'no migration'}, "
            f"not of {', '.join(found.migrations) or 'none'}."
        )
