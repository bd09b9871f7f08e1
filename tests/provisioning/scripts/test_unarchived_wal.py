"""How long changes wait to be archived, asked of a real database."""

import subprocess

import figures
import psycopg
import pytest
from support.polling import is_so_within
from support.postgresql_cluster import account_for_the_server, installed_versions, running_cluster


@pytest.fixture(scope="module")
def database():
    """Return a function that asks a database, and one that restarts it with other settings."""
    if not installed_versions():
        pytest.skip("no PostgreSQL is installed")
    programs = installed_versions()[-1]
    with running_cluster(programs) as address:

        def ask(sql):
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                cursor = connection.execute(sql)
                return cursor.fetchall() if cursor.description else []

        def restart(**settings):
            for name, value in settings.items():
                ask(f"ALTER SYSTEM SET {name} = '{value}'")
            account = account_for_the_server()
            switch = ["runuser", "-u", account, "--"] if account else []
            ((folder,),) = ask("SHOW data_directory")
            words = [programs / "pg_ctl", "-D", folder, "-m", "fast", "-w", "-l", "/dev/null", "restart"]
            subprocess.run([*switch, *words], check=True, capture_output=True, cwd="/")

        yield ask, restart


def test_where_nothing_is_archived_the_answer_is_empty(database):
    ask, _restart = database

    assert ask(figures._WAITING) == [(None,)]


def test_changes_that_cannot_be_archived_wait_and_are_well_once_they_can(database):
    ask, restart = database
    restart(archive_mode="on", archive_command="false")
    ask("CREATE TABLE changes (id int)")
    ask("SELECT pg_switch_wal()")

    assert is_so_within(20, lambda: ask(figures._WAITING)[0][0] > 0.2)

    ask("ALTER SYSTEM SET archive_command = 'true'")
    ask("SELECT pg_reload_conf()")
    ask("SELECT pg_switch_wal()")
    assert is_so_within(90, lambda: ask(figures._WAITING) == [(0,)])
