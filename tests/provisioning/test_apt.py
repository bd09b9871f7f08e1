"""Lists of packages are fetched whole, also where the system fetches them itself at that moment: a real apt does it."""

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from support.polling import is_so_within

from provisioning import apt
from provisioning.host import HostError, Ran

pytestmark = pytest.mark.skipif(not shutil.which("apt-get") or os.getuid() != 0, reason="needs apt-get and root")


@pytest.fixture
def lists(tmp_path):
    """Folders of an apt of its own, whose only package archive is empty; `sleep` says that it was called."""
    for folder in ("lists/partial", "cache/archives/partial", "archive", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "archive/Packages").touch()
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{tmp_path}/archive ./\n")
    (tmp_path / "apt.conf").write_text(
        f'Dir::State::Lists "{tmp_path}/lists"; Dir::Cache "{tmp_path}/cache"; Dir::Etc::SourceParts "-";\n'
        f'Dir::Etc::SourceList "{tmp_path}/sources.list"; APT::Sandbox::User "root"; #clear APT::Update;\n'
    )
    (tmp_path / "bin/sleep").write_text(f"#!/bin/sh\ntouch {tmp_path}/waits\n")
    (tmp_path / "bin/sleep").chmod(0o755)
    return tmp_path


def _fetch(lists, tries=1_000):
    environment = {"PATH": f"{lists}/bin:{os.environ['PATH']}", "APT_CONFIG": str(lists / "apt.conf"), "LC_ALL": "C"}
    return subprocess.Popen(
        apt.fetching(tries), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def _locked(lists):
    with (lists / "lists/lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


def test_a_lock_of_the_lists_is_waited_for(lists):
    with _locked(lists):
        fetching = _fetch(lists)
        assert is_so_within(20, (lists / "waits").exists)

    _, err = fetching.communicate(timeout=60)
    assert (fetching.returncode, err) == (0, "")


def test_a_lock_that_stays_is_not_waited_for_for_ever(lists):
    with _locked(lists):
        fetching = _fetch(lists, tries=2)
        _, err = fetching.communicate(timeout=60)

    assert fetching.returncode == 100
    assert "Could not get lock" in err


def test_half_a_list_is_a_failure_and_is_not_tried_again(lists):
    with (lists / "sources.list").open("a") as sources:
        sources.write(f"deb [trusted=yes] file:{lists}/nowhere ./\n")

    fetching = _fetch(lists)
    _, err = fetching.communicate(timeout=60)

    assert fetching.returncode == 100
    assert "nowhere" in err
    assert not (lists / "waits").exists()


def test_lists_that_were_fetched_are_known_as_fetched(rented):
    host = rented()

    apt.refresh(host)

    assert host.acted[-1] == "touch /run/invoices-package-lists"


def test_lists_that_could_not_be_fetched_are_not(rented):
    host = rented({"sh -c *": Ran(100, "", "E: Could not get lock")})

    with pytest.raises(HostError, match="Could not get lock"):
        apt.refresh(host)

    assert "touch /run/invoices-package-lists" not in host.acted


def test_what_the_system_began_to_fetch_does_not_count_as_fetched(rented):
    host = rented({"find /run/invoices-package-lists *": Ran(1, "", "No such file or directory")})

    apt.refresh(host)

    assert len(host.acted) == 2
