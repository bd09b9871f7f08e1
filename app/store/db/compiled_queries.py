"""Compiled queries: built into SQL once and then executed with different values; for queries on every page.

Peewee takes longer to build a query's SQL than PostgreSQL to execute it, and PostgreSQL longer to plan it than to look
up a few rows by a key. So for the few queries on every page, we cache the SQL and PostgreSQL the plan.

@compiled
def _by_number(number: Slot) -> Any:
    return Invoice.select(Invoice.id, Invoice.total_cents).where(Invoice.number == number.value)

rows = _by_number("1001")          # a list of tuples, converted as by peewee
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
    """A placeholder for the value at `position`; `field`, if given, converts the value for the database."""

    position: int
    field: "Field[Any] | None" = None

    @property
    def value(self) -> Value:
        return Value(self, converter=False)

    def of(self, field: "Field[Any]") -> Value:
        """Return the placeholder for a column whose database values differ from its Python values."""
        return Value(Slot(self.position, field), converter=False)

    def filled(self, values: Sequence[Any]) -> Any:
        value = values[self.position]
        return value if self.field is None else self.field.db_value(value)


@dataclass(frozen=True, slots=True)
class _CompiledQuery:
    sql: str
    parameters: list[Any]
    converters: list[Callable[[Any], Any] | None]


def compiled(build: Callable[..., Any]) -> Callable[..., list[tuple[Any, ...]]]:
    """Build the query once for each dialect and scope; call it with the slots' values for all rows."""
    count = len(signature(build).parameters)
    queries: dict[Hashable, _CompiledQuery] = {}

    @wraps(build)
    def execute(*values: Any) -> list[tuple[Any, ...]]:
        # The SQL depends on the dialect, and on the scope's conditions.
        key = (type(tables.database.obj), current_user.scope())
        query = queries.get(key)
        if query is None:
            query = queries[key] = _compile(build(*(Slot(position) for position in range(count))))
        filled = [one.filled(values) if isinstance(one, Slot) else one for one in query.parameters]
        rows = _executed(query.sql, filled).fetchall()
        return [_converted(row, query.converters) for row in rows]

    return execute


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
