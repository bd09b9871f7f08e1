"""A trial on a laptop is backed up into one file, and restored beside, compared, and only then taken."""

import json
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
from support.records import a_customer, a_payment, an_import, an_invoice

from app.backups import data_lock, sqlite
from app.backups.figures import Figures
from app.backups.manifest import ManifestError
from app.backups.refusals import BackupError
from app.store.access import audit_chain, audit_entries
from app.store.db import database as store_database
from app.store.db import tables

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_database_is_open():
    """A command opens none itself: whatever asks the database that happens to be open asks the wrong one."""
    before = tables.database.obj
    tables.database.initialize(None)
    yield
    tables.database.initialize(before)


@pytest.fixture
def data(migrated_sqlite, tmp_path):
    """A small ledger, with the workbook that it came from."""
    folder = tmp_path / "data"
    (folder / "imports/1").mkdir(parents=True)
    (folder / "imports/1/workbook").write_bytes(b"an uploaded workbook")
    (folder / "imports/1/preview.json").write_text("{}")
    (folder / "imports/1/progress.json#1").write_text("{")
    shutil.copy(migrated_sqlite, folder / "invoices.sqlite3")
    found = data_in(folder)
    with opened(found):
        a_payment(an_invoice("1", a_customer("C1")), 40_00)
        an_import(stored_file="1")
    return found


def data_in(folder):
    return sqlite.Data(folder, folder / "invoices.sqlite3", folder / "imports")


def opened(data):
    return store_database.opened_beside(f"sqlite:///{data.database}")


def figures(data):
    with opened(data):
        return Figures.taken(NOW.date())


def state(data):
    """What the data are, file by file, without the lock."""
    with opened(data):
        rows = Figures.taken(NOW.date())
    files = {path.relative_to(data.folder): path.read_bytes() for path in data.imports.rglob("*") if path.is_file()}
    return rows, files, sorted(path.name for path in data.folder.iterdir() if path.name != "in-use.lock")


@pytest.fixture(params=["backup.zip", "backup"])
def backed_up(request, data, tmp_path):
    target = tmp_path / request.param
    sqlite.backup(data, target, NOW)
    return target


def test_a_backup_has_the_database_and_the_files_of_the_imports(data, tmp_path):
    sqlite.backup(data, tmp_path / "backup.zip", NOW)

    assert sorted(zipfile.ZipFile(tmp_path / "backup.zip").namelist()) == [
        "figures.json",
        "imports/1/preview.json",
        "imports/1/workbook",
        "invoices.sqlite3",
        "manifest.json",
    ]


def test_what_was_changed_since_is_as_it_was_after_a_restore(data, backed_up):
    before = state(data)
    with opened(data):
        tables.PaymentModel.delete().execute()
    (data.folder / "imports/1/workbook").write_bytes(b"another")

    restored = sqlite.restore(backed_up, data, NOW)

    after = state(data)
    assert (after[0].outstanding, after[0].tables["payments"]) == (before[0].outstanding, before[0].tables["payments"])
    assert after[1] == {path: text for path, text in before[1].items() if not path.name.endswith("#1")}
    assert restored.manifest.id == "20260302T093000Z"


def test_the_record_of_what_was_done_tells_that_it_goes_on_from_a_backup(data, backed_up):
    sqlite.restore(backed_up, data, NOW)

    with opened(data):
        [entry] = audit_entries.matching(audit_entries.AuditFilter(), 10)
        assert audit_chain.verify().broken is None
    assert (entry.action, entry.subject, entry.after) == (
        "backup.restored",
        "backup:20260302T093000Z",
        {"made_at": "2026-03-02T09:30:00+00:00"},
    )


def test_what_was_there_before_is_kept_beside(data, backed_up):
    with opened(data):
        tables.PaymentModel.delete().execute()

    kept = sqlite.restore(backed_up, data, NOW).kept

    assert kept == data.folder / "before-restore-20260302T093000Z"
    assert figures(data_in(kept)).tables["payments"]["rows"] == 0
    assert (kept / "imports/1/workbook").read_bytes() == b"an uploaded workbook"


