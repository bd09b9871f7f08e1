"""The database as the stack makes it: its owner migrates, the services write rows, and no more."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from support.postgresql_cluster import installed_versions, running_cluster

from app.backups import dumps
from app.cli.opening import migrate
from app.cli.secret_files import N8N_ROLE, ROLES, SecretFiles
from app.store.db import database as store_database
from app.store.db import privileges
from app.store.db.snapshots import exported, snapshot
from app.store.db.transactions import exclusive_transaction
from playbooks import upgrade_database
from playbooks.steps import n8n

SCRIPT = Path(__file__).parents[2] / "stack/database/10-roles.sh"
SERVICES = sorted(privileges.SERVICE_ROLES)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a server whose database was made and migrated as in the stack."""
    versions = installed_versions()
    if not versions or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_cluster(versions[-1]) as address:
        run_script(address, "CREATE DATABASE invoices", tmp_path_factory.mktemp("secrets"))
        opened = store_database.open_database(url_of(address, "invoices_owner"))
        with store_database.connection():
            migrate()
        opened.close_all()
        yield address


def run_script(address, before, secrets):
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(before)
    for role in ("postgres", *ROLES.values(), N8N_ROLE):
        (secrets / role).write_text(f"password-of-{role}")
    place = psycopg.conninfo.conninfo_to_dict(address)
    environment = {**os.environ, "SECRETS": str(secrets), "PGHOST": place["host"], "PGPORT": str(place["port"])}
    environment["POSTGRES_USER"] = place["user"]
    return subprocess.run([SCRIPT], env=environment, check=True, capture_output=True, text=True)


def url_of(address, role, database="invoices"):
    return address.replace("invoices@", f"{role}@") + f"/{database}"


@pytest.fixture(params=SERVICES)
def service(request, server):
    """A connection in the role of a service."""
    with psycopg.connect(url_of(server, request.param), autocommit=True) as connection:
        yield connection


@pytest.fixture
def superuser(server):
    with psycopg.connect(f"{server}/invoices", autocommit=True) as connection:
        yield connection


def test_the_roles_are_those_that_the_secrets_are_made_for():
    assert {*privileges.SERVICE_ROLES, "invoices_owner", "invoices_backup"} == set(ROLES.values())
    assert set(SecretFiles.below(Path("/secrets")).services) == set(ROLES)


def test_no_role_of_a_service_is_more_than_a_role_that_signs_in(superuser):
    found = superuser.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'invoices\\_%' "
        "AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR NOT rolcanlogin)"
    )

    assert found.fetchall() == []


def test_passwords_are_kept_as_scram(superuser):
    kept = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'invoices\\_%'").fetchall()

    assert len(kept) == 5
    assert all(password.startswith("SCRAM-SHA-256$") for (password,) in kept)


def test_tables_belong_to_the_owner(superuser):
    owners = superuser.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()

    assert owners == [("invoices_owner",)]


def test_a_service_writes_reads_and_removes_rows(service):
    service.execute(
        "INSERT INTO users (email, name, password_hash, role, active, created_at, is_scoped) "
        "VALUES (CURRENT_USER, '', '', 'viewer', true, now(), false)"
    )
    service.execute("UPDATE users SET name = 'Ann' WHERE email = CURRENT_USER")

    assert service.execute("SELECT name FROM users WHERE email = CURRENT_USER").fetchall() == [("Ann",)]
    assert service.execute("DELETE FROM users WHERE email = CURRENT_USER").rowcount == 1


def test_the_worker_reads_the_firm_s_data_which_only_the_app_writes(server):
    columns = "name, address, email, phone, bank_details, currency, zone, version"
    save = f"INSERT INTO firm ({columns}) VALUES ('', '', '', '', '', 'USD', 'UTC', 1)"
    with psycopg.connect(url_of(server, "invoices_app"), autocommit=True) as app:
        app.execute(save)
    with psycopg.connect(url_of(server, "invoices_worker"), autocommit=True) as worker:
        assert worker.execute("SELECT currency FROM firm").fetchall() == [("USD",)]
        with pytest.raises(InsufficientPrivilege):
            worker.execute("UPDATE firm SET bank_details = 'of somebody else'")


def test_the_worker_switches_a_webhook_off_and_changes_nothing_else_of_it(server):
    columns = "url, description, types, secret, old_secret, active, off_because, made_at"
    add = f"INSERT INTO webhook_endpoints ({columns}) VALUES ('https://a.example', '', '', 's', '', true, '', now())"
    with psycopg.connect(url_of(server, "invoices_app"), autocommit=True) as app:
        app.execute(add)
    with psycopg.connect(url_of(server, "invoices_worker"), autocommit=True) as worker:
        assert worker.execute("SELECT secret FROM webhook_endpoints").fetchall() == [("s",)]
        assert worker.execute("UPDATE webhook_endpoints SET active = false, off_because = 'gone'").rowcount == 1
        refused = ["url = 'https://b.example'", "secret = 't'", "types = 'payment.recorded'"]
        for statement in (
            *(f"UPDATE webhook_endpoints SET {one}" for one in refused),
            add,
            "DELETE FROM webhook_endpoints",
        ):
            with pytest.raises(InsufficientPrivilege):
                worker.execute(statement)


