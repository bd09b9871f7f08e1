"""A run of the backups becomes a report that is true, whatever the containers print and however they end."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "provisioning/rootfs/usr/local/lib/invoices"
DOCKER = """#!/bin/sh
echo "$VERSION $*" >> "$CALLS"
case "$*" in
    *" run "*) cat "$ANSWERS/run"; exit "$(cat "$ANSWERS/run.code")" ;;
    *"stanza-create"*) exit 0 ;;
    *"--type=full"*) cat "$ANSWERS/full" >&2; exit "$(cat "$ANSWERS/full.code")" ;;
    *"info"*) cat "$ANSWERS/info" ;;
esac
"""
INFO = [{"backup": [{"label": "20261128-020000F", "error": False, "info": {"repository": {"delta": 4_000_000}}}]}]
_START = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import backup_runs, reports
here = Path(sys.argv[2])
backup_runs.CURRENT, backup_runs.LOCK, reports.FOLDER = here / "current", here / "lock", here / "reports"
sys.exit(backup_runs.main(sys.argv[3]))
"""


class Server:
    """What the script finds on a server: a release, and a `docker` that answers what is laid out."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("bin", "answers", "reports", "releases/abc"):
            (folder / name).mkdir(parents=True)
        (folder / "current").symlink_to(folder / "releases/abc")
        (folder / "bin/docker").write_text(DOCKER)
        (folder / "bin/docker").chmod(0o755)
        self.answers("run", {"ok": True, "sentence": "Backup 1 is made.", "backup": "1"})
        self.answers("full", "")
        self.answers("info", INFO)

    def answers(self, name, said, code=0):
        text = said if isinstance(said, str) else json.dumps(said)
        (self.folder / "answers" / name).write_text(text)
        (self.folder / f"answers/{name}.code").write_text(str(code))

    def start(self, kind):
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "CALLS": str(self.folder / "calls"),
            "ANSWERS": str(self.folder / "answers"),
        }  # fmt: skip
        words = [sys.executable, "-c", _START, FOLDER, self.folder, kind]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, env=environment)

    def report(self, kind):
        return json.loads((self.folder / f"reports/{kind}.json").read_text())

    @property
    def calls(self):
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def test_a_backup_is_made_in_the_container_of_the_release_that_serves(server):
    done = server.start("backup")

    assert (done.returncode, done.stdout) == (0, "Backup 1 is made.\n")
    [call] = server.calls
    assert call.startswith("abc compose --progress quiet --project-name invoices ")
    assert call.endswith(
        "/releases/abc --env-file /etc/invoices/stack.env run --rm --no-deps -T backup invoices backup --json"
    )
    assert {"ok": True, "sentence": "Backup 1 is made.", "backup": "1"}.items() <= server.report("backup").items()
    assert server.report("backup")["at"].endswith("Z")


def test_the_report_is_the_last_line_whatever_was_printed_before(server):
    server.answers("run", 'something else\n{"ok": true, "sentence": "It agrees."}\n')

    assert server.start("certificate").returncode == 0
    assert server.calls[0].endswith("backup invoices certificate make --json")
    assert server.report("certificate")["sentence"] == "It agrees."


def test_what_is_not_ok_is_kept_and_ends_with_one(server):
    server.answers("run", {"ok": False, "sentence": "The bucket cannot be reached."}, code=1)

    done = server.start("backup")

    assert (done.returncode, done.stdout) == (1, "The bucket cannot be reached.\n")
    assert server.report("backup")["ok"] is False


def test_an_ok_of_a_container_that_failed_is_none(server):
    server.answers("run", {"ok": True, "sentence": "Backup 1 is made."}, code=137)

    assert server.start("backup").returncode == 1
    assert server.report("backup")["sentence"] == "`invoices backup --json` ended with 137, whatever it reported."


@pytest.mark.parametrize("printed", ["", "killed", "[1, 2]", "12", '"a text"', '{"ok": true}', "null"])
def test_whatever_is_printed_that_is_no_report_becomes_one_that_is_not_ok(server, printed):
    server.answers("run", printed)

    done = server.start("backup")

    assert (done.returncode, done.stderr) == (1, "")
    assert server.report("backup")["ok"] is False
    assert server.report("backup")["sentence"] == "`invoices backup --json` reported nothing."


def test_where_nothing_was_deployed_it_says_so(server):
    (server.folder / "current").unlink()

    assert server.start("backup").stdout == "Nothing was deployed here yet.\n"
    assert server.report("backup")["ok"] is False


def test_without_docker_there_is_a_report_too(server):
    (server.folder / "bin/docker").unlink()
    (server.folder / "bin/env").symlink_to("/nowhere")

    assert server.start("backup").returncode == 1
    assert server.report("backup")["ok"] is False


def test_the_whole_is_copied_in_the_container_of_the_database(server):
    done = server.start("base-backup")

    report = server.report("base-backup")
    assert done.returncode == 0, done.stderr
    assert (report["ok"], report["backup"], report["bytes"]) == (True, "20261128-020000F", 4_000_000)
    assert [call.partition("stack.env ")[2] for call in server.calls] == [
        "exec -T db pgbackrest --stanza=invoices stanza-create",
        "exec -T db pgbackrest --stanza=invoices --type=full backup",
        "exec -T db pgbackrest --stanza=invoices --output=json info",
    ]


def test_a_copy_that_fails_is_told_with_its_first_error_and_not_with_a_hint(server):
    server.answers(
        "full", "P00  ERROR: [082]: WAL segment was not archived\n HINT: check the archive_command\n", code=82
    )

    assert server.start("base-backup").returncode == 1
    assert server.report("base-backup")["sentence"] == (
        "The database could not be copied as a whole: [082]: WAL segment was not archived"
    )


@pytest.mark.parametrize("info", [[], [{}], [{"backup": []}], "no JSON"])
def test_a_copy_that_the_archive_does_not_list_is_not_ok(server, info):
    server.answers("info", info)

    done = server.start("base-backup")

    assert (done.returncode, done.stderr) == (1, "")
    assert server.report("base-backup")["sentence"] == "The archive does not list the copy that was just made."


def test_a_copy_with_errors_in_it_is_not_ok_and_says_so(server):
    server.answers("info", [{"backup": [{**INFO[0]["backup"][0], "error": True}]}])

    assert server.start("base-backup").returncode == 1
    assert server.report("base-backup")["sentence"] == (
        "The copy 20261128-020000F has damaged pages: look at the disk, and at `fab backups`."
    )


def test_one_run_waits_for_another(server):
    with (server.folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(subprocess.TimeoutExpired):
            _started_within(server, 1)

    assert server.start("backup").returncode == 0


def _started_within(server, seconds):
    words = ["timeout", "20", sys.executable, "-c", _START, FOLDER, server.folder, "backup"]
    subprocess.run(words, check=False, capture_output=True, timeout=seconds)