def test_a_backup_is_restored_where_there_was_nothing(backed_up, tmp_path):
    empty = data_in(tmp_path / "new")

    restored = sqlite.restore(backed_up, empty, NOW)

    assert restored.kept is None
    assert figures(empty).tables["payments"] == {"rows": 1, "amount_cents": 40_00}
    assert sorted(path.name for path in empty.folder.iterdir()) == ["imports", "in-use.lock", "invoices.sqlite3"]


def test_what_waits_in_the_log_of_writes_is_backed_up_and_kept_too(data, tmp_path):
    """A server that was killed leaves what it wrote last in a file beside the database."""
    killed = tmp_path / "killed"
    with opened(data):
        a_payment(tables.InvoiceModel.get(), 10_00)
        shutil.copytree(data.folder, killed)
    left = data_in(killed)
    assert (killed / "invoices.sqlite3-wal").stat().st_size > 0
    sqlite.backup(left, tmp_path / "backup.zip", NOW)

    kept = sqlite.restore(tmp_path / "backup.zip", left, NOW).kept

    assert figures(left).tables["payments"]["amount_cents"] == 50_00
    assert figures(data_in(kept)).tables["payments"]["amount_cents"] == 50_00


def test_a_backup_is_made_while_somebody_writes(data, tmp_path):
    with opened(data), tables.database.atomic():
        a_payment(tables.InvoiceModel.get(), 10_00)

        manifest = sqlite.backup(data, tmp_path / "backup.zip", NOW)

    assert manifest.figures.tables["payments"] == {"rows": 1, "amount_cents": 40_00}


def test_nothing_is_written_over(data, backed_up):
    with pytest.raises(BackupError, match=r"is there already: choose another name\."):
        sqlite.backup(data, backed_up, NOW)


def test_where_there_is_no_database_nothing_is_made(tmp_path):
    with pytest.raises(BackupError, match=r"^There is nothing to back up: .*/invoices\.sqlite3 is not there\.$"):
        sqlite.backup(data_in(tmp_path), tmp_path / "backup.zip", NOW)

    assert list(tmp_path.iterdir()) == []


def test_nothing_half_made_is_left(data, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.backups.sqlite.zipfile.ZipFile.write", full)

    with pytest.raises(BackupError, match=r"^The disk is full: "):
        sqlite.backup(data, tmp_path / "backup.zip", NOW)

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def refused(source, data, kind=BackupError):
    before = state(data)
    with pytest.raises(kind) as error:
        sqlite.restore(source, data, NOW)
    assert state(data) == before, "a refused backup changed something"
    return str(error.value)


@pytest.fixture
def folder(data, tmp_path):
    sqlite.backup(data, tmp_path / "backup", NOW)
    return tmp_path / "backup"


@pytest.mark.parametrize("name", ["invoices.sqlite3", "figures.json", "imports/1/workbook"])
def test_a_changed_byte_is_told(folder, data, name):
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)

    assert refused(folder, data) == f"{name} in {folder} is damaged: take another backup."


@pytest.mark.parametrize("name", ["invoices.sqlite3", "manifest.json", "imports/1/workbook"])
def test_a_missing_file_is_told(folder, data, name):
    (folder / name).unlink()

    assert refused(folder, data) == f"{name} is missing in {folder}: this is no backup, or a part of one."


def test_a_file_that_was_cut_off_is_told(data, tmp_path):
    target = tmp_path / "backup.zip"
    sqlite.backup(data, target, NOW)
    target.write_bytes(target.read_bytes()[:-1_000])

    assert refused(target, data) == f"{target} is no backup, or only a part of one."


def test_a_name_that_is_not_there_is_told(data, tmp_path):
    assert refused(tmp_path / "none.zip", data) == (
        f"{tmp_path}/none.zip is not there: name the file or the folder of a backup."
    )


def test_a_newer_schema_is_refused(folder, data):
    values = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**values, "migrations": ["0001_tables", "0002_more"]}))

    assert refused(folder, data, ManifestError) == (
        "This backup was made by a newer version of the product, with 0002_more: take that version first."
    )


