"""`fab backup` makes what the timers make, and says what came of it."""

import json

import pytest

from playbooks import backup
from playbooks.backup import report_of
from playbooks.steps.container_reports import reported
from playbooks.steps.session import RefusedError
from playbooks.steps.stack import Stack
from provisioning.host import Ran

PROGRAM = "python3 -E -s -B /usr/local/lib/invoices/backup_runs.py"


def test_a_logical_backup_is_made_and_told(command):
    command.server.answers[f"{PROGRAM} backup"] = Ran(0, "Backup 1 is made.\n")

    assert command.run(backup, "backup") == "Backup 1 is made.\n"
    assert command.server.acted == [f"{PROGRAM} backup"]


def test_a_copy_of_the_whole_and_a_proof_are_made_one_after_the_other(command):
    command.run(backup, "backup", base=True, prove=True)

    assert command.server.acted == [f"{PROGRAM} base-backup", f"{PROGRAM} certificate"]


def test_what_failed_is_told_and_no_more_is_begun(command):
    command.server.answers[f"{PROGRAM} base-backup"] = Ran(1, "The bucket cannot be reached.\n")

    refused = command.refused(backup, "backup", base=True, prove=True)

    assert refused == "198.51.100.9: The bucket cannot be reached."
    assert command.server.acted == [f"{PROGRAM} base-backup"]


def test_a_rehearsal_makes_nothing(command):
    assert "Would be made now: base-backup." in command.run(backup, "backup", base=True, dry_run=True)
    assert command.server.acted == []


def test_the_newest_report_is_read_and_one_that_is_missing_is_none(command):
    command.server.files["/var/lib/invoices/reports/backup.json"] = '{"ok": true}'

    assert report_of(command.server, "backup")["ok"] is True
    assert report_of(command.server, "certificate") == {}


def test_a_report_that_is_damaged_says_so(command):
    command.server.files["/var/lib/invoices/reports/backup.json"] = '{"ok": tr'

    assert report_of(command.server, "backup") == {
        "ok": False, "at": "unknown", "sentence": "The report is damaged: run it again with `fab backup`.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Ran(1, '{"ok": false, "sentence": "No room."}'), "No room."),
        (Ran(1, "", "no such service: restore\n"), "no such service: restore"),
        (Ran(0, ""), "The command reported nothing."),
        (Ran(0, '{"sentence": "Done."}'), "Done."),
        (Ran(137, '{"ok": true, "sentence": "Done."}'), "Done."),
        (Ran(0, "[1]\n"), "[1]"),
    ],
)
def test_what_a_container_does_not_report_as_ok_is_refused(command, answer, sentence):
    command.server.answers["* run *"] = answer

    with pytest.raises(RefusedError) as refused:
        reported(Stack(command.server, "new"), "restore", "invoices", "recover", "kept")

    assert str(refused.value) == sentence


def test_the_report_is_the_last_object_that_was_printed(command):
    command.server.answers["* run *"] = Ran(0, 'words\n{"ok": false}\n{"ok": true, "kept": []}\nmore words\n')

    assert reported(Stack(command.server, "new"), "restore", "x") == {"ok": True, "kept": []}


def test_what_it_is_given_is_on_no_command_line(command):
    command.server.answers["* run *"] = Ran(0, '{"ok": true}')

    reported(Stack(command.server, "new"), "restore", "x", stdin=json.dumps({"cipher": "secret"}))

    assert "secret" not in command.server.acted[0]
    assert command.server.stdin == ['{"cipher": "secret"}']
