"""Sums over all invoices, kept for each part of them: after a change, only the parts that changed are added up anew.

@summed(columns=1)
def invoiced(within: Within, as_of: AsOf) -> Any:                         # asked as `invoiced(as_of)`
    part = part_of(Invoice.id)
    rows = Invoice.select(part, Invoice.currency, fn.SUM(…)).where(within(Invoice.id), …)
    return rows.group_by(part, Invoice.currency).tuples()

`within` selects, by any column of ids, the invoices of some parts: said of each table that is read, it makes the answer
quick. The first column is the part; then come as many columns of a key as `@summed` is told, then whole numbers, which
are added up by key.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce, wraps
from operator import or_
from threading import Lock
from typing import Any, TypeAlias

from peewee import SQL, Expression

from app.store.db import current_user, tables
from app.store.db.cache import cached
from app.store.db.tables import InvoiceModel

INVOICES_PER_PARTITION = 1024  # as the migration that made the triggers has it

_MOST_QUESTIONS = 100
_MOST_RANGES = 50

Key: TypeAlias = tuple[Any, ...]
Numbers: TypeAlias = tuple[int, ...]
Sums: TypeAlias = Mapping[Key, Numbers]
PartitionFilter: TypeAlias = Callable[[Any], Expression]


@dataclass(slots=True)
class _Kept:
    """What was added up last: the versions that the parts had before, the sums of each part and of all."""

    versions: dict[int, str] = field(default_factory=dict)
    parts: dict[int, dict[Key, Numbers]] = field(default_factory=dict)
    total: dict[Key, Numbers] = field(default_factory=dict)


_kept: OrderedDict[Any, _Kept] = OrderedDict()
_lock = Lock()


def totals_by_partition(columns: int) -> Callable[[Callable[..., Any]], Callable[..., Sums]]:
    """Cache the totals that the query returns, keyed by its first `columns` columns; its arguments must be hashable.

    Versions are read before totals: if a partition changes in between, its totals are newer than its version and are
    computed again the next time. Inside a transaction nothing is cached.
    """

    def keeping(question: Callable[..., Any]) -> Callable[..., Sums]:
        @wraps(question)
        def answer(*args: Any) -> Sums:
            if tables.database.in_transaction():
                return _total(_asked(question, args, columns, None).values())
            versions = dict(_versions())
            asked = (question, args, current_user.scope())
            with _lock:
                kept = _kept.get(asked, _Kept())
            changed = {
                part for part in versions.keys() | kept.versions.keys() if versions.get(part) != kept.versions.get(part)
            }
            if not changed:
                return kept.total
            new_totals = _asked(question, args, columns, None if not kept.versions else changed & versions.keys())
            new = _renewed(kept, versions, changed, new_totals)
            with _lock:
                _kept[asked] = new
                _kept.move_to_end(asked)
                while len(_kept) > _MOST_QUESTIONS:
                    _kept.popitem(last=False)
            return new.total

        return answer

    return keeping


@cached
def _versions() -> tuple[tuple[int, str], ...]:
    """Return the version of each part; they change with the version of the ledger."""
    rows: Any = tables.PartitionModel.select(tables.PartitionModel.id, tables.PartitionModel.version).tuples()
    return tuple(rows)


def partition(invoice_id: Any) -> Any:
    """Return, as SQL, the number of the part that the invoice belongs to."""
    # Written out: two bound values are two expressions to PostgreSQL, and it could not group by this one.
    return invoice_id / SQL(str(INVOICES_PER_PARTITION))


def _asked(
    question: Callable[..., Any], args: tuple[Any, ...], columns: int, parts: set[int] | None
) -> dict[int, dict[Key, Numbers]]:
    found: dict[int, dict[Key, Numbers]] = {}
    if parts is not None and not parts:
        return found
    for number, *rest in question(_within(parts), *args):
        found.setdefault(int(number), {})[tuple(rest[:columns])] = tuple(map(int, rest[columns:]))
    return found


def everything(invoice_id: Any) -> Expression:
    """Select all invoices."""
    selected: Expression = invoice_id.is_null(is_null=False)
    return selected


def of_customer(customer_id: int) -> PartitionFilter:
    """Return what selects the invoices of a customer."""
    own = InvoiceModel.alias("own")

    def within(invoice_id: Any) -> Expression:
        selected: Expression = invoice_id.in_(own.select(own.id).where(own.customer == customer_id))
        return selected

    return within


def _within(parts: set[int] | None) -> PartitionFilter:
    """Return what selects the invoices of the parts, of all where there are too many to name."""
    ranges = list(_ranges(sorted(parts))) if parts is not None else []
    if parts is None or len(ranges) > _MOST_RANGES:
        return everything

    def within(invoice_id: Any) -> Expression:
        return reduce(or_, (_between(invoice_id, first, last) for first, last in ranges))

    return within


def _between(invoice_id: Any, first: int, last: int) -> Expression:
    selected: Expression = invoice_id.between(first * INVOICES_PER_PARTITION, (last + 1) * INVOICES_PER_PARTITION - 1)
    return selected


def _ranges(parts: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = -2
    for part in parts:
        if part != last + 1:
            if last >= 0:
                yield first, last
            first = part
        last = part
    if last >= 0:
        yield first, last


def _renewed(
    kept: _Kept, versions: dict[int, str], changed: set[int], new_totals: Mapping[int, dict[Key, Numbers]]
) -> _Kept:
    """Return what is kept from now on; what was kept stays as it is, for whoever looks at it."""
    parts, total = dict(kept.parts), dict(kept.total)
    for part in changed:
        _add(total, parts.pop(part, {}), -1)
        if part in new_totals:
            parts[part] = new_totals[part]
            _add(total, new_totals[part], 1)
    return _Kept(versions, parts, total)


def _total(parts: Iterable[Sums]) -> Sums:
    total: dict[Key, Numbers] = {}
    for part in parts:
        _add(total, part, 1)
    return total


def _add(total: dict[Key, Numbers], sums: Sums, sign: int) -> None:
    for key, numbers in sums.items():
        before = total.get(key)
        after = tuple(sign * one for one in numbers)
        if before is not None:
            after = tuple(old + one for old, one in zip(before, after, strict=True))
        if any(after):
            total[key] = after
        else:
            total.pop(key, None)
