"""Two people never change a server at once, and whoever waits knows for whom."""

import json

import pytest
from support.recording_host import RecordingHost

from playbooks.steps import lock
from provisioning.host import HostError, Ran

HELD = {"who": "ann@laptop", "what": "deploy abc", "since": "2026-01-02 03:04:05 UTC"}


def test_the_lock_is_held_for_the_block_and_says_by_whom():
    host = RecordingHost()

    with lock.held(host, "deploy abc"):
        assert json.loads(host.files["/opt/invoices/lock/holder"])["what"] == "deploy abc"

    assert host.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_the_lock_is_given_back_when_the_block_fails():
    host = RecordingHost()

    with pytest.raises(RuntimeError), lock.held(host, "deploy abc"):
        raise RuntimeError

    assert host.acted[-1] == "rm -rf -- /opt/invoices/lock"


def test_who_comes_second_is_told_who_holds_it_and_leaves_it_alone():
    host = RecordingHost(
        files={"/opt/invoices/lock/holder": json.dumps(HELD)}, answers={"mkdir /opt/invoices/lock": Ran(1, "")}
    )

    with pytest.raises(HostError) as told, lock.held(host, "deploy def"):
        pass

    assert "ann@laptop holds the lock since 2026-01-02 03:04:05 UTC for: deploy abc" in str(told.value)
    assert "fab lock --release" in str(told.value)
    assert host.acted == ["mkdir -p /opt/invoices", "mkdir /opt/invoices/lock"]


def test_nobody_holds_a_lock_that_is_not_there():
    assert lock.holder(RecordingHost(answers={"test -d *": Ran(1, "")})) == ""


def test_a_lock_whose_holder_was_cut_off_before_it_said_its_name_is_held_all_the_same():
    assert lock.holder(RecordingHost()) == "Somebody holds the lock since an unknown time for: unknown"
