"""The command line ends with one sentence where a person can do something, and with a traceback where not."""

import errno
import os
import stat
import subprocess
import sys

import pytest
from support import command_line

from app import cli


def command_that_raises(error):
    def commands():
        raise error

    return commands


def test_a_full_disk_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cli, "commands", command_that_raises(OSError(errno.ENOSPC, "No space left on device")))

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == "The disk of the server is full: nothing was changed. Make room, and try again."


def test_a_mistake_of_the_program_is_not_hidden(monkeypatch):
    monkeypatch.setattr(cli, "commands", command_that_raises(ZeroDivisionError("by zero")))

    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_no_command_needs_what_only_the_image_of_the_backups_has():
    said = "import app.cli, sys; print(sorted({'boto3', 'botocore', 'pyrage'} & sys.modules.keys()))"

    assert subprocess.check_output([sys.executable, "-c", said], cwd=command_line.ROOT, text=True) == "[]\n"


def test_nobody_else_on_the_machine_reads_what_commands_write(tmp_path):
    data = tmp_path / "data"
    done = command_line.run({**os.environ, "DATA_DIR": str(data)}, "demo")

    assert done.returncode == 0, done.stderr
    written = [data, *data.rglob("*")]
    assert (data / "invoices.sqlite3") in written
    assert [str(path) for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
