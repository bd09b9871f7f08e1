"""A database restored beside the one that serves, by the archive of a real server, and put in its place."""

import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from support.polling import is_so_within
from support.records import a_customer, a_payment, a_user, an_invoice

from app.backups import recovery, scratch
from app.backups.figures import Figures, firm_day
from app.backups.physical import PhysicalError
from app.backups.recovery import Wanted, restore_beside, swap, swap_back
from app.backups.refusals import BackupError
from app.backups.scratch import ScratchError, server_of
from app.store.access import audit
from app.store.db import database
from app.store.db.transactions import transaction

ROOT = Path(__file__).parents[3]
NAME = "20261128T090500Z"
SEAL_OF_NOBODY = "5" * 64


@contextmanager
def ledger_of(archive):
    with database.opened_beside(f"{archive.server}/invoices"):
        yield


def archived(archive):
    """Wait until all that was committed is in the archive, and return the moment after it."""
    with psycopg.connect(f"{archive.server}/postgres", autocommit=True) as live:
        [segment] = live.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        live.execute("SELECT pg_switch_wal()")
        asked = "SELECT coalesce(last_archived_wal >= %s, false) FROM pg_stat_archiver"
        assert is_so_within(30, lambda: live.execute(asked, [segment]).fetchone()[0])
        return live.execute("SELECT clock_timestamp()").fetchone()[0]


@pytest.fixture(scope="module")
def past(archive):
    """A ledger with one payment, copied as a whole, and two more after it; the moments in between, by name."""
    with psycopg.connect(f"{archive.server}/postgres", autocommit=True) as live:
        live.execute("CREATE ROLE postgres SUPERUSER LOGIN")
        live.execute("CREATE DATABASE invoices")
    before_all = datetime.now(UTC) - timedelta(seconds=2)
    with ledger_of(archive):
        database.migrate()
        invoice, user = an_invoice("1", a_customer("C1")), a_user()
        a_payment(invoice, 10_00)
        with transaction():
            audit.append(user, "invoice.created", "invoice:1", now=datetime.now(UTC))
    archive.base_backup()
    ended = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    assert is_so_within(5, lambda: datetime.now(UTC) > ended)  # pgBackRest knows whole seconds
    with ledger_of(archive):
        a_payment(invoice, 20_00)
        with transaction():
            audit.append(user, "invoice.edited", "invoice:1", now=datetime.now(UTC))
        then = Figures.taken(firm_day(datetime.now(UTC)))
    before_the_last = archived(archive)
    with ledger_of(archive):
        a_payment(invoice, 30_00)
        with transaction():
            audit.append(user, "invoice.edited", "invoice:1", now=datetime.now(UTC))
        now = Figures.taken(firm_day(datetime.now(UTC)))
    archived(archive)
    return {"before_all": before_all, "before_the_last": before_the_last, "then": then, "now": now}


@pytest.fixture
def volume(scratch_folder):
    """The folder of a server whose database is stopped: its data are one file."""
    data = scratch.folder_in(scratch_folder, "data")
    (data / "serves").touch()
    return scratch_folder


@pytest.fixture
def newest(archive, past):
    return Wanted(archive.repository)


def restored(wanted, volume):
    return restore_beside(wanted, volume, datetime.now(UTC))


def payments_in(folder):
    with server_of(folder, "postgres") as server, psycopg.connect(server.url("invoices")) as connection:
        return [cents for (cents,) in connection.execute("SELECT amount_cents FROM payments ORDER BY 1")]


def names_in(volume):
    return sorted(path.name for path in volume.iterdir())


def test_the_newest_state_is_restored_beside_and_told(newest, volume):
    found = restored(newest, volume)

    assert found.sentence.endswith(" s: 1 customer, 1 invoice, 3 payments; the audit holds with 3 entries.")
    assert recovery.figures_shown(found.figures)["outstanding"] == {"USD": 40_00}
    assert (names_in(volume), names_in(volume / "data")) == (["data", "restored"], ["serves"])


def test_a_moment_is_restored_without_what_came_after_it(newest, past, volume):
    restored(replace(newest, moment=past["before_the_last"]), volume)

    assert payments_in(volume / "restored") == [10_00, 20_00]


def test_a_moment_before_the_archive_begins_is_refused_with_the_first_that_there_is(newest, past, volume):
    with pytest.raises(PhysicalError, match=r"The archive reaches back to 20\d\d-.* UTC: choose a later moment, or"):
        restored(replace(newest, moment=past["before_all"]), volume)

    assert names_in(volume) == ["data"]


