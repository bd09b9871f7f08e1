"""The search through logs, run by a real shell over logs that were kept and an engine that only prints."""

import gzip
import os
import subprocess

import pytest

from playbooks import logs

ENGINE = """#!/bin/sh
echo "2026-01-03T00:00:00.000000000Z $3 on its output: req-7"
echo "2026-01-01T12:00:00.000000000Z $3 on its error: req-7 [x]" >&2
echo "2026-01-04T00:00:00.000000000Z nothing of interest"
"""
LAST_OF_ALL = "invoices-app-2 2026-01-03T00:00:00.000000000Z invoices-app-2 on its output: req-7"


@pytest.fixture
def search(tmp_path):
    """Return a function that searches the logs of the app, of which two releases left some."""
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    for name, line in (
        ("app-newer", "2026-01-02T00:00:00.000000000Z what it said: req-7"),
        ("app-older", "2026-01-01T00:00:00.000000000Z what it said: req-7"),
        ("proxy-newer", "2026-01-02T00:00:00.000000000Z what the proxy said: req-7"),
    ):
        (tmp_path / f"{name}.log.gz").write_bytes(gzip.compress(f"{line}\nanother\n".encode()))
    script = logs._SEARCH.replace("/var/log/invoices", str(tmp_path))
    path = f"{engine.parent}:{os.environ['PATH']}"

    def searched(wanted, lines=100, service="app"):
        command = ["sh", "-c", script, "sh", service, wanted, str(lines), "invoices-app-2"]
        done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=True, timeout=20)
        assert done.stderr == ""
        return done.stdout.splitlines()

    return searched


def test_what_containers_that_are_gone_printed_is_found_with_the_newest_last(search):
    assert search("req-7") == [
        "app-older 2026-01-01T00:00:00.000000000Z what it said: req-7",
        "invoices-app-2 2026-01-01T12:00:00.000000000Z invoices-app-2 on its error: req-7 [x]",
        "app-newer 2026-01-02T00:00:00.000000000Z what it said: req-7",
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
