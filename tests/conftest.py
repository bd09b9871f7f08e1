"""Fixtures that several folders of tests share."""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from support.audit_entries import audit_entries_removable
from support.postgresql_cluster import installed_versions, running_cluster
from support.s3_server import S3Server, running_s3_server
from support.tables import ALL

from app.actions import events
from app.files import FilesPlace
from app.jobs.job_queue import create_tables
from app.store.db import database as store_database
from app.store.db import tables

POSTGRESQL = {f"postgresql-{path.parent.name}": path for path in installed_versions()}
# Servers that run already, to be tested as well: "postgresql-17=postgresql://user@127.0.0.1:5417 …".
RUNNING = dict(server.split("=", 1) for server in os.environ.get("TEST_POSTGRESQL_SERVERS", "").split())
VERSIONS = [*POSTGRESQL, *RUNNING] or ["postgresql"]
# What takes longest comes first, so that no process is left with it in the end.
LONG = (
    "tests/stack/test_n8n",
    "tests/browser",
    "tests/app/web/api/test_fuzz",
    "tests/app/workbook",
    "tests/app/cli/test_imports",
)

# A speed is never tested: the machine may be busy. What a test makes of a database, it takes back for each example.
hypothesis.settings.register_profile(
    "shared machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def clusters() -> Iterator[dict[str, str]]:
    """Addresses of migrated, empty databases by server version, started when first asked for."""
    with ExitStack() as stack:
        yield _Clusters(stack)


class _Clusters(dict):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, version: str) -> str:
        server = RUNNING.get(version) or self._stack.enter_context(running_cluster(POSTGRESQL[version]))
        name = f"invoices_test_{os.getpid()}"
        opened = store_database.open_database(f"{server}/postgres")
        with store_database.connection():
            opened.execute_sql(f"CREATE DATABASE {name}")
        opened.close_all()
        url = f"{server}/{name}"
        opened = store_database.open_database(url)
        with store_database.connection():
            store_database.migrate()
            create_tables()
        opened.close_all()
        self[version] = url
        return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    store_database.open_database(f"sqlite:///{path}")
    with store_database.connection():
        store_database.migrate()
        create_tables()
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite, tmp_path) -> str:
    """The address of an empty, migrated SQLite database of this test's own."""
    path = tmp_path / "invoices.sqlite3"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", *VERSIONS])
def database_url(request) -> str:
    """The address of an empty, migrated database: once SQLite, once each PostgreSQL that the machine has."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    return _emptied(request.param, request)


@pytest.fixture(params=VERSIONS)
def postgresql_url(request) -> str:
    """The address of an empty, migrated database on each PostgreSQL that the machine has."""
    return _emptied(request.param, request)


def _emptied(version: str, request) -> str:
    if version == "postgresql":
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    url = request.getfixturevalue("clusters")[version]
    opened = store_database.open_database(url)
    names = ", ".join(table._meta.table_name for table in ALL if table is not tables.LedgerVersionModel)
    with store_database.connection(), audit_entries_removable(opened):
        opened.execute_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    opened.close_all()
    return url


@pytest.fixture
def postgresql(postgresql_url):
    """An open connection to an empty database, on PostgreSQL only."""
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        yield opened
    opened.close_all()


@pytest.fixture
def database(database_url):
    """An open connection to an empty database, on SQLite and on PostgreSQL."""
    opened = store_database.open_database(database_url)
    with store_database.connection():
        yield opened
    _close(opened)


@pytest.fixture
def sqlite(sqlite_url):
    """An open connection to an empty SQLite database, for tests in which the kind of database does not matter."""
    opened = store_database.open_database(sqlite_url)
    with store_database.connection():
        yield opened
    _close(opened)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def files_place(request, tmp_path) -> FilesPlace:
    """Where the app's files are: once in a folder, once in a bucket of a real S3 server, with nothing in it."""
    if request.param == "folder":
        return FilesPlace.in_folder(tmp_path / "data" / "imports")
    return request.getfixturevalue("s3_server").files_place(secrets.token_hex(8))


@pytest.fixture(autouse=True)
def _own_queue_of_events(monkeypatch) -> None:
    """Wake no queue that an application of an earlier test had."""
    monkeypatch.setattr(events, "_wake", lambda: None)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _close(opened) -> None:
    if hasattr(opened, "close_all"):
        opened.close_all()
    elif not opened.is_closed():
        opened.close()


def pytest_collection_modifyitems(items) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_terminal_summary(terminalreporter) -> None:
    """Name what was skipped and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(str(report.longrepr[2]) for report in skipped).items():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session) -> None:
    """Where everything has to run, what is not installed is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or "REQUIRE_ALL" not in os.environ:
        return
    if any("not installed" in str(report.longrepr) for report in reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