def test_a_service_sees_that_the_database_is_up_to_date(server, service):
    opened = store_database.open_database(url_of(server, service.info.user))
    with store_database.connection():
        assert store_database.is_current()
    opened.close_all()


def test_a_service_locks_what_an_import_has_to_itself(server, service):
    opened = store_database.open_database(url_of(server, service.info.user))
    with exclusive_transaction():
        held = "SELECT relation::regclass::text FROM pg_locks WHERE mode = 'ShareRowExclusiveLock'"
        locked = {name for (name,) in opened.execute_sql(held).fetchall()}
    opened.close_all()

    assert {"customers", "invoices", "payments"} <= locked


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "ALTER TABLE users ADD COLUMN mine int",
        "DROP TABLE users",
        "TRUNCATE payments CASCADE",
        "CREATE SCHEMA mine",
        "UPDATE audit_entries SET actor = 'somebody else'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_mine', now())",
        "DELETE FROM schema_migration",
        "SET ROLE invoices_owner",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY users TO PROGRAM 'cat'",
    ],
)
def test_a_service_changes_neither_tables_nor_the_record(service, statement):
    with pytest.raises(InsufficientPrivilege):
        service.execute(statement)


@pytest.fixture
def backup(server):
    """A connection in the role of the backups."""
    with psycopg.connect(url_of(server, "invoices_backup"), autocommit=True) as connection:
        yield connection


def test_the_backups_read_everything_and_mark_a_moment(backup):
    assert backup.execute("SELECT count(*) FROM users").fetchone()[0] >= 0
    assert backup.execute("SELECT count(*) FROM schema_migration").fetchone()[0] > 0
    assert backup.execute("SELECT pg_create_restore_point('tried') IS NOT NULL").fetchone() == (True,)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM payments", "UPDATE users SET name = ''", "INSERT INTO firm DEFAULT VALUES", "DROP TABLE users"],
)
def test_the_backups_write_nothing_even_where_they_may_write(backup, statement):
    backup.execute("SET default_transaction_read_only = off")

    with pytest.raises(InsufficientPrivilege):
        backup.execute(statement)


def test_a_service_adds_to_the_record(service):
    with service.transaction(force_rollback=True):
        service.execute(
            "INSERT INTO audit_entries (at, actor, action, subject, before, after, previous_hash, entry_hash) "
            "VALUES (now(), '', 'tried', '', '{}', '{}', '', 'x')"
        )
        found = service.execute("SELECT action FROM audit_entries WHERE entry_hash = 'x'").fetchall()

    assert found == [("tried",)]


def test_others_do_not_get_into_the_database_at_all(server, superuser):
    superuser.execute("CREATE ROLE stranger LOGIN")

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url_of(server, "stranger"))


def test_migrating_again_takes_back_what_was_granted_by_mistake(server, superuser):
    superuser.execute("GRANT ALL ON audit_entries TO invoices_app")
    opened = store_database.open_database(url_of(server, "invoices_owner"))

    with store_database.connection():
        assert migrate() == []
    opened.close_all()

    granted = superuser.execute(
        "SELECT privilege_type FROM information_schema.role_table_grants "
        "WHERE table_name = 'audit_entries' AND grantee = 'invoices_app' ORDER BY 1"
    )
    assert granted.fetchall() == [("INSERT",), ("SELECT",)]


def test_a_server_without_these_roles_is_migrated_as_well(postgresql_url):
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        assert migrate() == []
    opened.close_all()


def test_running_the_script_again_changes_the_passwords_and_loses_nothing(server, superuser, tmp_path):
    kept = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'invoices\\_%'"
    before = dict(superuser.execute(kept).fetchall())

    ran = run_script(server, "SELECT 1", tmp_path)

    after = dict(superuser.execute(kept).fetchall())
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert ran.stdout + ran.stderr == ""
    assert superuser.execute("SELECT count(*) FROM schema_migration").fetchone()[0] > 0


def test_n_03_n8n_makes_tables_in_its_own_database(server):
    with psycopg.connect(url_of(server, N8N_ROLE, "n8n"), autocommit=True) as n8n:
        n8n.execute("CREATE SCHEMA tried")
        n8n.execute("CREATE TABLE tried.workflows (id int)")

        assert n8n.execute("SELECT count(*) FROM tried.workflows").fetchone() == (0,)


@pytest.mark.parametrize("database", ["invoices", "postgres", "template1"])
def test_n_03_n8n_enters_no_database_but_its_own(server, database):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url_of(server, N8N_ROLE, database))


