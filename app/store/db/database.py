"""Connections to SQLite or PostgreSQL, transactions, locks, migrations and bulk inserts."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect as connect_url
from playhouse.migrations import Runner

from app.store.db import tables
from app.store.db.outages import Outage, is_sqlite_locked, outage_behind
from app.store.db.postgresql import Postgresql

MIGRATION_TABLE = "schema_migration"  # the runner's list of applied migrations
_FIRST_MIGRATION = "0001_tables"
_Result = TypeVar("_Result")
MIGRATION_LOCK = 7_340_512  # any number, as long as nothing else in the database locks on it

_SQLITE_PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000, "synchronous": "normal"}
_CONVERTED_FIELDS = (tables.MomentField, tables.OwnFieldsField)  # COPY bypasses peewee's conversion of these
_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_RECEIVABLES = "customers, invoices, payments, imports"  # locked in this order
_VALUES_A_STATEMENT = 30_000  # below SQLite's limit of 32,766 bound values


class DatabaseUnavailableError(Exception):
    """The message is one sentence."""


class _Waiting(threading.local):
    def __init__(self) -> None:
        self.actions: list[Callable[[], None]] = []


_waiting = _Waiting()


class _RolledBack(Exception):  # noqa: N818  # not an error: `rehearse` raises it to roll its transaction back
    pass


def open_database(url: str) -> peewee.Database:
    """Raise DatabaseUnavailableError if the database cannot be reached."""
    try:
        database = _database(url)
        tables.database.initialize(database)
        with database.connection_context():
            database.execute_sql("SELECT 1")
    except (peewee.PeeweeException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DatabaseUnavailableError(f"The database cannot be reached: {reason}.") from error
    return database


def is_current() -> bool:
    return not pending()


def is_postgresql() -> bool:
    return isinstance(tables.database.obj, Postgresql)


def pending() -> list[str]:
    return [migration.name for migration in _runner().status() if not migration.applied]


def migrate() -> list[str]:
    """Return the names of the applied migrations; on PostgreSQL, concurrent calls wait for each other."""
    if not is_postgresql():
        return _run_migrations()
    tables.database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
    try:
        return _run_migrations()
    finally:
        tables.database.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))


@contextmanager
def connection() -> Iterator[None]:
    opened = tables.database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            tables.database.close()


@contextmanager
def transaction() -> Iterator[None]:
    """On SQLite, take the write lock at once, so that the transaction cannot fail half-way."""
    with connection():
        is_part_of_another = tables.database.in_transaction()
        if not is_part_of_another:
            _waiting.actions = []
        registered_before = len(_waiting.actions)
        try:
            with tables.database.atomic(*_begin_mode()):
                yield
        except BaseException:
            # The caller may catch the error and commit the outer transaction: what was rolled back runs nothing.
            del _waiting.actions[registered_before:]
            raise
        if not is_part_of_another:
            for action in _waiting.actions:
                action()


def after_commit(action: Callable[[], None]) -> None:
    """Run the action after this thread's transaction commits, not if it is rolled back; without one, at once."""
    if tables.database.in_transaction():
        _waiting.actions.append(action)
    else:
        action()


@contextmanager
def exclusive_transaction() -> Iterator[None]:
    """Block other writers of receivables, but not readers."""
    with transaction():
        if is_postgresql():
            tables.database.execute_sql(f"LOCK TABLE {_RECEIVABLES} IN SHARE ROW EXCLUSIVE MODE")
        yield


def one_at_a_time(lock: int) -> None:
    """Take an advisory lock until the transaction ends; raises RuntimeError outside one."""
    if not tables.database.in_transaction():
        raise RuntimeError("A lock that ends with its transaction needs one.")
    if is_postgresql():
        tables.database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (lock,))


def locked(query: Any) -> Any:
    """Lock the query's rows until the transaction ends, in its order; SQLite locks the whole database."""
    if not is_postgresql():
        return query
    # Lock the tables first: a transaction that holds rows while it waits for an import's table lock would deadlock.
    tables.database.execute_sql(f"LOCK TABLE {_RECEIVABLES} IN ROW EXCLUSIVE MODE")
    return query.for_update()


