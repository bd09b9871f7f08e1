"""Own fields as SQL: conditions on single values of the JSON that they are kept as."""

import json
from typing import Any

from peewee import SQL, Expression, NodeList, Value, fn

from app.store.database import is_postgresql


def any_holds(column: Any, text: str) -> Expression:
    """Select the rows of which the value of any own field holds the text, in any case."""
    # The whole JSON is searched first: that is quick, and says no to nearly every row.
    whole = column.contains(json.dumps(text, ensure_ascii=False)[1:-1])
    condition: Expression = whole & _any(column, SQL("own.value").contains(text))
    return condition


def has(column: Any, name: str, text: str = "") -> Any:
    """Select the rows that have the own field: with exactly the text, or with any where none is given."""
    is_named = SQL("own.key") == Value(name, converter=False)
    return _any(column, is_named & (SQL("own.value") == Value(text, converter=False)) if text else is_named)


def _any(column: Any, condition: Any) -> Any:
    each = fn.json_each_text(column.cast("json")) if is_postgresql() else fn.json_each(column)
    return NodeList((SQL("EXISTS (SELECT 1 FROM"), each, SQL("AS own WHERE"), condition, SQL(")")))