@pytest.mark.parametrize("role", sorted({*ROLES.values()} - {"invoices_backup"}))
def test_n_03_no_role_of_the_app_enters_the_database_of_n8n(server, role):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url_of(server, role, "n8n"))


@pytest.mark.parametrize("statement", ["SET ROLE invoices_owner", "CREATE ROLE mine", "CREATE DATABASE mine"])
def test_n_03_n8n_is_no_more_than_the_owner_of_its_database(server, statement):
    with (
        psycopg.connect(url_of(server, N8N_ROLE, "n8n"), autocommit=True) as n8n,
        pytest.raises(InsufficientPrivilege),
    ):
        n8n.execute(statement)


def test_backups_read_what_n8n_makes_and_change_nothing_in_it(server):
    with psycopg.connect(url_of(server, N8N_ROLE, "n8n"), autocommit=True) as n8n:
        n8n.execute("CREATE TABLE made_later (id serial)")
        n8n.execute("INSERT INTO made_later DEFAULT VALUES")

    with psycopg.connect(url_of(server, "invoices_backup", "n8n"), autocommit=True) as backup:
        assert backup.execute("SELECT last_value FROM made_later_id_seq").fetchone() == (1,)
        assert backup.execute("SELECT count(*) FROM made_later").fetchone() == (1,)
        backup.execute("SET default_transaction_read_only = off")
        for statement in (
            "INSERT INTO made_later DEFAULT VALUES",
            "DROP TABLE made_later",
            "CREATE TABLE mine (id int)",
        ):
            with pytest.raises(psycopg.errors.Error, match=r"permission denied|must be owner"):
                backup.execute(statement)


def of_the_server(server):
    place = psycopg.conninfo.conninfo_to_dict(server)
    return {**os.environ, "PGHOST": place["host"], "PGPORT": str(place["port"])}


def test_a_dump_of_n8n_that_backups_make_is_restored_as_n8n_s_own(server, tmp_path):
    with psycopg.connect(url_of(server, N8N_ROLE, "n8n"), autocommit=True) as n8n_itself:
        n8n_itself.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')
        n8n_itself.execute("CREATE TABLE kept (id uuid DEFAULT uuid_generate_v4(), name text)")
        n8n_itself.execute("INSERT INTO kept (name) VALUES ('invoices-inbox')")
    with store_database.another_database(url_of(server, "invoices_backup", "n8n")), snapshot():
        dumps.dump(url_of(server, "invoices_backup", "n8n"), exported(), tmp_path / "n8n.dump")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as superuser:
        for statement in n8n._EMPTY.splitlines():
            superuser.execute(statement)

    command = ["invoices" if word == "postgres" else word for word in n8n._PG_RESTORE]
    with (tmp_path / "n8n.dump").open("rb") as dump:
        restored = subprocess.run(command, stdin=dump, env=of_the_server(server), capture_output=True, check=False)

    assert restored.returncode == 0, restored.stderr
    with psycopg.connect(url_of(server, N8N_ROLE, "n8n_restored"), autocommit=True) as n8n_itself:
        assert n8n_itself.execute("SELECT name FROM kept").fetchall() == [("invoices-inbox",)]
        assert n8n_itself.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall() == [(N8N_ROLE,)]
        n8n_itself.execute("ALTER TABLE kept ADD COLUMN of_a_later_version text")


def test_an_upgrade_copies_n8n_s_database_and_lets_backups_read_the_copy(server, tmp_path):
    with psycopg.connect(url_of(server, N8N_ROLE, "n8n"), autocommit=True) as n8n_itself:
        n8n_itself.execute("CREATE TABLE upgraded (name text)")
        n8n_itself.execute("INSERT INTO upgraded VALUES ('invoices-inbox')")
    (tmp_path / "postgres").write_text("unused")
    old = psycopg.conninfo.conninfo_to_dict(server)
    with running_cluster(installed_versions()[-1]) as new:
        run_script(new, "CREATE DATABASE invoices", tmp_path)
        script = (
            upgrade_database._COPY.replace("/run/secrets", str(tmp_path))
            .replace("--host db", f"--host {old['host']} --port {old['port']}")
            .replace("--username postgres", "--username invoices")
            .replace("/docker-entrypoint-initdb.d/10-roles.sh", str(SCRIPT))
        )
        environment = {**of_the_server(new), "SECRETS": str(tmp_path), "POSTGRES_USER": "invoices"}
        copied = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)

        assert copied.returncode == 0, copied.stderr
        with psycopg.connect(url_of(new, "invoices_backup", "n8n"), autocommit=True) as backup:
            assert backup.execute("SELECT name FROM upgraded").fetchall() == [("invoices-inbox",)]
        with psycopg.connect(url_of(new, N8N_ROLE, "n8n"), autocommit=True) as n8n_itself:
            n8n_itself.execute("ALTER TABLE upgraded ADD COLUMN of_a_later_version text")
