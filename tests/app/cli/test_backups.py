"""`invoices backup`, `backups`, `restore`, `verify-backup`: 0 and what is true, or 1 and a sentence."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from datetime import UTC, datetime

import pytest
from support import command_line
from support.polling import is_so_within
from support.records import a_customer, a_payment, an_import, an_invoice
from support.s3_server import files_environment

from app.backups import encryption
from app.backups.manifest import id_of
from app.files import Files
from app.store.db import database as store_database
from app.store.db import tables


@pytest.fixture
def laptop(sqlite_url, tmp_path):
    """A trial with one paid invoice: run a command of it, and get its code and what it printed."""
    with store_database.opened_beside(sqlite_url):
        a_payment(an_invoice("1", a_customer("C1")), 40_00)
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": sqlite_url}
    return lambda *words: command_line.run(environment, *words)


@pytest.fixture
def environment(postgresql_url, tmp_path):
    """A server with one paid invoice in PostgreSQL that keeps its backups in a folder."""
    with store_database.opened_beside(postgresql_url):
        a_payment(an_invoice("1", a_customer("C1")), 40_00)
    private, public = encryption.new_key()
    (tmp_path / "age").write_text(private)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "signing"], check=True)
    (tmp_path / "backups").mkdir()
    (tmp_path / "url").write_text(postgresql_url)
    return {
        **os.environ,
        "DATABASE_URL_FILE": str(tmp_path / "url"),
        "DATA_DIR": str(tmp_path / "data"),
        "BACKUP_PLACE": f"file://{tmp_path}/backups",
        "BACKUP_RECIPIENT": public,
        "BACKUP_SIGNING_KEY_FILE": str(tmp_path / "signing"),
    }


@pytest.fixture
def server(environment):
    return lambda *words, **changed: command_line.run({**environment, **changed}, *words)


@pytest.fixture
def keys(tmp_path):
    return ["--key", tmp_path / "age", "--signer", tmp_path / "signing.pub"]


def payments_at(url):
    with store_database.opened_beside(url):
        return tables.PaymentModel.select().count()


def test_a_trial_is_backed_up_and_restored_by_two_commands(laptop, sqlite_url, tmp_path):
    backup = laptop("backup", tmp_path / "monday.zip")
    with store_database.opened_beside(sqlite_url):
        tables.PaymentModel.delete().execute()

    restored = laptop("restore", tmp_path / "monday.zip")

    assert (backup.returncode, backup.stdout) == (
        0,
        f"Everything is in {tmp_path}/monday.zip: keep it where this machine cannot lose it.\n",
    )
    assert restored.returncode == 0, restored.stderr
    assert "holds 1 customer, 1 invoice, 1 payment and 0 workbooks as of" in restored.stdout
    assert f"What was there before is kept in {tmp_path}/before-restore-" in restored.stdout
    assert payments_at(sqlite_url) == 1


def test_a_trial_is_asked_for_the_name_of_a_file(laptop):
    result = laptop("backup")

    assert (result.returncode, result.stderr) == (
        1,
        "Name the file: invoices backup FILE.zip, which must not be there yet.\n",
    )


def test_nothing_is_restored_while_the_worker_runs(laptop, sqlite_url, tmp_path):
    laptop("backup", tmp_path / "monday.zip")
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": sqlite_url, "SECRET_KEY": "k" * 40}
    with tempfile.TemporaryFile() as nothing, tempfile.TemporaryFile() as log:
        worker = command_line.start(environment, "worker", files=(nothing.fileno(), log.fileno(), log.fileno()))
        try:
            assert is_so_within(20, lambda: any(tmp_path.glob("worker-alive-*")))
            result = laptop("restore", tmp_path / "monday.zip")
        finally:
            worker.kill()
            worker.wait()

    assert result.stderr == (
        "The dashboard, its worker or another command uses these data: stop it (Ctrl+C), and try again.\n"
    )


def test_a_server_is_backed_up_and_the_report_says_what_was_made(server):
    result = server("backup", "--json")

    report = json.loads(result.stdout)
    assert result.returncode == 0, result.stderr
    assert set(report) == {"at", "ok", "sentence", "backup", "bytes", "weaker"}
    assert (report["ok"], report["weaker"], report["bytes"] > 1_000) == (True, True, True)
    assert report["sentence"] == (
        f"Backup {report['backup']} is made. It is in a folder: anybody in control of the server can delete it."
    )
    assert datetime.fromisoformat(report["at"]).utcoffset().total_seconds() == 0


def test_backups_are_listed(server):
    made = json.loads(server("backup", "--json").stdout)

    listed = json.loads(server("backups", "--json").stdout)
    assert [(one["backup"], one["complete"]) for one in listed] == [(made["backup"], True)]
    assert made["backup"] in server("backups").stdout


def test_a_backup_that_cannot_be_made_is_not_ok(server):
    result = server("backup", "--json", BACKUP_PLACE="file:///nowhere/at/all")

    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert (report["ok"], report["sentence"]) == (
        False,
        "The folder /nowhere/at/all is not there: make it, or mount the disk that it is on.",
    )


@pytest.mark.parametrize("name", ["BACKUP_PLACE", "BACKUP_RECIPIENT", "BACKUP_SIGNING_KEY_FILE"])
def test_a_setting_that_is_missing_is_named(server, name):
    result = server("backup", "--json", **{name: ""})

    assert result.returncode == 1
    assert json.loads(result.stdout)["sentence"].startswith(f"{name} is not set: ")


def test_a_database_that_is_away_is_not_ok(server, tmp_path):
    (tmp_path / "url").write_text("postgresql://backup:hidden@127.0.0.1:9/invoices")

    result = server("backup", "--json")

    report = json.loads(result.stdout)
    assert (result.returncode, report["ok"]) == (1, False)
    assert report["sentence"].startswith("The database cannot be reached: ")
    assert "hidden" not in result.stdout + result.stderr


def test_a_mistake_of_the_program_is_not_ok_and_is_not_hidden(server, tmp_path):
    (tmp_path / "data").write_text("no folder")

    result = server("backup", "--json", SCRATCH_DIR=str(tmp_path / "data/scratch"))

    assert result.returncode == 1
    assert json.loads(result.stdout)["ok"] is False


def test_what_a_backup_holds_is_told_on_a_machine_with_the_private_key(server, keys, tmp_path):
    made = json.loads(server("backup", "--json").stdout)["backup"]

    result = server("verify-backup", tmp_path / "backups", *keys)

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"Backup {made} holds 1 customer, 1 invoice, 1 payment and 0 workbooks as of ")


def test_a_damaged_backup_is_told_and_leaves_nothing(server, keys, tmp_path):
    server("backup")
    [dump] = tmp_path.glob("backups/dumps/*/invoices.dump.age")
    dump.write_bytes(dump.read_bytes()[:-1] + b"x")

    result = server("verify-backup", tmp_path / "backups", *keys, "--into", tmp_path / "opened")

    assert result.returncode == 1
    assert "it is damaged. Choose another backup." in result.stderr
    assert not (tmp_path / "opened").exists()


def test_a_backup_is_restored_into_an_empty_database(server, keys, environment, tmp_path, postgresql_url):
    server("backup")
    server("verify-backup", tmp_path / "backups", *keys, "--into", tmp_path / "opened")
    url = an_empty_database(postgresql_url)
    (tmp_path / "url").write_text(url)

    result = server("restore", tmp_path / "opened")

    assert result.returncode == 0, result.stderr
    assert "holds 1 customer, 1 invoice, 1 payment and 0 workbooks as of" in result.stdout
    assert payments_at(url) == 1


def test_workbooks_are_restored_into_a_bucket(server, keys, s3_server, tmp_path, postgresql_url):
    uploaded, restored = (s3_server.files_place(secrets.token_hex(8)) for _ in range(2))
    content = b"an uploaded workbook"
    with store_database.opened_beside(postgresql_url):
        row = an_import(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    Files(uploaded).put(f"{row.stored_file}/workbook", content)
    server("backup", **files_environment(uploaded))
    server("verify-backup", tmp_path / "backups", *keys, "--into", tmp_path / "opened")
    (tmp_path / "url").write_text(an_empty_database(postgresql_url))

    result = server("restore", tmp_path / "opened", **files_environment(restored))

    assert result.returncode == 0, result.stderr
    assert "holds 1 customer, 1 invoice, 1 payment and 1 workbook as of" in result.stdout
    assert Files(restored).folders() == [row.stored_file]
    assert Files(restored).read(f"{row.stored_file}/workbook") == content
    assert not (tmp_path / "data/imports").exists()


def test_a_database_that_is_not_empty_is_never_restored_into(server, keys, tmp_path, postgresql_url):
    server("backup")
    server("verify-backup", tmp_path / "backups", *keys, "--into", tmp_path / "opened")

    result = server("restore", tmp_path / "opened/invoices.dump")

    assert (result.returncode, result.stderr) == (
        1,
        "The database is not empty: make an empty one, and restore into that.\n",
    )
    assert payments_at(postgresql_url) == 1


def test_a_backup_of_a_newer_product_is_refused_and_nothing_is_restored(server, keys, tmp_path, postgresql_url):
    with store_database.opened_beside(postgresql_url):
        tables.database.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('0002_more', now())")
    server("backup")
    with store_database.opened_beside(postgresql_url):
        tables.database.execute_sql("DELETE FROM schema_migration WHERE name = '0002_more'")
    server("verify-backup", tmp_path / "backups", *keys, "--into", tmp_path / "opened")
    url = an_empty_database(postgresql_url)
    (tmp_path / "url").write_text(url)

    result = server("restore", tmp_path / "opened")

    assert result.stderr == (
        "This backup was made by a newer version of the product, with 0002_more: take that version first.\n"
    )
    with store_database.opened_beside(url):
        assert not store_database.has_tables()


def an_empty_database(url):
    server = url.rpartition("/")[0]
    with store_database.opened_beside(f"{server}/postgres"):
        tables.database.execute_sql("DROP DATABASE IF EXISTS restored_by_command")
        tables.database.execute_sql("CREATE DATABASE restored_by_command")
    return f"{server}/restored_by_command"


SAID = {
    signal.SIGTERM: (143, "The run was stopped before it was finished.\n"),
    signal.SIGKILL: (-signal.SIGKILL, ""),
}


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_a_backup_that_is_ended_in_the_middle_does_not_count_and_the_next_one_does(
    server, environment, tmp_path, postgresql_url, ended_by
):
    """pg_dump waits for a lock that the test holds: so it is ended in the middle, with its folder made."""
    scratch = tmp_path / "data/scratch"
    with (
        tempfile.TemporaryFile() as files,
        store_database.opened_beside(postgresql_url),
        tables.database.atomic(),
    ):
        tables.database.execute_sql("LOCK TABLE saved_views IN ACCESS EXCLUSIVE MODE")
        run = command_line.start(environment, "backup", files=(files.fileno(),) * 3)
        assert is_so_within(30, lambda: any(scratch.glob("backup-*")))
        os.kill(run.pid, ended_by)
        ended_with = run.wait()
        files.seek(0)
        said = files.read().decode()

    assert (ended_with, said) == SAID[ended_by]
    assert json.loads(server("backups", "--json").stdout) == []
    assert json.loads(server("backup", "--json").stdout)["ok"]
    assert list(scratch.glob("backup-*")) == []


def test_old_backups_in_a_folder_go_but_one_that_was_not_signed_here_saves_none(server, tmp_path):
    made = json.loads(server("backup", "--json").stdout)["backup"]
    dumps = tmp_path / "backups/dumps"
    for old in ("20200101T000000Z", "20200102T000000Z"):
        shutil.copytree(dumps / made, dumps / old)

    wait_for_the_next_second(made)
    second = json.loads(server("backup", "--json").stdout)["backup"]

    assert sorted(path.name for path in dumps.iterdir()) == [made, second]


def wait_for_the_next_second(backup_id):
    assert is_so_within(5, lambda: id_of(datetime.now(UTC)) > backup_id)
