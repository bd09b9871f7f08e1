"""The search through logs, run by a real shell over logs that were kept and an engine that only prints."""

import gzip
import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from playbooks import logs

ENGINE = """#!/bin/sh
echo "2026-01-03T00:00:00.000000000Z $3 on its output: req-7"
echo "2026-01-01T12:00:00.000000000Z $3 on its error: req-7 [x]" >&2
echo "2026-01-04T00:00:00.000000000Z nothing of interest"
"""
KEPT = """invoices-app-1 2025-12-31T00:00:00.000000000Z kept: req-7
invoices-app-2 2026-01-03T00:00:00.000000000Z invoices-app-2 on its output: req-7
"""
LAST_OF_ALL = "invoices-app-2 2026-01-03T00:00:00.000000000Z invoices-app-2 on its output: req-7"


@pytest.fixture
def search(tmp_path):
    """Return a function that searches the logs of the app, of which two releases left some."""
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    (tmp_path / "proxy.log").write_text("invoices-proxy-1 2026-01-02T00:00:00.000000000Z the proxy said: req-7\n")
    (tmp_path / "app.log").write_text(KEPT)
    (tmp_path / "app.17.log.gz").write_bytes(gzip.compress(b"invoices-app-0 2025-12-01T00:00:00.000000000Z req-7\n"))
    script = logs._SEARCH.replace("/var/log/invoices", str(tmp_path))
    path = f"{engine.parent}:{os.environ['PATH']}"

    def searched(wanted="", lines=100, service="app", seconds=0, errors=""):
        command = ["sh", "-c", script, "sh", service, wanted, str(seconds), errors, str(lines), "invoices-app-2"]
        done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=True, timeout=20)
        assert done.stderr == ""
        return done.stdout.splitlines()

    return searched


def test_what_containers_that_are_gone_printed_is_found_with_the_newest_last(search):
    assert search("req-7") == [
        "invoices-app-0 2025-12-01T00:00:00.000000000Z req-7",
        "invoices-app-1 2025-12-31T00:00:00.000000000Z kept: req-7",
        "invoices-app-2 2026-01-01T12:00:00.000000000Z invoices-app-2 on its error: req-7 [x]",
        LAST_OF_ALL,
    ]


def test_no_more_lines_are_told_than_were_asked_for(search):
    assert search("req-7", lines=1) == [LAST_OF_ALL]


def test_what_is_looked_for_is_text_and_no_pattern(search):
    assert len(search("[x]")) == 1
    assert search("r.q") == []
    assert search("-v") == []


def test_a_service_of_which_nothing_was_kept_is_searched_as_well(search):
    assert len(search("req-7", service="db")) == 2


def test_a_line_that_is_kept_and_still_with_docker_is_told_once(search):
    assert search("on its output") == [LAST_OF_ALL]


def test_only_lines_since_then_are_told(search, tmp_path):
    now = datetime.now(UTC)
    (tmp_path / "db.log").write_text(
        "".join(f"db {now - timedelta(minutes=ago):%Y-%m-%dT%H:%M:%S.000000000Z} {ago} ago\n" for ago in (180, 60))
    )

    assert [line.split(" ", 2)[2] for line in search(service="db", seconds=7200)] == ["60 ago"]


WRONG = [
    '{"level": "ERROR", "logger": "app.web", "message": "no"}',
    '{"level": "CRITICAL", "message": "no"}',
    '{"level":"error","ts":"2026","msg":"acme"}',
    '{"level":"info","msg":"handled request","status":502,"size":1}',
    "2026-11-28 09:00:00.000 UTC [12] ERROR:  relation is not there",
    "2026-11-28 09:00:00.000 UTC [12] FATAL:  role is not there",
    "1:M 28 Nov 2026 09:00:00.000 # Out of memory",
]
WELL = [
    '{"level": "INFO", "message": "an error was corrected"}',
    '{"level":"info","msg":"handled request","status":200,"size":500}',
    "2026-11-28 09:00:00.000 UTC [12] LOG:  checkpoint complete",
    "1:M 28 Nov 2026 09:00:00.000 * Ready to accept connections",
]


def test_errors_of_every_service_are_known_by_how_it_writes_them(search, tmp_path):
    lines = [f"one 2026-02-01T00:00:0{place}.000000000Z {line}\n" for place, line in enumerate(WRONG)]
    lines += [f"one 2026-02-01T00:00:0{place}.000000000Z {line}\n" for place, line in enumerate(WELL)]
    (tmp_path / "db.log").write_text("".join(lines))

    assert [line.split(" ", 2)[2] for line in search(service="db", errors=logs.ERRORS)] == WRONG
