"""Compiled queries: built into SQL once and then executed with different values; for queries on every page.

Peewee takes longer to build a query's SQL than PostgreSQL to execute it, and PostgreSQL longer to plan it than to look
up a few rows by a key. So for the few queries on every page, we cache the SQL and PostgreSQL the plan.

@compiled
def _by_number(number: Slot) -> Any:
    return Invoice.select(Invoice.id, Invoice.total_cents).where(Invoice.number == number.value)

rows = _by_number("1001")          # a list of tuples, converted as by peewee
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
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
class CompiledQuery:
    """The SQL of a query, its parameters, some of which are slots, and what converts its columns."""

    sql: str
    parameters: list[Any]
    converters: dict[int, Callable[[Any], Any]]

    @classmethod
    def of(cls, query: Any) -> "CompiledQuery":
        sql, parameters = query.sql()
        converters = ((index, _converter(column)) for index, column in enumerate(query.selected_columns))
        return cls(sql, list(parameters), {index: convert for index, convert in converters if convert})

    def rows(self, values: Sequence[Any], *, keep_plan: bool) -> list[tuple[Any, ...]]:
        """Execute the query with the slots' values; `keep_plan` lets PostgreSQL plan it once for all values."""
        filled = [one.filled(values) if isinstance(one, Slot) else one for one in self.parameters]
        database = tables.database.obj
        keeps_plan = keep_plan and isinstance(database, Postgresql)
        execute = database.execute_prepared if keeps_plan else database.execute_sql
        return [_converted(row, self.converters) for row in execute(self.sql, filled).fetchall()]


def compiled(build: Callable[..., Any], *, keep_plan: bool = True) -> Callable[..., list[tuple[Any, ...]]]:
    """Build the query once for each dialect and scope; call it with the slots' values for all rows.

    Without `keep_plan`, PostgreSQL plans it each time, for the values that are given.
    """
    count = len(signature(build).parameters)
    queries: dict[Hashable, CompiledQuery] = {}

    @wraps(build)
    def execute(*values: Any) -> list[tuple[Any, ...]]:
        # The SQL depends on the dialect, and on the scope's conditions.
        key = (type(tables.database.obj), current_user.scope())
        query = queries.get(key)
        if query is None:
            query = queries[key] = CompiledQuery.of(build(*(Slot(position) for position in range(count))))
        return query.rows(values, keep_plan=keep_plan)

    return execute


def _converter(column: Any) -> Callable[[Any], Any] | None:
    bare = column.unalias() if isinstance(column, Alias) else column
    converter: Callable[[Any], Any] | None = getattr(bare, "_converter", None)
    return bare.python_value if isinstance(bare, Field) else converter


def _converted(row: Sequence[Any], converters: Mapping[int, Callable[[Any], Any]]) -> tuple[Any, ...]:
    values = list(row)
    for index, convert in converters.items():
        if values[index] is not None:
            values[index] = convert(values[index])
    return tuple(values)
