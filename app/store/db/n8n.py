"""What is asked of n8n's database, which belongs to n8n and lies on the same server: read, and never written to."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.store.db import tables

CREDENTIALS = "credentials_entity"
_KEYS = "deployment_key"


def is_there(name: str) -> bool:
    """Return whether the server of the open database has one of that name."""
    return bool(_rows("SELECT 1 FROM pg_database WHERE datname = %s", (name,)))


def has_tables() -> bool:
    """Return whether n8n has ever started on the open database."""
    return CREDENTIALS in _table_names()


def row_counts() -> dict[str, int]:
    """Return the rows of each table of the open database."""
    return {name: int(_rows(f'SELECT count(*) FROM "{name}"')[0][0]) for name in _table_names()}  # noqa: S608  # from the catalogue


def version() -> str:
    """Return the version of n8n that last started on the open database, such as 2.40.7."""
    noted = _rows("SELECT major, minor, patch FROM instance_version_history ORDER BY id DESC LIMIT 1")
    return ".".join(map(str, noted[0])) if noted else "unknown"


def wrapped_keys() -> Mapping[str, tuple[str, str]]:
    """Return algorithm and locked value of each key that data are locked with, by its id."""
    found = _rows(f"SELECT id, algorithm, value FROM {_KEYS} WHERE type = 'data_encryption'")  # noqa: S608  # a constant
    return {key: (algorithm, value) for key, algorithm, value in found}


def credentials() -> Iterable[tuple[str, str]]:
    """Return the id and the locked data of each."""
    return [(one, data) for one, data in _rows(f"SELECT id, data FROM {CREDENTIALS} ORDER BY id")]  # noqa: S608  # a constant


def _table_names() -> list[str]:
    found = _rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in found]


def _rows(sql: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = tables.database.execute_sql(sql, values).fetchall()
    return found
