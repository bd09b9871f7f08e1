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
from app.store.db.cached import remembered
from app.store.db.tables import InvoiceModel

INVOICES_A_PART = 1024  # as the migration that made the triggers has it

_MOST_QUESTIONS = 100
_MOST_RANGES = 50

Key: TypeAlias = tuple[Any, ...]
Numbers: TypeAlias = tuple[int, ...]
Sums: TypeAlias = Mapping[Key, Numbers]
Within: TypeAlias = Callable[[Any], Expression]


@dataclass(slots=True)
class _Kept:
    """What was added up last: the marks that the parts had before, the sums of each part and of all."""

    marks: dict[int, str] = field(default_factory=dict)
    parts: dict[int, dict[Key, Numbers]] = field(default_factory=dict)
    total: dict[Key, Numbers] = field(default_factory=dict)


_kept: OrderedDict[Any, _Kept] = OrderedDict()
_lock = Lock()


def summed(columns: int) -> Callable[[Callable[..., Any]], Callable[..., Sums]]:
    """Keep the sums that the question selects, by so many columns; its arguments must be hashable.

    The marks are read before the sums: were a part to change in between, its sums are at most newer than its mark, and
    are added up again when they are next asked for. Inside a transaction nothing is kept.
    """

    def keeping(question: Callable[..., Any]) -> Callable[..., Sums]:
        @wraps(question)
        def answer(*args: Any) -> Sums:
            if tables.database.in_transaction():
                return _total(_asked(question, args, columns, None).values())
            marks = dict(_marks())
            asked = (question, args, current_user.scope())
            with _lock:
                kept = _kept.get(asked, _Kept())
            changed = {part for part in marks.keys() | kept.marks.keys() if marks.get(part) != kept.marks.get(part)}
            if not changed:
                return kept.total
            fresh = _asked(question, args, columns, None if not kept.marks else changed & marks.keys())
            new = _renewed(kept, marks, changed, fresh)
            with _lock:
                _kept[asked] = new
                _kept.move_to_end(asked)
                while len(_kept) > _MOST_QUESTIONS:
                    _kept.popitem(last=False)
            return new.total

        return answer

    return keeping


@remembered
def _marks() -> tuple[tuple[int, str], ...]:
    """Return the mark of each part; they change with the mark of the ledger."""
    rows: Any = tables.LedgerPartModel.select(tables.LedgerPartModel.id, tables.LedgerPartModel.mark).tuples()
    return tuple(rows)


def part_of(invoice_id: Any) -> Any:
    """Return, as SQL, the number of the part that the invoice belongs to."""
    # Written out: two bound values are two expressions to PostgreSQL, and it could not group by this one.
    return invoice_id / SQL(str(INVOICES_A_PART))


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


def of_customer(customer_id: int) -> Within:
    """Return what selects the invoices of a customer."""
    own = InvoiceModel.alias("own")

    def within(invoice_id: Any) -> Expression:
        selected: Expression = invoice_id.in_(own.select(own.id).where(own.customer == customer_id))
        return selected

    return within


def _within(parts: set[int] | None) -> Within:
    """Return what selects the invoices of the parts, of all where there are too many to name."""
    ranges = list(_ranges(sorted(parts))) if parts is not None else []
    if parts is None or len(ranges) > _MOST_RANGES:
        return everything

    def within(invoice_id: Any) -> Expression:
        return reduce(or_, (_between(invoice_id, first, last) for first, last in ranges))

    return within


def _between(invoice_id: Any, first: int, last: int) -> Expression:
    selected: Expression = invoice_id.between(first * INVOICES_A_PART, (last + 1) * INVOICES_A_PART - 1)
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


def _renewed(kept: _Kept, marks: dict[int, str], changed: set[int], fresh: Mapping[int, dict[Key, Numbers]]) -> _Kept:
    """Return what is kept from now on; what was kept stays as it is, for whoever looks at it."""
    parts, total = dict(kept.parts), dict(kept.total)
    for part in changed:
        _add(total, parts.pop(part, {}), -1)
        if part in fresh:
            parts[part] = fresh[part]
            _add(total, fresh[part], 1)
    return _Kept(marks, parts, total)


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