def days_between(later: Any, earlier: Any) -> Any:
    if is_postgresql():
        return later - earlier
    return (peewee.fn.julianday(later) - peewee.fn.julianday(earlier)).cast("INTEGER")


@contextmanager
def unless_hindered() -> Iterator[None]:
    """Skip the block's write if the disk is full or SQLite's write lock is held; only for writes that may be lost."""
    if not is_postgresql():
        tables.database.execute_sql("PRAGMA busy_timeout = 50")
    try:
        yield
    except peewee.OperationalError as error:
        if outage_behind(error) is not Outage.DISK_FULL and not is_sqlite_locked(error):
            raise
    finally:
        if not is_postgresql():
            tables.database.execute_sql(f"PRAGMA busy_timeout = {_SQLITE_PRAGMAS['busy_timeout']}")


def rehearse(action: Callable[[], _Result]) -> _Result:
    """Run the action against the real database, then roll it back.

    On PostgreSQL foreign keys are not checked: an import writes only ids that it has just read or created.
    """
    try:
        with exclusive_transaction():
            if is_postgresql():
                tables.database.execute_sql("SET CONSTRAINTS ALL DEFERRED")
            result = action()
            raise _RolledBack
    except _RolledBack:
        return result


def reserved_ids(table: type[tables.BaseModel], count: int) -> Sequence[int]:
    """Call it inside an exclusive transaction."""
    if not is_postgresql():
        last = table.select(peewee.fn.COALESCE(peewee.fn.MAX(table.id), 0)).scalar()
        return range(last + 1, last + 1 + count)
    name = table._meta.table_name
    found = tables.database.execute_sql(
        f"SELECT nextval(pg_get_serial_sequence('{name}', 'id')) FROM generate_series(1, %s)",  # noqa: S608  # our own name
        (count,),
    )
    return [record_id for (record_id,) in found.fetchall()]


def insert_rows(table: type[tables.BaseModel], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Stream the rows with COPY to PostgreSQL; SQLite gets statements of several rows."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    rows = chain([first], rows)
    fields = [table._meta.fields[name] for name in columns]
    if is_postgresql():
        _copy_rows(table, fields, rows)
        return
    step = _VALUES_A_STATEMENT // len(columns)
    while part := list(islice(rows, step)):
        table.insert_many(part, fields=fields).execute()


def _copy_rows(table: type[tables.BaseModel], fields: list[Any], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(f'"{field.column_name}"' for field in fields)
    statement = f'COPY "{table._meta.table_name}" ({names}) FROM STDIN'
    converted = [(index, field.db_value) for index, field in enumerate(fields) if isinstance(field, _CONVERTED_FIELDS)]
    with tables.database.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = list(row)
            for index, db_value in converted:
                values[index] = db_value(values[index])
            copy.write_row(values)


def _database(url: str) -> peewee.Database:
    if urlsplit(url).scheme == "sqlite":
        # Do not parse it as a URL: a path may contain characters that are special in URLs.
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return peewee.SqliteDatabase(str(path), pragmas=_SQLITE_PRAGMAS)
    return connect_url(url, unquote_user=True, unquote_password=True, max_connections=20, stale_timeout=300, timeout=10)


def _begin_mode() -> tuple[str, ...]:
    return () if is_postgresql() else ("IMMEDIATE",)


def _run_migrations() -> list[str]:
    if _FIRST_MIGRATION in pending() and tables.database.table_exists("invoices"):
        raise DatabaseUnavailableError(
            "This database was made before the first release, with other tables: export it with the version that made "
            "it, move it away (data/ or the database), and import that file again."
        )
    return _runner().up()


def _runner() -> Runner:
    return Runner(tables.database.obj, directory=str(_MIGRATIONS), table_name=MIGRATION_TABLE)
