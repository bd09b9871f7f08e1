"""Own fields as SQL: which records say what in one of the values of the JSON that they are kept as."""

import json
from typing import Any

from peewee import SQL, Expression, Value, fn

from app.store.db.database import is_postgresql


def any_holds(table: Any, text: str) -> Expression:
    """Select the rows of the table of which the value of any own field holds the text, in any case."""
    return _has_any(table, text, SQL("own.value").contains(text))


def has(table: Any, name: str, text: str = "") -> Expression:
    """Select the rows of the table that have the own field: with exactly the text, or with any where none is given."""
    is_named = SQL("own.key") == Value(name, converter=False)
    says = SQL("own.value") == Value(text, converter=False)
    return _has_any(table, text or name, is_named & says if text else is_named)


def _has_any(table: Any, held: str, condition: Any) -> Expression:
    # Looked for once and by itself: in a condition on each row it would keep PostgreSQL from planning the rest well.
    rows = table.alias("with_own")
    json_text = rows.own_fields
    each = fn.json_each_text(json_text.cast("json")) if is_postgresql() else fn.json_each(json_text)
    # The whole JSON is searched first: that is quick, and says no to nearly every row.
    may_hold = json_text.contains(json.dumps(held, ensure_ascii=False)[1:-1])
    found = rows.select(rows.id).from_(rows, each.alias("own"))
    matching: Expression = table.id.in_(found.where(json_text != Value("{}", converter=False), may_hold, condition))
    return matching
