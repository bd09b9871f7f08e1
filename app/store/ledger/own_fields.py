"""Own fields as SQL: conditions on the JSON column that stores them."""

import json
from typing import Any

from peewee import SQL, Expression, Value, fn

from app.store.db.database import is_postgresql


def any_holds(table: Any, text: str) -> Expression:
    return _has_any(table, text, SQL("own.value").contains(text))


def has(table: Any, name: str, text: str = "") -> Expression:
    """Select the rows that have the own field, with exactly this text unless it is empty."""
    is_named = SQL("own.key") == Value(name, converter=False)
    is_equal = SQL("own.value") == Value(text, converter=False)
    return _has_any(table, text or name, is_named & is_equal if text else is_named)


def names_in(table: Any) -> tuple[str, ...]:
    """Return the names of the own fields that rows of the table have, in alphabetical order."""
    filled = table.select(table.own_fields).where(table.own_fields != Value("{}", converter=False)).distinct()
    return tuple(sorted({name for (own,) in filled.tuples() for name in own}))


def _has_any(table: Any, held: str, condition: Any) -> Expression:
    # A separate subquery: as a condition on each row, it would keep PostgreSQL from planning the rest well.
    rows = table.alias("with_own")
    json_text = rows.own_fields
    each = fn.json_each_text(json_text.cast("json")) if is_postgresql() else fn.json_each(json_text)
    # Search the JSON text first: it is fast and excludes nearly every row.
    may_hold = json_text.contains(json.dumps(held, ensure_ascii=False)[1:-1])
    found = rows.select(rows.id).from_(rows, each.alias("own"))
    return table.id.in_(found.where(json_text != Value("{}", converter=False), may_hold, condition))
