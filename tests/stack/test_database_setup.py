"""The database as it is made on a server whose administrator is no superuser, as on RDS."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from support.postgresql_cluster import installed_versions, running_cluster

from app.cli.opening import migrate
from app.settings import AppSettings
from app.store.db import database as store_database
from app.web.http.threads import THREADS_A_WORKER
from infra.cluster.sizes import SIZES

FOLDER = Path(__file__).parents[2] / "stack/database"
CONNECTIONS_OF_A_WORKER = 7  # two locks, two for a job, one each for what is scheduled, its heartbeat and errors
ROLES = ("owner", "app", "worker", "backup")


@pytest.fixture(scope="module")
def server():
    versions = installed_versions()
    if not versions or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_cluster(versions[-1]) as address:
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
        yield address


@pytest.fixture(scope="module")
def made(server):
    ran = set_up(server)
    assert ran.returncode == 0, ran.stderr
    opened = store_database.open_database(url_of(server, "invoices_owner"))
    with store_database.connection():
        migrate()
    opened.close_all()
    return server


def set_up(server, **changes):
    place = psycopg.conninfo.conninfo_to_dict(server)
    urls = {f"{role.upper()}_DATABASE_URL": f"postgresql://invoices_{role}:first@db/invoices" for role in ROLES}
    own = {"PGHOST": place["host"], "PGPORT": str(place["port"]), "PGUSER": "administrator"}
    environment = {**os.environ, **own, **urls, "ROLES_SCRIPT": str(FOLDER / "10-roles.sh"), **changes}
    script = FOLDER / "database-setup.sh"
    return subprocess.run([script], env=environment, check=False, capture_output=True, text=True)


def url_of(server, role):
    return server.replace("invoices@", f"{role}@") + "/invoices"


def asked(server, role, statement):
    with psycopg.connect(url_of(server, role), autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def test_database_and_tables_belong_to_the_owner(made):
    tables = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    database = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'invoices'"

    assert asked(made, "invoices_owner", tables) == [("invoices_owner",)]
    assert asked(made, "invoices_owner", database) == [("invoices_owner",)]


def test_texts_are_sorted_by_the_codes_of_their_letters(made):
    assert asked(made, "invoices_owner", "SELECT 'Z' < 'a', lower('Ä')") == [(True, "ä")]


@pytest.mark.parametrize("role", ["invoices_app", "invoices_worker"])
def test_a_service_writes_rows_and_changes_neither_tables_nor_the_record(made, role):
    with psycopg.connect(url_of(made, role), autocommit=True) as service:
        service.execute("INSERT INTO process_states (name, content) VALUES (CURRENT_USER, '{}')")
        for statement in ("DROP TABLE users", "DELETE FROM audit_entries", "CREATE TABLE mine (id int)"):
            with pytest.raises(InsufficientPrivilege):
                service.execute(statement)


def test_backups_read_everything_and_write_nothing(made):
    with psycopg.connect(url_of(made, "invoices_backup"), autocommit=True) as backup:
        assert backup.execute("SELECT count(*) FROM schema_migration").fetchone()[0] > 0
        backup.execute("SET default_transaction_read_only = off")
        with pytest.raises(InsufficientPrivilege):
            backup.execute("DELETE FROM payments")


def test_no_role_is_more_than_one_that_signs_in(made):
    found = (
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'invoices\\_%' "
        "AND (rolsuper OR rolcreatedb OR rolcreaterole OR NOT rolcanlogin)"
    )

    assert asked(made, "invoices_owner", found) == []


def test_all_copies_of_the_largest_cluster_get_connections_also_during_a_deploy(made):
    found = "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname IN ('invoices_app', 'invoices_worker')"
    largest = SIZES["large"]
    processes = AppSettings.model_fields["server_workers"].default

    limits = dict(asked(made, "invoices_owner", found))

    assert limits["invoices_app"] >= 2 * largest.app_tasks * processes * (THREADS_A_WORKER + 1)
    assert limits["invoices_worker"] >= 2 * largest.worker_tasks * CONNECTIONS_OF_A_WORKER


def test_there_is_no_n8n(made):
    found = "SELECT (SELECT count(*) FROM pg_database WHERE datname = 'n8n'), to_regrole('invoices_n8n') IS NULL"

    assert asked(made, "invoices_owner", found) == [(0, True)]


def test_running_it_again_changes_the_passwords_and_loses_nothing(made):
    kept = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'invoices\\_%'"
    before = dict(asked(made, "invoices", kept))

    ran = set_up(made)

    after = dict(asked(made, "invoices", kept))
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    assert (len(after), set(before.values()) & set(after.values())) == (4, set())
    assert asked(made, "invoices_owner", "SELECT count(*) FROM schema_migration")[0][0] > 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PGUSER", "", "PGUSER is not set: the database is made by its administrator, with the passwords"),
        ("APP_DATABASE_URL", "postgresql://somebody:x@db/invoices", "APP_DATABASE_URL is not an address such as"),
        ("WORKER_DATABASE_URL", "", "WORKER_DATABASE_URL is not set"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence(server, name, value, sentence):
    ran = set_up(server, **{name: value})

    assert ran.returncode == 1
    assert ran.stderr.startswith(sentence)
