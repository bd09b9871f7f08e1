"""Connections to SQLite or PostgreSQL, migrations and bulk inserts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum, unique
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import peewee
from playhouse.db_url import connect as connect_url
from playhouse.migrations import Runner

from app.store.db import tables
from app.store.db.outages import Outage, outage_behind
from app.store.db.postgresql import Postgresql

MIGRATION_TABLE = "schema_migration"  # the runner's list of applied migrations
_FIRST_MIGRATION = "0001_tables"


@unique
class AdvisoryLock(IntEnum):
    """What transactions and processes lock on in PostgreSQL: each number is of one thing alone."""

    MIGRATIONS = 7_340_512
    AUDIT_CHAIN = 7_340_513
    ADMINS = 7_340_514
    THROTTLES = 7_340_515
    FIRM = 7_340_516
    AUTOMATION = 7_340_517
    PROCESS_STATES = 7_340_518
    WRITERS = 7_340_519
    PROVIDER_ACCOUNTS = 7_340_520
    PASSKEYS = 7_340_521
    SCHEDULED_WORK = 7_340_522
    IMPORT = 7_340_523


_SQLITE_PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": "normal"}
_CONVERTED_FIELDS = (tables.MomentField, tables.OwnFieldsField)  # COPY bypasses peewee's conversion of these
_SQLITE_LOCK_WAIT_SECONDS = 30
# A server or an app that falls silent is given up by the other: after 7 seconds with something sent, after 8 without.
# What it has locked is free then. One that works on a long statement answers keepalives meanwhile.
_POSTGRESQL_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 7_000,
    "target_session_attrs": "primary",  # after a failover the name may still lead to the old server, now a standby
}
_OPTIONS_OF_A_SESSION = (
    "tcp_keepalives_idle=4",
    "tcp_keepalives_interval=2",
    "tcp_keepalives_count=2",
    "tcp_user_timeout=7000",
)
_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_VALUES_A_STATEMENT = 30_000  # below SQLite's limit of 32,766 bound values


class DatabaseUnavailableError(Exception):
    """The message is one sentence."""


def open_database(
    url: str,
    *,
    lock_wait_seconds: int | None = None,
    answer_wait_seconds: int | None = None,
    newest_url: Callable[[], str] | None = None,
) -> peewee.Database:
    """Raise DatabaseUnavailableError if the database cannot be reached.

    A statement that waits longer for another's lock fails; by default after 30 seconds on SQLite, never on PostgreSQL.
    So does one that PostgreSQL does not answer within `answer_wait_seconds`; by default it may take any time.
    `newest_url` is asked for another password where PostgreSQL lets nobody in with the one of the URL.
    """
    try:
        database = _database(url, lock_wait_seconds, answer_wait_seconds, newest_url)
        tables.database.initialize(database)
        with database.connection_context():
            database.execute_sql("SELECT 1")
    except (peewee.PeeweeException, OSError, ValueError) as error:
        raise DatabaseUnavailableError(f"The database cannot be reached: {_first_line(error)}.") from error
    return database


def is_current() -> bool:
    return not pending()


def is_postgresql() -> bool:
    return isinstance(tables.database.obj, Postgresql)


def pending() -> list[str]:
    return [migration.name for migration in _runner().status() if not migration.applied]


def known() -> list[str]:
    """Return the names of the migrations that this version of the product brings."""
    return sorted(path.stem for path in _MIGRATIONS.glob("[0-9]*.py"))


def has_tables() -> bool:
    return bool(tables.database.get_tables())


def applied() -> list[str]:
    return [migration.name for migration in _runner().status() if migration.applied]


def migrate() -> list[str]:
    """Return the names of the applied migrations; on PostgreSQL, concurrent calls wait for each other."""
    if not is_postgresql():
        return _run_migrations()
    tables.database.execute_sql("SELECT pg_advisory_lock(%s)", (AdvisoryLock.MIGRATIONS,))
    try:
        return _run_migrations()
    finally:
        tables.database.execute_sql("SELECT pg_advisory_unlock(%s)", (AdvisoryLock.MIGRATIONS,))


@contextmanager
def connection() -> Iterator[None]:
    opened = tables.database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            tables.database.close()


@contextmanager
def opened_beside(url: str) -> Iterator[None]:
    """Open another database for the block, with a connection, and go back to the one that was open.

    Read it within `snapshots.snapshot`: what is cached outside of a transaction may be the other one's.
    """
    before = tables.database.obj
    opened = open_database(url)
    try:
        with connection():
            yield
    finally:
        opened.close_all() if isinstance(opened, Postgresql) else opened.close()
        tables.database.initialize(before)


def days_between(later: Any, earlier: Any) -> Any:
    if is_postgresql():
        return later - earlier
    return (peewee.fn.julianday(later) - peewee.fn.julianday(earlier)).cast("INTEGER")


@contextmanager
def another_database(url: str) -> Iterator[None]:
    """Ask another database in the block, within `snapshot()` only: a copy has the versions that caches go by.

    Raises DatabaseUnavailableError also for what cannot be read in it.
    """
    usual = tables.database.obj
    opened = open_database(url)
    try:
        with connection():
            yield
    except peewee.PeeweeException as error:
        raise DatabaseUnavailableError(f"The database cannot be read: {_first_line(error)}.") from error
    finally:
        opened.close_all() if isinstance(opened, Postgresql) else opened.close()
        tables.database.initialize(usual)


@contextmanager
def unless_hindered() -> Iterator[None]:
    """Skip the block's write if the disk is full or SQLite's write lock is held; only for writes that may be lost."""
    if not is_postgresql():
        [milliseconds] = tables.database.execute_sql("PRAGMA busy_timeout").fetchone()
        tables.database.execute_sql("PRAGMA busy_timeout = 50")
    try:
        yield
    except peewee.OperationalError as error:
        if outage_behind(error) not in {Outage.DISK_FULL, Outage.LOCKED}:
            raise
    finally:
        if not is_postgresql():
            tables.database.execute_sql(f"PRAGMA busy_timeout = {milliseconds}")


def reserved_ids(table: type[tables.BaseModel], count: int) -> Sequence[int]:
    """Return `count` unused ids of the table; call it inside an exclusive transaction."""
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


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _database(
    url: str,
    lock_wait_seconds: int | None,
    answer_wait_seconds: int | None,
    newest_url: Callable[[], str] | None,
) -> peewee.Database:
    if urlsplit(url).scheme == "sqlite":
        # Do not parse it as a URL: a path may contain characters that are special in URLs.
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        busy_timeout = (lock_wait_seconds or _SQLITE_LOCK_WAIT_SECONDS) * 1000
        return peewee.SqliteDatabase(str(path), pragmas=_SQLITE_PRAGMAS | {"busy_timeout": busy_timeout})
    chosen = parse_qs(urlsplit(url).query)
    wanted = {name: value for name, value in _POSTGRESQL_CONNECTION.items() if name not in chosen}
    own = [*_OPTIONS_OF_A_SESSION, *([f"lock_timeout={lock_wait_seconds}s"] if lock_wait_seconds else [])]
    options = " ".join([*(f"-c {option}" for option in own), *chosen.get("options", [])])  # of two, the last one counts
    pool = {"max_connections": 20, "stale_timeout": 300, "timeout": 10}
    answers = {
        "longest_answer_seconds": answer_wait_seconds,
        "newest_password": newest_url and _password_of(newest_url),
    }
    return connect_url(url, unquote_user=True, unquote_password=True, options=options, **pool, **answers, **wanted)


def _password_of(newest_url: Callable[[], str]) -> Callable[[], str | None]:
    return lambda: unquote(urlsplit(newest_url()).password or "") or None


def _run_migrations() -> list[str]:
    if _FIRST_MIGRATION in pending() and tables.database.table_exists("invoices"):
        raise DatabaseUnavailableError(
            "This database was made before the first release, with other tables: export it with the version that made "
            "it, move it away (data/ or the database), and import that file again."
        )
    return _runner().up()


def _runner() -> Runner:
    return Runner(tables.database.obj, directory=str(_MIGRATIONS), table_name=MIGRATION_TABLE)
