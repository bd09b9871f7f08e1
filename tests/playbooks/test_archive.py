"""What was entered is in the archive before anything is stopped: the script, on a real server that archives."""

import os
import shutil
import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest
from support.archiving_cluster import archiving_cluster
from support.postgresql_cluster import installed_versions
from support.recording_host import RecordingHost

from playbooks.steps import archive
from playbooks.steps.stack import Stack
from provisioning.host import HostError, Ran

LAST = "SELECT last_archived_wal FROM pg_stat_archiver"


@pytest.fixture(scope="module")
def live():
    """A connection to a server that archives, and the environment of whoever is in its container."""
    if not installed_versions() or not shutil.which("pgbackrest"):
        pytest.skip("PostgreSQL or pgBackRest is not installed")
    with (
        archiving_cluster(installed_versions()[-1]) as cluster,
        psycopg.connect(f"{cluster.server}/postgres", autocommit=True) as connection,
    ):
        connection.execute("CREATE ROLE postgres SUPERUSER LOGIN")
        connection.execute("CREATE DATABASE invoices")
        place = urlsplit(cluster.server)
        yield connection, {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(place.port)}


def archived(environment):
    words = ["sh", "-c", archive._ARCHIVED]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=90, env=environment)


def test_what_was_written_is_in_the_archive_when_it_returns(live):
    connection, environment = live
    connection.execute("CREATE TABLE entered (id int)")
    [written] = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()

    assert archived(environment).returncode == 0

    assert connection.execute(LAST).fetchone()[0] >= written


def test_where_nothing_was_written_since_nothing_is_waited_for(live):
    connection, environment = live
    archived(environment)
    # At the very end of a segment, as where it was just switched, the next one is only written with the next change.
    [before] = connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()

    assert archived(environment).returncode == 0

    assert connection.execute(LAST).fetchone()[0][:24] == before[:24]


def test_where_the_database_is_away_it_says_so(live):
    assert archived({**live[1], "PGPORT": "1"}).returncode == 1


def test_what_does_not_get_there_is_told_with_the_reason():
    said = Ran(1, "", "psql: something\nthe archive did not take 000000010000000000000008 within a minute\n")
    host = RecordingHost(answers={"*exec -T db sh -c*": said})

    with pytest.raises(HostError) as told:
        archive.archive_the_last(Stack(host, "new"))

    assert str(told.value) == (
        "198.51.100.9: not all that was entered is in the archive: the archive did not take 000000010000000000000008 "
        "within a minute."
    )


def test_an_archive_that_does_not_answer_is_waited_for_half_a_minute():
    host = RecordingHost()

    archive.create(Stack(host, "new"))

    assert host.acted[0].endswith("exec -T db timeout 30 pgbackrest --stanza=invoices stanza-create")