def test_a_database_that_does_not_hold_a_noted_seal_is_refused(newest, past, volume):
    restored(replace(newest, noted_head=past["then"].audit_head), volume)

    with pytest.raises(BackupError, match="does not hold what the last signed backup before that moment holds"):
        restored(replace(newest, noted_head=SEAL_OF_NOBODY), volume)

    assert names_in(volume) == ["data"]


def test_a_database_that_agrees_with_what_was_handed_over_is_restored(newest, past, volume):
    assert restored(replace(newest, expected=past["now"]), volume).figures == past["now"]


def test_a_database_that_lacks_a_payment_is_refused_with_what_is_missing(newest, past, volume):
    lacking = replace(newest, moment=past["before_the_last"], expected=past["now"])

    with pytest.raises(BackupError) as refused:
        restored(lacking, volume)

    told = str(refused.value)
    assert told.startswith("What was restored is not what was there: On ")
    assert "customer C1 owed 40.00 USD, now 70.00 USD." in told
    assert names_in(volume) == ["data"]


def test_figures_are_compared_as_of_the_day_they_were_taken(newest, past, volume):
    taken_yesterday = replace(past["now"], today=date(2026, 1, 31), outstanding={})

    with pytest.raises(BackupError, match=r"On 2026-01-31 customer C1 owed 0\.00 USD, now 40\.00 USD"):
        restored(replace(newest, expected=taken_yesterday), volume)


def test_another_passphrase_restores_nothing_and_leaves_nothing(newest, volume):
    with pytest.raises(PhysicalError, match="The repository "):
        restored(replace(newest, repository=replace(newest.repository, cipher="another")), volume)

    assert names_in(volume) == ["data"]


