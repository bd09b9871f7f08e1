"""A backup is made of one moment, stored whole or not at all, and leaves nothing plain behind."""

import json
import resource
import secrets
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import peewee
import pytest
from support.records import a_payment, an_invoice

from app.backups import dumps, encryption, logical, reading_back, signatures, stored_backups
from app.backups.figures import Figures, differences
from app.backups.manifest import sha256_of
from app.backups.places import PlaceError, S3Bucket
from app.backups.refusals import BackupError
from app.backups.signatures import SignatureError
from app.backups.working_folder import working_folder
from app.files import Files
from app.settings import AppSettingsError
from app.store.db import database as store_database
from app.store.db import privileges, tables

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ID = "20260302T093000Z"
WORKBOOK = b"an uploaded workbook"


def restored_url(url, name):
    """The address of a new, empty database on the same server."""
    server = url.rpartition("/")[0]
    with store_database.opened_beside(f"{server}/postgres"):
        tables.database.execute_sql(f"DROP DATABASE IF EXISTS {name}")
        tables.database.execute_sql(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


def figures_in(url, today):
    with store_database.opened_beside(url):
        return Figures.taken(today)


def plain_files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_backup_has_its_files_where_the_design_says(server):
    workbook = server.upload()
    made = server.back_up()

    assert server.place.keys() == [
        f"dumps/{ID}/figures.json.age",
        f"dumps/{ID}/invoices.dump.age",
        f"dumps/{ID}/manifest.json",
        f"dumps/{ID}/manifest.json.sig",
        f"dumps/{ID}/settings.json.age",
        f"files/{sha256_of(workbook)}.age",
    ]
    assert (made.manifest.id, made.manifest.repository, made.manifest.migrations) == (ID, "r1", ("0001_tables",))
    assert made.lost == []


def test_what_a_new_server_needs_is_opened_with_the_private_key(server, age_key, tmp_path):
    server.back_up()

    server.place.get(f"dumps/{ID}/settings.json.age", tmp_path / "locked")
    encryption.decrypt_file(tmp_path / "locked", tmp_path / "plain", age_key[0])

    assert json.loads((tmp_path / "plain").read_text()) == {
        "repository": "r1",
        "cipher": "passphrase",
        "archives_before": [],
        "settings": {"CURRENCY": "EUR"},
    }


def test_nothing_in_the_place_tells_what_customers_owe(server):
    server.upload()
    server.back_up()

    stored = b"".join(path.read_bytes() for path in plain_files(server.folder))
    assert b"Acme" not in stored
    assert b"C1" not in json.dumps(json.loads((server.folder / f"dumps/{ID}/manifest.json").read_text())).encode()
    assert b"passphrase" not in stored


def test_the_signature_of_the_manifest_is_the_servers(server, signer):
    server.back_up()
    manifest = server.folder / f"dumps/{ID}/manifest.json"

    assert signatures.verify(manifest, manifest.with_name("manifest.json.sig"), signer) is None


def test_a_backup_is_restored_to_the_same_figures(server, age_key, signer, tmp_path):
    server.upload()
    made = server.back_up()
    fetched = reading_back.fetch(server.place, ID, age_key[0], signer, tmp_path / "fetched")

    url = restored_url(server.settings.database_url, "restored_same")
    dumps.restore(tmp_path / "fetched/invoices.dump", url)

    assert fetched.figures == made.manifest.figures
    assert differences(fetched.figures, figures_in(url, fetched.figures.today)) == []
    assert (tmp_path / "fetched/imports/1/workbook").read_bytes() == b"an uploaded workbook"


def test_figures_and_dump_are_of_one_moment_while_somebody_writes(server, tmp_path):
    """Somebody records payments all the time: a figure taken a moment before or after the dump would differ."""
    invoice = an_invoice("busy", total_cents=1_000_000_00)
    stop, wrote = threading.Event(), threading.Event()

    def write():
        with store_database.connection():
            while not stop.is_set():
                a_payment(invoice, 1)
                wrote.set()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert wrote.wait(20)
        with working_folder(server.settings.scratch_dir) as folder:
            made = logical.make(server.settings, folder, MORNING, {})
            (tmp_path / "invoices.dump").write_bytes((folder / "invoices.dump").read_bytes())
    finally:
        stop.set()
        writing.join()

    figures = made.manifest.figures
    counted_now = tables.PaymentModel.select().count()
    url = restored_url(server.settings.database_url, "restored_busy")
    dumps.restore(tmp_path / "invoices.dump", url)
    assert figures.tables["payments"]["rows"] < counted_now
    assert differences(figures, figures_in(url, figures.today)) == []


def test_a_workbook_is_uploaded_once_however_often_it_is_backed_up(server):
    server.upload()
    server.upload(name="again.xlsx")
    server.back_up()
    [stored] = server.folder.glob("files/*")
    before = stored.stat().st_mtime_ns

    made = server.back_up(MORNING + timedelta(hours=1))

    assert [one.stat().st_mtime_ns for one in server.folder.glob("files/*")] == [before]
    names = [(file.name, file.key) for file in made.manifest.files if file.name.startswith("imports/")]
    assert names == [("imports/1/workbook", f"files/{stored.name}"), ("imports/2/workbook", f"files/{stored.name}")]


@pytest.fixture
def of_a_bucket(server, s3_server):
    """The same server, whose files are in a bucket; and these."""
    place = s3_server.files_place(secrets.token_hex(8))
    names = ("url", "endpoint", "region", "access_key_id", "secret_access_key")
    changed = {f"files_{name}": getattr(place, name) for name in names}
    return replace(server, settings=server.settings.model_copy(update=changed)), Files(place)


def test_a_workbook_in_a_bucket_is_backed_up_and_fetched_once(of_a_bucket, monkeypatch):
    server, files = of_a_bucket
    files.put(server.upload_row().stored_file + "/workbook", WORKBOOK)

    first = server.back_up()
    monkeypatch.delattr("app.files.Files.fetched")
    second = server.back_up(MORNING + timedelta(hours=1))

    assert (first.lost, second.lost) == ([], [])
    assert workbooks_in(first) == workbooks_in(second) == [("imports/1/workbook", len(WORKBOOK))]


def test_a_workbook_that_is_gone_from_its_bucket_is_told(of_a_bucket):
    server, files = of_a_bucket
    stored = server.upload_row()
    missing = f"receivables.xlsx of import 1 is not in {files.place.url}"
    assert server.back_up().lost == [missing]

    files.put(f"{stored.stored_file}/workbook", WORKBOOK)
    assert server.back_up(MORNING + timedelta(hours=1)).lost == []
    files.delete(f"{stored.stored_file}/workbook")

    assert server.back_up(MORNING + timedelta(hours=2)).lost == [missing]


def workbooks_in(made):
    return [(file.name, file.plain_bytes) for file in made.manifest.files if file.name.startswith("imports/")]


def test_a_workbook_that_is_gone_is_told(server):
    server.upload().unlink()

    assert server.back_up().lost == [f"receivables.xlsx of import 1 is not in {server.settings.files_place.folder}"]


def test_a_workbook_that_was_refused_is_not_kept_and_not_missed(server):
    server.upload().unlink()
    tables.ImportModel.update(state="failed").execute()

    assert server.back_up().lost == []


def test_a_workbook_that_is_discarded_meanwhile_is_not_missed(server, monkeypatch):
    workbook = server.upload()

    def discard(url, snapshot, target):
        dump(url, snapshot, target)
        workbook.unlink()
        with store_database.opened_beside(url):
            tables.ImportModel.delete().execute()

    monkeypatch.setattr("app.backups.logical.dumps.dump", discard)

    assert server.back_up().lost == []


def test_a_workbook_that_was_changed_is_told_and_never_stored_as_what_it_was(server):
    server.upload().write_bytes(b"something else")

    assert server.back_up().lost == ["receivables.xlsx of import 1 is not what was uploaded"]
    assert server.place.keys("files/") == []


def test_a_large_workbook_is_never_held_in_memory(server):
    path = server.upload()
    with path.open("wb") as file:
        file.truncate(150_000_000)
    tables.ImportModel.update(sha256=sha256_of(path)).execute()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    made = server.back_up()

    assert made.bytes > 150_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_nothing_plain_is_left(server):
    server.upload()
    server.back_up()

    assert plain_files(server.settings.scratch_dir) == []


def test_nothing_plain_is_left_where_a_backup_fails(server, monkeypatch):
    monkeypatch.setattr("app.backups.logical.encrypt_file", fails_with(OSError("broken")))

    with pytest.raises(OSError, match="broken"):
        server.back_up()

    assert plain_files(server.settings.scratch_dir) == []


def fails_with(error):
    def fail(*_):
        raise error

    return fail


def test_what_a_killed_backup_left_is_removed_by_the_next(server):
    left = server.settings.scratch_dir / "backup-killed/invoices.dump"
    left.parent.mkdir(parents=True)
    left.write_text("plain")

    server.back_up()

    assert not left.parent.exists()


@pytest.mark.parametrize("cut_at", range(6))
def test_a_backup_that_was_cut_off_anywhere_does_not_count(server, monkeypatch, cut_at):
    server.upload()
    put, puts = type(server.place).put, []

    def put_until_cut(self, key, path):
        if len(puts) == cut_at:
            raise PlaceError("The line was cut.")
        puts.append(key)
        put(self, key, path)

    monkeypatch.setattr(type(server.place), "put", put_until_cut)

    with pytest.raises(PlaceError):
        server.back_up()

    assert stored_backups.newest_complete(server.place) is None


def test_a_backup_whose_clock_is_behind_the_newest_is_refused(server):
    server.back_up()

    with pytest.raises(BackupError) as refused:
        server.back_up(MORNING - timedelta(days=1))

    assert str(refused.value) == (
        "The clock of this server says 2026-03-01 09:30 UTC, but there is a backup of 2026-03-02 09:30 UTC: set the "
        "clock, and make the backup then."
    )


def test_a_backup_that_bears_another_time_than_the_bucket_is_refused(server, s3_server):
    values = {name.lower(): value for name, value in s3_server.environment(s3_server.writer).items()}

    with pytest.raises(BackupError, match="The clock of this server says 2026-03-02 09:30 UTC, that of the bucket "):
        server.back_up(**values)


def test_a_backup_in_a_bucket_is_made_by_the_server_and_read_by_the_restorer(
    server, s3_server, age_key, signer, tmp_path
):
    server.upload()
    values = {name.lower(): value for name, value in s3_server.environment(s3_server.writer).items()}
    now = datetime.now(UTC)
    made = server.back_up(now, **values)

    reading = S3Bucket(s3_server.bucket, s3_server.client(s3_server.restorer))
    fetched = reading_back.fetch(reading, made.manifest.id, age_key[0], signer, tmp_path / "fetched")

    assert fetched.figures == made.manifest.figures


def test_a_signing_key_that_is_missing_is_told_before_anything_is_stored(server, tmp_path):
    with pytest.raises(SignatureError, match=r"^The key in .*/none cannot be read: "):
        server.back_up(backup_signing_key_file=tmp_path / "none")

    assert server.place.keys() == []


@pytest.fixture
def reader(server):
    """The address for the role of the backups, which the owner has granted what it needs."""
    run = tables.database.execute_sql
    run("CREATE ROLE invoices_backup LOGIN")
    privileges.grant()
    yield server.settings.database_url.replace("://invoices@", "://invoices_backup@")
    run("DROP OWNED BY invoices_backup")
    run("DROP ROLE invoices_backup")


def test_a_role_that_only_reads_makes_a_backup(server, reader):
    with store_database.opened_beside(reader):
        made = server.back_up(database_url=reader)

    assert made.manifest.figures.tables["payments"] == {"rows": 1, "amount_cents": 40_00}


@pytest.mark.parametrize(
    "deed", ["DELETE FROM payments", "UPDATE invoices SET total_cents = 0", "CREATE TABLE more (id int)"]
)
def test_the_role_of_the_backups_changes_nothing(server, reader, deed):
    with store_database.opened_beside(reader), pytest.raises(peewee.ProgrammingError, match="permission denied"):
        tables.database.execute_sql(deed)


@pytest.mark.parametrize("missing", ["backup_place", "backup_recipient", "backup_signing_key_file"])
def test_a_setting_that_is_missing_is_named_before_anything_is_read(server, missing):
    with pytest.raises(AppSettingsError, match=f"^{missing.upper()} is not set: "):
        server.back_up(**{missing: ""})


def test_a_pg_dump_older_than_the_server_is_refused(server, monkeypatch):
    monkeypatch.setattr("app.backups.dumps.pg_dump_version", lambda: "9.6")

    with pytest.raises(BackupError, match=r"pg_dump is of version 9\.6, but the server of \d+\.\d+: make backups with"):
        server.back_up()


def test_a_full_disk_is_a_sentence(server, monkeypatch):
    monkeypatch.setattr("app.backups.logical.dumps.dump", to_a_full_disk)

    with pytest.raises(BackupError) as refused:
        server.back_up()

    assert str(refused.value) == (
        "The disk is full: make room where backups are made and where they are kept, and try again."
    )


def to_a_full_disk(url, snapshot, target):
    target.symlink_to("/dev/full")
    dump(url, snapshot, target)


dump = dumps.dump


def test_a_dump_is_refused_by_a_database_that_is_not_empty_and_changes_nothing(server):
    with working_folder(server.settings.scratch_dir) as folder:
        logical.make(server.settings, folder, MORNING, {})
        before = Figures.taken(MORNING.date())

        with pytest.raises(BackupError) as refused:
            dumps.restore(folder / "invoices.dump", server.settings.database_url)

    assert str(refused.value) == (
        "invoices.dump cannot be restored, and nothing was changed: the database is not empty: give an empty one."
    )
    assert differences(before, Figures.taken(MORNING.date())) == []


@pytest.mark.parametrize("damage", [lambda dump: dump[:-500], lambda dump: b"no dump", lambda dump: b""])
def test_a_damaged_dump_changes_nothing(server, damage):
    url = restored_url(server.settings.database_url, "restored_damaged")
    with working_folder(server.settings.scratch_dir) as folder:
        logical.make(server.settings, folder, MORNING, {})
        path = folder / "invoices.dump"
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(BackupError, match=r"^invoices\.dump cannot be restored, and nothing was changed: "):
            dumps.restore(path, url)
    with store_database.opened_beside(url):
        assert not store_database.has_tables()


def test_the_migrations_of_a_dump_are_told_before_it_is_restored(server):
    with working_folder(server.settings.scratch_dir) as folder:
        logical.make(server.settings, folder, MORNING, {})

        assert dumps.migrations_in(folder / "invoices.dump") == ("0001_tables",)


def test_no_program_is_called_with_the_password_in_sight():
    address, environment = dumps._address("postgresql://backup:p%40ss@db:5432/invoices?sslmode=require")

    assert address == "postgresql://backup@db:5432/invoices?sslmode=require"
    assert environment == {"PGPASSWORD": "p@ss"}
