"""n8n stops before a database is put in place, and is set up again after it; it never runs on two servers."""

import json

import pytest

from playbooks import restore
from playbooks.steps import n8n
from playbooks.steps.backup_place import OpenedBackup
from playbooks.steps.stack_settings import SETTINGS
from provisioning.host import Ran

AUTOMATED = "COMPOSE_PROFILES=bucket,automation\n"
SET_UP = [
    'run --rm --no-deps -T --entrypoint sh n8n -c rm -f -- "${N8N_USER_FOLDER:-$HOME}/.n8n/$0" setup.done',
    "pull --quiet --policy missing n8n",
    "run --rm --no-deps -T automation",
    "stop n8n",
    "run --rm --no-deps -T n8n-setup",
    "up --detach --no-deps n8n",
]
FIGURES = {"outstanding": {"EUR": 1_00}, "rows": {}, "audit_entries": 3, "audit_head": "5" * 64}


@pytest.fixture
def server(command, monkeypatch):
    """A server with n8n, whose database holds something."""
    monkeypatch.setattr(restore, "check_public_site", lambda *_: None)
    command.server.files[SETTINGS] = AUTOMATED
    command.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
        "test -d /opt/invoices/lock": Ran(1, ""),
        "*FROM customers*": Ran(0, "2\n"),
        "docker ps * label=com.docker.compose.service=db *": Ran(0, "4 invoices-db-1 invoices-database:17 running\n"),
        "docker ps * label=com.docker.compose.service=n8n *": Ran(0, "5 invoices-n8n-1 n8n exited\n"),
        "* n8n-setup --pending": Ran(0, "There is something to import.\n"),
        "docker volume inspect * invoices_secrets-n8n": Ran(0, "/volumes/secrets-n8n\n"),
        "* recover *": Ran(0, json.dumps({"ok": True, "sentence": "Done.", "kept": ["before-1"], "figures": FIGURES})),
        "python3 *backup_runs.py base-backup": Ran(0, "Copied."),
    }
    return command.server


def with_n8n(server):
    return [line for line in server.done if "n8n" in line or line.endswith("-T automation")]


def test_n8n_stops_with_the_database_and_is_set_up_again_once_it_is_in_place(command, server):
    command.run(restore, "restore")

    assert [line for line in with_n8n(server) if "psql" not in line] == ["stop app worker n8n db", *SET_UP]
    assert server.done.index("run --rm --no-deps -T migrate") < server.done.index(SET_UP[1])


def test_without_automation_nothing_of_n8n_is_touched(command, server):
    server.files[SETTINGS] = "COMPOSE_PROFILES=bucket\n"

    command.run(restore, "restore")

    assert with_n8n(server) == []


def test_an_n8n_that_still_runs_is_left_alone(command, server):
    server.answers["docker ps * label=com.docker.compose.service=n8n *"] = Ran(0, "5 invoices-n8n-1 n8n running\n")
    server.answers["* maintenance on *"] = Ran(1, "", "A request was still writing.")

    command.refused(restore, "restore")

    assert with_n8n(server) == []


def test_a_setup_that_fails_is_said_and_the_site_serves(command, server):
    server.answers["* -T n8n-setup"] = Ran(1, "", "no such image")

    printed = " ".join(command.run(restore, "restore").split())

    assert "The dashboard serves, but the automation does not run as it should:" in printed
    assert "no such image" in printed
    assert "serves what was restored" in printed
    assert server.done.count(SET_UP[-1]) == 1


@pytest.fixture
def opened(server, monkeypatch, tmp_path):
    """A backup that holds n8n with one workflow."""
    (tmp_path / "n8n.dump").write_bytes(b"PGDMP")
    (tmp_path / "n8n.key").write_text("the key of the backup")
    (tmp_path / "n8n.json").write_text(json.dumps({"version": "2.40.7", "tables": {"workflow_entity": 1, "user": 2}}))
    (tmp_path / "settings.json").write_text(json.dumps({"repository": "r1", "cipher": "one"}))
    backup = OpenedBackup("20261128T090500Z", "Backup 20261128T090500Z: every file is as signed.", tmp_path)

    class Opened:
        def __enter__(self):
            return backup

        def __exit__(self, *_error):
            pass

    monkeypatch.setattr(restore.backup_place, "opened", lambda _found, _id: Opened())
    server.answers["*invoices restore --json /scratch/opened"] = Ran(
        0, json.dumps({"ok": True, "sentence": "It agrees in every figure."})
    )
    server.answers["* n8n_restored"] = Ran(0, "2\n1\n")
    return backup


