from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from support.polling import is_so_within

from app.backups import physical
from app.backups.physical import NEWEST, PhysicalError, Target, base_backups, restore
from app.backups.scratch import folder_in, server_of


@pytest.fixture(scope="module")
def history(archive):
    """Three rows that were written one after the other, a marker between the first two, and a time before the last."""
    with psycopg.connect(f"{archive.server}/postgres", autocommit=True) as live:
        live.execute("CREATE TABLE kept (what text)")
        archive.base_backup()
        [ended] = live.execute("SELECT date_trunc('second', clock_timestamp()) + '1 second'").fetchone()
        # pgBackRest knows whole seconds: a moment in the one in which the backup ended counts as before it.
        assert is_so_within(5, lambda: datetime.now(UTC) > ended)
        live.execute("INSERT INTO kept VALUES ('first')")
        live.execute("SELECT pg_create_restore_point('here')")
        live.execute("INSERT INTO kept VALUES ('second')")
        [before_third] = live.execute("SELECT clock_timestamp()").fetchone()
        live.execute("INSERT INTO kept VALUES ('third')")
        [segment] = live.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        archived = "SELECT coalesce(last_archived_wal >= %s, false) FROM pg_stat_archiver"
        assert is_so_within(30, lambda: live.execute(archived, [segment]).fetchone()[0])
    return before_third


def restored(archive, scratch_folder, target):
    folder = folder_in(scratch_folder, "restored")
    restore(archive.repository, folder, target)
    with server_of(folder, "invoices") as server, psycopg.connect(server.url("postgres")) as connection:
        return [what for (what,) in connection.execute("SELECT what FROM kept")]


def test_recovery_stops_at_the_marker(archive, history, scratch_folder):
    base = base_backups(archive.repository, scratch_folder)[-1].label

    assert restored(archive, scratch_folder, Target.marker("here", base)) == ["first"]


def test_recovery_stops_before_a_moment(archive, history, scratch_folder):
    assert restored(archive, scratch_folder, Target.at(history)) == ["first", "second"]


def test_the_newest_is_all_that_was_archived(archive, history, scratch_folder):
    assert restored(archive, scratch_folder, NEWEST) == ["first", "second", "third"]


def test_the_base_backup_says_when_it_ended_and_how_large_it_is(archive, history, scratch_folder):
    [base] = base_backups(archive.repository, scratch_folder)

    assert (datetime.now(UTC) - base.ended_at).total_seconds() < 600
    assert base.size > 1_000_000


def test_another_passphrase_restores_nothing(archive, history, scratch_folder):
    with pytest.raises(PhysicalError, match=r"The repository file:///\S+/wal/5f0c7d "):
        base_backups(replace(archive.repository, cipher="another"), scratch_folder)


def test_another_repository_holds_nothing(archive, history, scratch_folder):
    with pytest.raises(PhysicalError, match="/wal/other holds no base backup that can be read"):
        base_backups(replace(archive.repository, name="other"), scratch_folder)


def test_a_marker_that_was_never_archived_is_no_end(archive, history, scratch_folder):
    base = base_backups(archive.repository, scratch_folder)[-1].label

    with pytest.raises(Exception, match="recovery ended before configured recovery target was reached"):
        restored(archive, scratch_folder, Target.marker("elsewhere", base))


def test_the_passphrase_is_in_a_file_that_its_owner_alone_reads(archive, history, scratch_folder):
    folder = folder_in(scratch_folder, "restored")

    restore(archive.repository, folder, NEWEST)

    assert (folder / "pgbackrest.conf").stat().st_mode & 0o777 == 0o600


def test_the_passphrase_is_forgotten_when_recovery_has_ended(archive, history, scratch_folder):
    folder = folder_in(scratch_folder, "restored")
    restore(archive.repository, folder, NEWEST)

    physical.forget(folder)

    assert not (folder / "pgbackrest.conf").exists()


def test_asking_for_base_backups_leaves_no_passphrase(archive, history, scratch_folder):
    base_backups(archive.repository, scratch_folder)

    assert not (scratch_folder / "pgbackrest.conf").exists()
