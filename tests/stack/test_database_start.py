"""The database starts on the folder it always had, and on no other: the script, in a folder of the test's own."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "stack/database/start.sh"
ENTRYPOINT = '#!/bin/sh\necho "started with $*"\n'


@pytest.fixture
def volume(tmp_path):
    (tmp_path / "volume/17").mkdir(parents=True)
    return tmp_path / "volume"


@pytest.fixture
def start(volume, tmp_path):
    """Run the script as the container does; what it would start only says so."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker-entrypoint.sh").write_text(ENTRYPOINT)
    (tmp_path / "bin/docker-entrypoint.sh").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "VOLUME": str(volume), "PGDATA": str(volume / "17/data"),
    }  # fmt: skip

    def run(**more):
        words = ["bash", SCRIPT, "postgres", "--jit=off"]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=30, env=environment | more)

    return run


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_database_that_is_there_is_started(volume, start):
    (volume / "17/data").mkdir()

    assert start().stdout == "started with postgres --jit=off\n"


def test_where_there_is_none_one_is_made(start):
    assert start().stdout == "started with postgres --jit=off\n"


def test_a_database_that_lies_in_the_volume_itself_is_moved_to_its_folder(volume, start):
    (volume / "PG_VERSION").write_text("17\n")
    (volume / "base").mkdir()
    (volume / ".hidden").touch()

    assert start().returncode == 0

    assert names_in(volume) == ["17"]
    assert names_in(volume / "17/data") == [".hidden", "PG_VERSION", "base"]
    assert (volume / "17/data").stat().st_mode & 0o777 == 0o700


def test_a_database_that_was_moved_is_not_moved_again(volume, start):
    (volume / "PG_VERSION").write_text("16\n")
    (volume / "17/data").mkdir()

    assert start().returncode == 0

    assert names_in(volume / "17/data") == []


def test_a_move_that_was_cut_off_is_ended(volume, start):
    (volume / "PG_VERSION").write_text("17\n")
    (volume / "17/data.moved").mkdir()
    (volume / "17/data.moved/base").mkdir()

    assert start().returncode == 0

    assert names_in(volume / "17/data") == ["PG_VERSION", "base"]


def test_a_move_that_was_cut_off_at_its_last_step_is_ended(volume, start):
    (volume / "17/data.moved").mkdir()
    (volume / "17/data.moved/PG_VERSION").write_text("17\n")

    assert start().returncode == 0

    assert names_in(volume / "17") == ["data"]


def test_in_the_place_of_a_database_that_a_restore_has_moved_aside_none_is_made(volume, start):
    (volume / "17/before-20261128T090500Z").mkdir()

    refused = start()

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == ("A restore was interrupted: `fab restore --back` puts the database back in its place.\n")


def test_what_is_kept_beside_a_database_does_not_keep_it_from_starting(volume, start):
    (volume / "17/before-20261128T090500Z").mkdir()
    (volume / "17/data").mkdir()

    assert start().returncode == 0


def test_no_empty_database_takes_the_place_of_one_of_another_version(volume, start):
    (volume / "16/data").mkdir(parents=True)
    (volume / "16/data/PG_VERSION").write_text("16\n")

    refused = start()

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == ("The database is of another version of PostgreSQL: `fab upgrade-database` upgrades it.\n")


def test_the_database_that_an_upgrade_makes_beside_one_of_another_version_is_made(volume, start):
    (volume / "16/data").mkdir(parents=True)
    (volume / "16/data/PG_VERSION").write_text("16\n")

    assert start(BESIDE_ANOTHER="yes").stdout == "started with postgres --jit=off\n"
