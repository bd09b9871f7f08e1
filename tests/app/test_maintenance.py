"""Maintenance begins when nobody writes any more, and keeps everybody from it until it ends."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from app.maintenance import Maintenance, MaintenanceMode, StillWritingError, UnderMaintenanceError

UNTIL = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WRITER = """
import sys
from pathlib import Path
from app.maintenance import MaintenanceMode

with MaintenanceMode(Path(sys.argv[1])).writing():
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def mode(tmp_path):
    return MaintenanceMode(tmp_path / "data")


@pytest.fixture
def writer(mode):
    """Another process that writes until its input is closed."""
    command = [sys.executable, "-c", WRITER, str(mode.data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        yield process


def test_nobody_writes_while_it_lasts(mode):
    mode.begin(UNTIL, "a restore", 0)

    with pytest.raises(UnderMaintenanceError), mode.writing():
        pytest.fail("it was written")


def test_it_says_until_when_and_why(mode):
    mode.begin(UNTIL, "a restore", 0)

    assert mode.current == Maintenance(UNTIL, "a restore")


def test_everything_is_written_again_once_it_has_ended(mode):
    mode.begin(UNTIL, "", 0)

    assert mode.end() is True
    with mode.writing():
        assert mode.current is None


def test_what_has_not_begun_cannot_end(mode):
    assert mode.end() is False


def test_it_does_not_begin_while_another_process_writes(mode, writer):
    with pytest.raises(StillWritingError):
        mode.begin(UNTIL, "", 0)

    assert mode.current is None


def test_it_begins_when_the_last_writer_has_ended(mode, writer):
    writer.stdin.close()

    mode.begin(UNTIL, "", 20)

    assert mode.current == Maintenance(UNTIL)


def test_a_writer_that_is_killed_holds_nothing_up(mode, writer):
    os.kill(writer.pid, 9)

    mode.begin(UNTIL, "", 20)

    assert mode.current == Maintenance(UNTIL)


def test_it_can_be_told_anew_how_long_it_takes(mode):
    mode.begin(UNTIL, "first", 0)

    mode.begin(UNTIL.replace(hour=11), "second", 0)

    assert mode.current == Maintenance(UNTIL.replace(hour=11), "second")


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"until": 1}', '{"until": "soon"}', '{"why": "x"}', "\x80"])
def test_a_file_that_cannot_be_read_keeps_everybody_from_writing_all_the_same(mode, content):
    mode.data_dir.mkdir()
    (mode.data_dir / "maintenance.json").write_bytes(content.encode("latin-1"))

    assert mode.current == Maintenance(None, "")