def write_manifest_anew(folder, **changed):
    """Make the sums agree with what is in the folder now."""
    values = {**json.loads((folder / "manifest.json").read_text()), **changed}
    for file in values["files"]:
        path = folder / file["name"]
        file["plain_sha256"], file["plain_bytes"] = sqlite.sha256_of(path), path.stat().st_size
    (folder / "manifest.json").write_text(json.dumps(values))


def without_payments(folder):
    with store_database.opened_beside(f"sqlite:///{folder}/invoices.sqlite3"):
        tables.PaymentModel.delete().execute()


def of_an_older_product(folder):
    """Let the backup say that it was made before the tables of today."""
    figures = json.loads((folder / "figures.json").read_text())
    (folder / "figures.json").write_text(json.dumps({**figures, "migrations": [], "tables": {}}))


def test_a_backup_of_an_older_product_is_compared_by_what_is_owed(folder, data):
    of_an_older_product(folder)
    write_manifest_anew(folder, migrations=[])
    sqlite.restore(folder, data, NOW)

    assert figures(data).tables["payments"] == {"rows": 1, "amount_cents": 40_00}


def test_a_payment_that_was_taken_out_of_an_older_backup_is_told(folder, data):
    of_an_older_product(folder)
    without_payments(folder)
    write_manifest_anew(folder, migrations=[])

    assert "customer C1 owed 60.00 USD, now 100.00 USD" in refused(folder, data)


def test_a_payment_that_was_taken_out_of_the_backup_is_told(folder, data):
    """Somebody changes the database, and the manifest so that its sums agree; the figures still tell."""
    without_payments(folder)
    write_manifest_anew(folder)

    assert refused(folder, data) == (
        "The backup does not hold what its manifest says, so nothing was changed: On 2026-01-31 customer C1 owed "
        "60.00 USD, now 100.00 USD."
    )


def test_a_file_larger_than_its_manifest_says_is_not_unpacked(data, tmp_path):
    target = tmp_path / "backup.zip"
    sqlite.backup(data, target, NOW)
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | {"imports/1/workbook": bytes(50_000_000)}).items():
            archive.writestr(name, content)

    assert refused(target, data) == (f"imports/1/workbook in {target} is larger than it may be: take another backup.")


def test_a_restore_waits_for_nobody_who_uses_the_data(folder, data):
    with data_lock.using(data.folder):
        assert refused(folder, data) == (
            "The dashboard, its worker or another command uses these data: stop it (Ctrl+C), and try again."
        )


def test_nobody_begins_while_a_backup_is_restored(data):
    with (
        data_lock.replacing(data.folder),
        pytest.raises(BackupError, match=r"^A backup is being restored: try again when that has ended\.$"),
        data_lock.using(data.folder),
    ):
        pytest.fail("it began")


def test_no_backup_is_made_of_data_that_are_being_replaced(data, tmp_path):
    with data_lock.replacing(data.folder), pytest.raises(BackupError, match=r"^A backup is being restored: "):
        sqlite.backup(data, tmp_path / "backup.zip", NOW)

    assert not (tmp_path / "backup.zip").exists()


def test_what_a_killed_restore_left_is_removed_by_the_next(folder, data):
    left = data.folder / ".backup-killed/invoices.sqlite3"
    left.parent.mkdir()
    left.write_text("plain")

    sqlite.restore(folder, data, NOW)

    assert not left.parent.exists()


def test_there_is_a_database_at_any_time_of_the_swap(folder, data, monkeypatch):
    """Stopped at the last step, all is as it was."""
    monkeypatch.setattr("app.backups.sqlite.Path.replace", killed)

    with opened(data):
        tables.PaymentModel.delete().execute()
    (data.folder / "imports/1/workbook").write_bytes(b"another")

    with pytest.raises(KeyboardInterrupt):
        sqlite.restore(folder, data, NOW)

    assert figures(data).tables["payments"]["rows"] == 0
    assert (data.folder / "imports/1/workbook").read_bytes() == b"another"


def killed(*_):
    raise KeyboardInterrupt