def test_a_damaged_archive_restores_nothing_and_leaves_nothing(newest, archive, volume, tmp_path):
    copy = volume.with_name(f"{volume.name}-archive")
    shutil.copytree(archive.place, copy)
    shutil.chown(copy, *owner_of(archive.place))
    for path in copy.rglob("*"):
        shutil.chown(path, *owner_of(archive.place))
    largest = max(copy.glob("wal/*/backup/invoices/*F/**/*"), key=lambda path: path.stat().st_size)
    bytes_ = bytearray(largest.read_bytes())
    bytes_[len(bytes_) // 2] ^= 1
    largest.write_bytes(bytes_)
    try:
        with pytest.raises((PhysicalError, ScratchError)):
            restored(replace(newest, repository=replace(newest.repository, place=f"file://{copy}")), volume)
    finally:
        shutil.rmtree(copy)

    assert names_in(volume) == ["data"]


def owner_of(path):
    found = path.stat()
    return found.st_uid, found.st_gid


def test_where_there_is_no_room_nothing_is_begun(newest, volume, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(2_097_152, 1_048_576, 1_048_576))

    with pytest.raises(BackupError, match=r"\d+ MB are needed, but only 1 MB of the disk of \S+ are free: make room"):
        restored(newest, volume)

    assert names_in(volume) == ["data"]


_HALF_WAY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.backups import recovery
from app.backups.physical import Repository
from app.backups.recovery import Wanted
recovery._looked_at = lambda *_: (print("half way", flush=True), sys.stdin.read())
recovery.restore_beside(Wanted(Repository(*sys.argv[2:])), Path(sys.argv[1]), datetime.now(UTC))
"""


def test_what_a_killed_restore_left_is_removed_by_the_next_with_its_server(newest, volume):
    of = newest.repository
    words = [sys.executable, "-c", _HALF_WAY, str(volume), of.place, of.name, of.cipher]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout.readline() == b"half way\n"
        killed.send_signal(signal.SIGKILL)
    left = int((volume / "restored/data/postmaster.pid").read_text().split()[0])
    assert names_in(volume) == ["data", "restored"]

    with pytest.raises(BackupError, match="Nothing was restored that could take the place of the database"):
        swap(volume, NAME)
    restored(newest, volume)

    assert is_so_within(10, lambda: not Path(f"/proc/{left}").exists())
    assert (volume / "restored/complete").exists()


def test_what_was_restored_was_written_with_care_and_shut_down_in_order(newest, volume, monkeypatch):
    asked = []
    monkeypatch.setattr(recovery, "_looked_at", lambda url, wanted, now: asked.append(settings_at(url)))

    restored(newest, volume)

    assert asked == [{"fsync": "on", "full_page_writes": "on"}]
    controls = scratch.run_as_owner(
        volume, scratch.path_of("pg_controldata"), "-D", volume / "restored/data"
    ).splitlines()
    assert "Database cluster state:               shut down" in controls


def settings_at(url):
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes')")
        )


def test_a_swap_puts_it_in_place_and_keeps_what_was_there(newest, volume):
    restored(newest, volume)

    swap(volume, NAME)

    assert names_in(volume) == [f"before-{NAME}", "data"]
    assert names_in(volume / f"before-{NAME}") == ["serves"]
    assert payments_in(volume) == [10_00, 20_00, 30_00]


@pytest.fixture
def looked_at(volume):
    """What a restore leaves that was looked at, in place of a database."""
    folder = scratch.folder_in(volume, "restored")
    (scratch.folder_in(folder, "data") / "restored").touch()
    (folder / "complete").touch()
    return volume


@pytest.fixture
def interrupted(looked_at):
    """A swap that was interrupted between its two renames."""
    (looked_at / "data").rename(looked_at / f"before-{NAME}")
    return looked_at


def test_what_was_not_looked_at_to_its_end_takes_no_place(looked_at):
    (looked_at / "restored/complete").unlink()

    with pytest.raises(BackupError, match="Nothing was restored that could take the place of the database"):
        swap(looked_at, NAME)

    assert names_in(looked_at / "data") == ["serves"]


def test_an_interrupted_swap_is_gone_back_from(interrupted):
    swap_back(interrupted, "20261128T100000Z")

    assert names_in(interrupted / "data") == ["serves"]
    assert recovery.kept(interrupted) == []


def test_an_interrupted_swap_can_be_ended_by_another(interrupted):
    swap(interrupted, "20261128T100000Z")

    assert names_in(interrupted / "data") == ["restored"]
    assert recovery.kept(interrupted) == [f"before-{NAME}"]


def test_going_back_keeps_what_is_gone_back_from(looked_at):
    swap(looked_at, NAME)

    swap_back(looked_at, "20261128T100000Z")

    assert names_in(looked_at / "data") == ["serves"]
    assert names_in(looked_at / "undone-20261128T100000Z") == ["restored"]


def test_going_back_returns_to_the_newest_that_is_kept(looked_at):
    older = scratch.folder_in(looked_at, "before-20261101T000000Z")
    swap(looked_at, NAME)

    swap_back(looked_at, "20261128T100000Z")

    assert names_in(looked_at / "data") == ["serves"]
    assert older.exists()


def test_where_nothing_is_kept_there_is_nothing_to_go_back_to(volume):
    with pytest.raises(BackupError, match="Nothing is kept of a database before this one"):
        swap_back(volume, NAME)

    assert names_in(volume) == ["data"]


def test_what_is_kept_is_forgotten_and_what_serves_is_not(looked_at):
    swap(looked_at, NAME)

    assert recovery.forget_kept(looked_at) == [f"before-{NAME}"]
    assert names_in(looked_at) == ["data"]


def test_while_a_swap_is_interrupted_nothing_is_forgotten(interrupted):
    with pytest.raises(BackupError, match="A restore was interrupted: `fab restore --back`"):
        recovery.forget_kept(interrupted)

    assert recovery.kept(interrupted) == [f"before-{NAME}"]


def test_a_copy_in_which_a_payment_is_missing_is_named_to_the_cent(tmp_path):
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "copy")]
    for url, paid in zip(urls, (10_00, 9_99), strict=True):
        with database.opened_beside(url):
            database.migrate()
            a_payment(an_invoice("1", a_customer("C1")), paid)

    with pytest.raises(BackupError, match=r"customer C1 owed 90\.00 USD, now 90\.01 USD"):
        recovery.compared(*urls, datetime.now(UTC))


@pytest.fixture
def two_ledgers(tmp_path):
    """The addresses of two databases; the second lacks one of two invoices."""
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("serves", "copy")]
    for url, numbers in zip(urls, (("1", "2"), ("1",)), strict=True):
        with database.opened_beside(url):
            database.migrate()
            customer = a_customer("C1")
            for number in numbers:
                an_invoice(number, customer)
    return urls


def test_a_copy_that_lacks_an_invoice_is_refused_with_what_differs(two_ledgers):
    with pytest.raises(
        BackupError, match=r"^What the copy holds is not what was there: On .*owed 200\.00 USD, now 100"
    ):
        recovery.compared(*two_ledgers, datetime.now(UTC))
