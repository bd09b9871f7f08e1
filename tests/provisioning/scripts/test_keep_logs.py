"""What containers printed outlives them, once, and never fills the disk."""

import gzip
import os
import time

import keep_logs
import kept_lines
import pytest
from support.server_scripts import container

ENGINE = """#!/bin/sh
for last; do :; done
since=$4
[ "$3" = --since ] || since=
awk -v since="$since" '$1 >= since' "$LOGS/$last"
"""


@pytest.fixture
def logs(server, tmp_path, monkeypatch):
    """Return a function that has a service print lines at moments, and one that runs the script."""
    printed, kept, programs = tmp_path / "printed", tmp_path / "kept", tmp_path / "bin"
    for folder in (printed, kept, programs):
        folder.mkdir()
    (programs / "docker").write_text(ENGINE)
    (programs / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("LOGS", str(printed))
    monkeypatch.setattr(kept_lines, "FOLDER", kept)
    server.answers["docker ps *"] = ""

    def prints(service, *lines, number=1):
        row = container(service, number=number)
        if row not in server.answers["docker ps *"]:
            server.answers["docker ps *"] += row + "\n"
        with (printed / row.split("\t")[0]).open("a") as file:
            file.writelines(f"2026-11-28T09:{line}\n" for line in lines)

    def run():
        assert keep_logs.main() == 0
        return {path.name: path.read_text() for path in kept.glob("*.log")}

    return prints, run


def test_every_service_is_kept_with_container_and_moment(logs):
    prints, run = logs
    prints("db", "00:00.000000001Z LOG:  ready")
    prints("proxy", '01:00.000000001Z {"level":"info"}')

    assert run() == {
        "db.log": "invoices-db-1 2026-11-28T09:00:00.000000001Z LOG:  ready\n",
        "proxy.log": 'invoices-proxy-1 2026-11-28T09:01:00.000000001Z {"level":"info"}\n',
    }


def test_a_line_is_kept_once(logs):
    prints, run = logs
    prints("app", "00:00.000000001Z one", "00:00.000000002Z two")
    run()
    prints("app", "05:00.000000001Z three")
    run()

    assert [line.split()[-1] for line in run()["app.log"].splitlines()] == ["one", "two", "three"]


def test_what_a_removed_container_printed_stays_beside_what_the_next_prints(logs, server):
    prints, run = logs
    prints("worker", "00:00.000000001Z old")
    run()
    server.answers["docker ps *"] = ""
    prints("worker", "06:00.000000001Z new", number=2)

    assert run()["worker.log"].splitlines() == [
        "invoices-worker-1 2026-11-28T09:00:00.000000001Z old",
        "invoices-worker-2 2026-11-28T09:06:00.000000001Z new",
    ]


def test_a_large_file_is_compressed_and_begun_anew(logs, monkeypatch):
    prints, run = logs
    monkeypatch.setattr(keep_logs, "ROTATED_AT", 100)
    prints("app", *[f"00:00.00000000{digit}Z a line" for digit in range(1, 4)])
    run()
    prints("app", "05:00.000000001Z new")

    assert [line.split()[-1] for line in run()["app.log"].splitlines()] == ["new"]
    (compressed,) = kept_lines.FOLDER.glob("app.*.log.gz")
    assert len(gzip.decompress(compressed.read_bytes()).splitlines()) == 3


def test_a_service_that_never_stops_printing_does_not_fill_the_disk(logs, monkeypatch):
    prints, run = logs
    monkeypatch.setattr(keep_logs, "ROTATED_AT", 20_000)
    monkeypatch.setattr(keep_logs, "MOST_BYTES", 60_000)
    for minute in range(10, 40):
        # What cannot be compressed: 20 kB of it each time.
        prints("app", *[f"{minute}:00.{place:09}Z {os.urandom(100).hex()}" for place in range(1, 101)])
        run()
        assert sum(path.stat().st_size for path in kept_lines.FOLDER.iterdir()) <= 90_000

    newest = max(kept_lines.FOLDER.glob("app.*.log.gz"), key=lambda path: path.name)
    assert "2026-11-28T09:39:00" in gzip.decompress(newest.read_bytes()).decode()


def test_after_three_months_a_line_is_forgotten(logs):
    _prints, run = logs
    for name, days in (("app.1.log.gz", 91), ("app.2.log.gz", 89), ("app-v1.log.gz", 91)):
        path = kept_lines.FOLDER / name
        path.write_bytes(b"")
        os.utime(path, (time.time() - days * 86_400,) * 2)

    run()

    assert [path.name for path in kept_lines.FOLDER.glob("*.gz")] == ["app.2.log.gz"]


def test_the_log_of_deploys_is_bounded_too(logs, monkeypatch):
    _prints, run = logs
    monkeypatch.setattr(keep_logs, "ROTATED_AT", 10)
    (kept_lines.FOLDER / "deploys.log").write_text("2026-11-28 deploy v1 serves\n")

    run()

    assert len(list(kept_lines.FOLDER.glob("deploys.*.log.gz"))) == 1
