"""Prepared queries: put into SQL once, then only their values are filled in; for what every page asks.

Peewee takes longer to put a query into words than PostgreSQL to answer it, and PostgreSQL longer to plan it than to
look up a few rows by a key, so the few queries on every page are kept on both sides.

@prepared
def _by_number(number: Slot) -> Any:
    return Invoice.select(Invoice.id, Invoice.total_cents).where(Invoice.number == number.value)

rows = _by_number("1001")          # tuples, converted as peewee converts them
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any

from peewee import Alias, Field, Value

from app.store.db import current_user, tables
from app.store.db.postgresql import Postgresql


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a query where a value is filled in; `field` converts it as a column of its kind does."""

    position: int
    field: "Field[Any] | None" = None

    @property
    def value(self) -> Value:
        """Return what stands for the value in an expression."""
        return Value(self, converter=False)

    def of(self, field: "Field[Any]") -> Value:
        """Return what stands for the value of a column whose values are kept otherwise than they are handed out."""
        return Value(Slot(self.position, field), converter=False)

    def filled(self, values: Sequence[Any]) -> Any:
        """Return the value for the database."""
        value = values[self.position]
        return value if self.field is None else self.field.db_value(value)


@dataclass(frozen=True, slots=True)
class _CompiledQuery:
    sql: str
    parameters: list[Any]
    converters: list[Callable[[Any], Any] | None]


def compiled(build: Callable[..., Any]) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that answers the query with the values given, in the order of the slots it is built with."""
    count = len(signature(build).parameters)
    kept: dict[Hashable, _CompiledQuery] = {}

    @wraps(build)
    def answer(*values: Any) -> list[tuple[Any, ...]]:
        kind = (type(tables.database.obj), current_user.scope())
        words = kept.get(kind)
        if words is None:
            words = kept[kind] = _compile(build(*(Slot(position) for position in range(count))))
        filled = [one.filled(values) if isinstance(one, Slot) else one for one in words.parameters]
        rows = _executed(words.sql, filled).fetchall()
        return [_converted(row, words.converters) for row in rows]

    return answer


def _executed(sql: str, values: list[Any]) -> Any:
    database = tables.database.obj
    return (
        database.execute_prepared(sql, values)
        if isinstance(database, Postgresql)
        else database.execute_sql(sql, values)
    )


def _compile(query: Any) -> _CompiledQuery:
    sql, parameters = query.sql()
    converters = [_converter(column) for column in query.selected_columns]
    return _CompiledQuery(sql, list(parameters), converters)


def _converter(column: Any) -> Callable[[Any], Any] | None:
    bare = column.unalias() if isinstance(column, Alias) else column
    converter: Callable[[Any], Any] | None = getattr(bare, "_converter", None)
    return bare.python_value if isinstance(bare, Field) else converter


def _converted(row: Sequence[Any], converters: Sequence[Callable[[Any], Any] | None]) -> tuple[Any, ...]:
    pairs = zip(row, converters, strict=True)
    return tuple(value if value is None or convert is None else convert(value) for value, convert in pairs)
