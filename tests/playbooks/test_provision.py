"""Nobody provisions a server while another command changes it."""

import json

import pytest

from playbooks import provision as module
from provisioning.change import Change
from provisioning.host import HostError, Ran

LOCK = "/opt/invoices/lock"
TAKEN = ["mkdir -p /opt/invoices", f"mkdir {LOCK}", f"write {LOCK}/holder"]
HOLDER = {"who": "ann@laptop", "what": "deploy abc", "since": "2026-01-02 03:04:05 UTC"}


@pytest.fixture
def changes(monkeypatch):
    """Stand in for the parts of a server, which have tests of their own: return what they found."""
    found = [Change("/etc/one", changed=True, diff="+ line"), Change("/etc/two")]

    def applied(host, _settings, _can_still_connect, _keys):
        host.act("apply")
        yield from found

    monkeypatch.setattr(module, "apply_baseline", applied)
    return found


def test_the_lock_is_taken_on_a_bare_server_and_given_back(command, changes):
    printed = command.run(module, "provision")

    assert "198.51.100.9: 1 changed, 1 as they should be." in printed
    assert command.server.acted[:4] == [*TAKEN, "apply"]
    assert command.server.acted[-1] == f"rm -rf -- {LOCK}"
    assert len(changes) == 2


def test_what_it_changed_is_logged_while_the_lock_is_held(command, changes):
    command.run(module, "provision")

    assert [line for line in command.server.stdin if f"provision - {len(changes) - 1} changed" in line]
    assert "deploys.log" in command.server.acted[-2]


def test_a_colleague_s_lock_is_met_with_whose_it_is_and_nothing_is_changed(command, changes):
    command.server.files[f"{LOCK}/holder"] = json.dumps(HOLDER)
    command.server.answers[f"mkdir {LOCK}"] = Ran(1, "")

    told = command.refused(module, "provision")

    assert "ann@laptop holds the lock since 2026-01-02 03:04:05 UTC for: deploy abc. Wait for it to end" in told
    assert "apply" not in command.server.acted
    assert len(changes) == 2


def test_a_check_takes_no_lock_and_changes_nothing(command, changes):
    printed = command.run(module, "provision", check=True)

    assert "198.51.100.9: 1 would change, 1 as they should be." in printed
    assert command.server.acted == []
    assert len(changes) == 2


def test_a_part_that_fails_is_logged_and_the_lock_is_free_again(command, monkeypatch):
    def applied(_host, _settings, _can_still_connect, _keys):
        yield Change("/etc/one")
        raise HostError("198.51.100.9: the disk is full")

    monkeypatch.setattr(module, "apply_baseline", applied)

    assert command.refused(module, "provision") == "198.51.100.9: the disk is full"
    assert "provision - failed: 198.51.100.9: the disk is full" in command.server.stdin[-2]
    assert command.server.acted[-1] == f"rm -rf -- {LOCK}"
