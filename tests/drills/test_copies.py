"""Two copies of the app, each with a folder of its own, on one database."""

import os

import pytest
from support.command_line import run
from support.drilled_server import Ledger, Load, asked, opened, serving
from support.polling import is_so_within
from support.postgresql_cluster import installed_versions, running_failover

from app.error_groups import ErrorGroups
from app.jobs.job_queue import create_tables
from app.store.db import database as store_database
from app.store.shared.state import StateInDatabase

SHARED = {"FILES_URL": "s3://invoices-files", "SECRET_KEY": "k" * 40, "SERVER_WORKERS": "1"}


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "other"


@pytest.fixture
def ledger(postgresql_url):
    return Ledger.made(postgresql_url, clients=2)


@pytest.fixture
def copies(ledger, folders):
    one, other = folders
    with serving(ledger.url, one, **SHARED) as first, serving(ledger.url, other, **SHARED) as second:
        yield first, second


def maintenance(ledger, folder, *words):
    environment = {**os.environ, **SHARED, "DATABASE_URL": ledger.url, "DATA_DIR": str(folder)}
    return run(environment, "maintenance", *words)


def test_maintenance_that_begins_at_one_copy_keeps_both_from_writing(copies, ledger, folders):
    begun = maintenance(ledger, folders[1], "on", "--minutes=5")
    refused = [ledger.pay(copy.port, ledger.invoices[0], "during")[0] for copy in copies]
    read = [asked(copy.port, "GET", "/healthz")[0] for copy in copies]
    maintenance(ledger, folders[0], "off")

    assert begun.returncode == 0
    assert (refused, read) == ([503, 503], [200, 200])
    assert [ledger.pay(copy.port, ledger.invoices[0], f"after{copy.port}")[0] for copy in copies] == [201, 201]


def test_errors_of_both_copies_are_counted_together(copies, ledger):
    with opened(ledger.url) as database:
        database.execute_sql("ALTER TABLE payments RENAME TO payments_away")
    answers = [ledger.pay(copy.port, ledger.invoices[0], f"lost{copy.port}")[0] for copy in copies]
    with opened(ledger.url) as database:
        database.execute_sql("ALTER TABLE payments_away RENAME TO payments")

    assert answers == [500, 500]
    with opened(ledger.url):
        assert is_so_within(20, lambda: ErrorGroups(StateInDatabase()).recent().total >= 2)


def test_a_failover_answers_503_and_never_500_and_both_copies_write_to_the_new_primary(folders, measured):
    versions = installed_versions()
    if not versions:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_failover(versions[-1]) as server:
        url = f"{server.url}/postgres"
        with opened(url):
            store_database.migrate()
            create_tables()
        ledger = Ledger.made(url, clients=2)
        with serving(url, folders[0], **SHARED) as one, serving(url, folders[1], **SHARED) as other:
            turns = [one.port, other.port]

            def next_port():
                turns.reverse()
                return turns[0]

            load = Load(ledger, next_port, retries=lambda outcome: outcome != 201).start()
            assert load.has_recorded(20)
            server.demote()
            assert is_so_within(20, lambda: load.failures["503"] >= 2)
            alive = [asked(port, "GET", "/healthz")[0] for port in (one.port, other.port)]
            server.promote()
            assert load.has_recorded(20)
            load.stop()
            measured(load)

            assert alive == [200, 200]
            assert set(load.failures) == {"503"}
            assert (load.lost(), load.twice()) == ([], [])
