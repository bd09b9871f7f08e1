"""What each table adds up to: its rows, and the cents of its columns of money."""

from collections.abc import Mapping
from typing import Any

from peewee import fn

from app.store.db import tables
from app.store.db.current_user import seeing_everything

ROWS = "rows"


def table_totals() -> dict[str, Mapping[str, int]]:
    """Return `{"payments": {"rows": 2, "amount_cents": 9_000}, …}`, whatever the user's scope is."""
    with seeing_everything():
        return {table._meta.table_name: _totals(table) for table in sorted(_all_tables(), key=tables.table_name)}


def _totals(table: type[tables.BaseModel]) -> dict[str, int]:
    money = [field for field in table._meta.sorted_fields if field.column_name.endswith("_cents")]
    sums = [fn.COALESCE(fn.SUM(field), 0) for field in money]
    found: Any = table.select(fn.COUNT(table.id), *sums).tuples().get()
    names = (ROWS, *(field.column_name for field in money))
    return {name: int(total) for name, total in zip(names, found, strict=True)}


def _all_tables(below: type[tables.BaseModel] = tables.BaseModel) -> list[type[tables.BaseModel]]:
    found = below.__subclasses__()
    return [table for one in found for table in (_all_tables(one) or [one])]
