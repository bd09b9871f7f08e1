"""`fab verify-backup` opens the newest backup that is complete, restores it beside, and changes nothing."""

from contextlib import contextmanager

import pytest

from playbooks import verify_backup
from playbooks.steps.backup_place import OpenedBackup
from provisioning.host import Ran


@pytest.fixture
def bucket(command, monkeypatch, tmp_path):
    """A bucket of which the newest backup is half uploaded; returns the ids that were opened."""
    command.server.answers |= {
        "readlink *": Ran(0, "/opt/invoices/releases/new\n"),
        "*invoices restore --json /scratch/opened": Ran(0, '{"ok": true, "sentence": "It agrees in every figure."}'),
    }
    asked = []

    @contextmanager
    def opened(_found, backup_id):
        asked.append(backup_id)
        yield OpenedBackup(backup_id, "Every file is as signed.", tmp_path)

    listed = [{"backup": name, "complete": name != "3"} for name in "123"]
    monkeypatch.setattr(verify_backup.backup_place, "listed", lambda _found: listed)
    monkeypatch.setattr(verify_backup.backup_place, "opened", opened)
    return asked


def test_the_newest_complete_one_is_proved_and_nothing_is_changed(command, bucket):
    printed = command.run(verify_backup, "verify_backup")

    assert bucket == ["2"]
    assert "It can be restored, and agrees in every figure; nothing was changed." in printed
    assert not [line for line in command.server.acted if " stop " in line]


def test_another_can_be_named(command, bucket):
    command.run(verify_backup, "verify_backup", backup="1")

    assert bucket == ["1"]


def test_the_lock_is_held_meanwhile_and_released(command, bucket):
    command.server.answers["*invoices restore --json /scratch/opened"] = Ran(
        1, '{"ok": false, "sentence": "It differs."}'
    )

    assert command.refused(verify_backup, "verify_backup") == "It differs."

    acted = command.server.acted
    assert acted.index("mkdir /opt/invoices/lock") < acted.index("rm -rf -- /opt/invoices/lock")


def test_without_a_complete_backup_it_says_so(command, bucket, monkeypatch):
    monkeypatch.setattr(verify_backup.backup_place, "listed", lambda _found: [{"backup": "1", "complete": False}])

    assert command.refused(verify_backup, "verify_backup") == "There is no complete backup in the bucket."


def test_before_the_first_deploy_it_says_so(command, bucket):
    command.server.answers["readlink *"] = Ran(1, "")

    assert "nothing was deployed yet" in command.refused(verify_backup, "verify_backup")
    assert command.server.acted == []