def statements(server):
    return [said for line, said in zip(server.acted, server.stdin, strict=True) if "psql -U postgres -q" in line]


def keys_set(server):
    return [said for line, said in zip(server.acted, server.stdin, strict=True) if "--set-n8n-key" in line]


def test_a_logical_backup_brings_n8n_back_with_the_key_of_its_credentials(command, server, opened):
    command.run(restore, "restore", backup=opened.id)

    exchange = next(one for one in statements(server) if "BEGIN;" in one)
    assert exchange.splitlines()[-5:] == [
        "ALTER DATABASE invoices RENAME TO invoices_before;",
        "ALTER DATABASE invoices_restored RENAME TO invoices;",
        "ALTER DATABASE n8n RENAME TO n8n_before;",
        "ALTER DATABASE n8n_restored RENAME TO n8n;",
        "COMMIT;",
    ]
    assert keys_set(server) == ["the key of the backup"]
    assert [line for line in server.done if line.endswith('n8n/$0" config')] != []


def test_a_logical_backup_without_n8n_says_so_and_leaves_n8n_as_it_is(command, server, opened):
    for name in ("n8n.dump", "n8n.key", "n8n.json"):
        (opened.folder / name).unlink()

    printed = command.run(restore, "restore", backup=opened.id)

    assert "n8n is not in this backup: its database stays as it is." in printed
    assert not [one for one in statements(server) if "ALTER DATABASE n8n" in one]


def test_an_n8n_that_is_not_what_the_backup_says_is_removed_and_nothing_stops(command, server, opened):
    server.answers["* n8n_restored"] = Ran(0, "2\n0\n")

    told = command.refused(restore, "restore", backup=opened.id)

    assert told == "198.51.100.9: n8n's database as restored is not what the backup says: choose another."
    assert statements(server)[-2:] == [
        "DROP DATABASE IF EXISTS n8n_restored WITH (FORCE);",
        "DROP DATABASE IF EXISTS invoices_restored WITH (FORCE);",
    ]
    assert not [line for line in server.done if line.startswith("stop ")]


def test_going_back_after_a_logical_backup_takes_n8n_along(command, server):
    server.answers["*invoices_before*"] = Ran(0, "1\n")
    server.answers["*n8n_before*"] = Ran(0, "1\n")

    command.run(restore, "restore", back=True)

    [exchange] = statements(server)
    assert "ALTER DATABASE n8n RENAME TO n8n_undone;\nALTER DATABASE n8n_before RENAME TO n8n;\n" in exchange


def test_going_back_takes_the_key_along_that_opens_the_credentials_of_before(command, server, opened):
    server.files["/volumes/secrets-n8n/encryption_key"] = "the key of this server"
    command.run(restore, "restore", backup=opened.id)
    server.files["/volumes/secrets-n8n/encryption_key"] = "the key of the backup"
    server.answers["*invoices_before*"] = Ran(0, "1\n")
    server.answers["*n8n_before*"] = Ran(0, "1\n")

    command.run(restore, "restore", back=True)

    assert keys_set(server) == ["the key of the backup", "the key of this server"]


def test_the_server_s_own_key_is_not_set_again(command, server, opened):
    server.files["/volumes/secrets-n8n/encryption_key"] = "the key of the backup"

    command.run(restore, "restore", backup=opened.id)

    assert keys_set(server) == []


def test_the_rows_of_a_real_database_are_counted_in_the_order_of_their_names(postgresql):
    counted = n8n._ROWS.replace("'public'", "'counted'").replace("%", "%%")
    with postgresql.atomic() as undone:
        postgresql.execute_sql("CREATE SCHEMA counted; SET search_path = counted")
        postgresql.execute_sql('CREATE TABLE b (id int); CREATE TABLE "A" (id int); INSERT INTO "A" VALUES (1), (2)')
        rows = [str(row) for (row,) in postgresql.execute_sql(counted).fetchall()]
        undone.rollback()

    assert rows == ["2", "0"]
