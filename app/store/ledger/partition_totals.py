"""Totals over all invoices, cached per partition: after a change, only the changed partitions are summed again.

@totals_by_partition(columns=1)
def invoiced(within: PartitionFilter, as_of: AsOf) -> Any:                # called as `invoiced(as_of)`
    part = partition(Invoice.id)
    rows = Invoice.select(part, Invoice.currency, fn.SUM(…)).where(within(Invoice.id), …)
    return rows.group_by(part, Invoice.currency).tuples()

`within` takes a column of invoice ids and restricts the query to some partitions; apply it to each table that is read,
to make the query fast. The query's first column is the partition, followed by `columns` key columns, then by whole
numbers, which are summed by key. Its SQL is built once for each set of arguments, which takes peewee longer than the
database to answer it: it must follow from the arguments and the current user's scope alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce, wraps
from itertools import groupby
from operator import add, or_, sub
from threading import Lock
from typing import Any, TypeAlias

from peewee import SQL, Expression

from app.domain.permissions import Scope
from app.store.db import current_user, tables
from app.store.db.cache import cached
from app.store.db.compiled_queries import CompiledQuery, Slot
from app.store.db.tables import InvoiceModel

INVOICES_PER_PARTITION = 1024  # the triggers in the migration use the same number

_MAX_QUERIES = 100
_MAX_RANGES = 50

Key: TypeAlias = tuple[Any, ...]
Numbers: TypeAlias = tuple[int, ...]
Sums: TypeAlias = Mapping[Key, Numbers]
PartitionFilter: TypeAlias = Callable[[Any], Expression]


@dataclass(slots=True)
class _CachedTotals:
    versions: dict[int, str] = field(default_factory=dict)
    parts: dict[int, dict[Key, Numbers]] = field(default_factory=dict)
    total: dict[Key, Numbers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    query: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


_kept: OrderedDict[Any, _CachedTotals] = OrderedDict()
_lock = Lock()


def totals_by_partition(columns: int) -> Callable[[Callable[..., Any]], Callable[..., Sums]]:
    """Cache the totals that the query returns, keyed by its first `columns` columns; its arguments must be hashable.

    Versions are read before totals: if a partition changes in between, its totals are newer than its version and are
    computed again the next time. Inside a transaction nothing is cached.
    """

    def decorate(query: Callable[..., Any]) -> Callable[..., Sums]:
        @wraps(query)
        def wrapper(*args: Any, **kwargs: Any) -> Sums:
            asked = _Asked(query, args, tuple(sorted(kwargs.items())))
            if tables.database.in_transaction():
                found = _query_totals(asked, columns, None)
                return _updated(_CachedTotals(), {}, set(found), found).total
            versions = dict(_versions())
            key = (asked, current_user.scope())
            with _lock:
                old = _kept.get(key, _CachedTotals())
            changed = {
                part for part in versions.keys() | old.versions.keys() if versions.get(part) != old.versions.get(part)
            }
            if not changed:
                return old.total
            new_totals = _query_totals(asked, columns, None if not old.versions else changed & versions.keys())
            new = _updated(old, versions, changed, new_totals)
            with _lock:
                _kept[key] = new
                _kept.move_to_end(key)
                while len(_kept) > _MAX_QUERIES:
                    _kept.popitem(last=False)
            return new.total

        return wrapper

    return decorate


@cached
def _versions() -> tuple[tuple[int, str], ...]:
    # May be cached under the ledger's version: the triggers that change a partition's version change that one too.
    rows: Any = tables.PartitionModel.select(tables.PartitionModel.id, tables.PartitionModel.version).tuples()
    return tuple(rows)


def partition(invoice_id: Any) -> Any:
    # A literal, not a bound value: PostgreSQL treats the parameters in SELECT and GROUP BY as different expressions.
    return invoice_id / SQL(str(INVOICES_PER_PARTITION))


def _query_totals(asked: _Asked, columns: int, parts: set[int] | None) -> dict[int, dict[Key, Numbers]]:
    found: dict[int, dict[Key, Numbers]] = {}
    if parts is not None and not parts:
        return found
    bounds = _bounds(parts)
    statement = _statement(asked, current_user.scope(), type(tables.database.obj).__name__, len(bounds))
    for number, *rest in statement.rows(bounds, keep_plan=False):
        found.setdefault(int(number), {})[tuple(rest[:columns])] = tuple(map(int, rest[columns:]))
    return found


@lru_cache(_MAX_QUERIES)
def _statement(asked: _Asked, _scope: Scope, _dialect: str, bounds: int) -> CompiledQuery:
    """Return the SQL of the query with slots for so many bounds of ranges; scope and dialect are part of the key."""
    return CompiledQuery.of(asked.query(_within(bounds), *asked.args, **dict(asked.kwargs)))


def _bounds(parts: set[int] | None) -> list[int]:
    """Return the first and last invoice id of each range of partitions; none for all, or if there are too many."""
    ranges = list(_ranges(sorted(parts))) if parts is not None else []
    if len(ranges) > _MAX_RANGES:
        return []
    return [
        bound
        for first, last in ranges
        for bound in (first * INVOICES_PER_PARTITION, (last + 1) * INVOICES_PER_PARTITION - 1)
    ]


def everything(invoice_id: Any) -> Expression:
    return invoice_id.is_null(is_null=False)


def of_customer(customer_id: int) -> PartitionFilter:
    own = InvoiceModel.alias("own")

    def within(invoice_id: Any) -> Expression:
        return invoice_id.in_(own.select(own.id).where(own.customer == customer_id))

    return within


def _within(bounds: int) -> PartitionFilter:
    if not bounds:
        return everything

    def within(invoice_id: Any) -> Expression:
        pairs = ((Slot(first).value, Slot(first + 1).value) for first in range(0, bounds, 2))
        return reduce(or_, (invoice_id.between(first, last) for first, last in pairs))

    return within


def _ranges(parts: Iterable[int]) -> Iterator[tuple[int, int]]:
    # Consecutive numbers are equally far from their positions.
    for _, found in groupby(enumerate(parts), key=lambda one: one[1] - one[0]):
        run = [part for _, part in found]
        yield run[0], run[-1]


def _updated(
    old: _CachedTotals, versions: dict[int, str], changed: set[int], new_totals: Mapping[int, dict[Key, Numbers]]
) -> _CachedTotals:
    # Copies: other threads may still be reading the old totals.
    parts, total = dict(old.parts), dict(old.total)
    for part in changed:
        _combine(total, parts.pop(part, {}), sub)
        if part in new_totals:
            parts[part] = new_totals[part]
            _combine(total, new_totals[part], add)
    return _CachedTotals(versions, parts, total)


def _combine(total: dict[Key, Numbers], sums: Sums, operation: Callable[[int, int], int]) -> None:
    for key, numbers in sums.items():
        combined = tuple(map(operation, total.get(key) or (0,) * len(numbers), numbers))
        if any(combined):
            total[key] = combined
        else:
            total.pop(key, None)
