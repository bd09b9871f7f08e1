"""`fab backups` shows what can be restored, and in red what went wrong."""

import json

import pytest

from playbooks import backups
from provisioning.host import Ran

REPORTS = "/var/lib/invoices/reports"
RELEASE = {"readlink *": Ran(0, "/opt/invoices/releases/new\n")}


@pytest.fixture
def server(command):
    command.server.answers |= RELEASE | {"* pgbackrest *": Ran(0, "stanza: invoices\n    status: ok\n")}
    return command.server


def listed(number):
    return [{"backup": f"2026112{at}T000000Z", "bytes": 2_500_000, "complete": at != 1} for at in range(number)]


def test_what_was_made_last_and_what_was_never_made_is_told(command, server):
    made = {"ok": True, "at": "2026-11-28T09:05:00Z", "sentence": "Backup 1 is made."}
    server.files[f"{REPORTS}/backup.json"] = json.dumps(made)

    printed = command.run(backups, "backups")

    assert "Newest logical backup: 2026-11-28T09:05:00Z: Backup 1 is made." in printed
    assert "Newest proof: none yet" in printed
    assert "stanza: invoices" in printed
    assert server.acted == []


def test_an_archive_that_cannot_be_read_is_told(command, server):
    server.answers["* pgbackrest *"] = Ran(1, "", "the bucket is away")

    assert "The archive cannot be read." in command.run(backups, "backups")


def test_the_newest_ten_are_listed_newest_first_and_incomplete_ones_marked(command, server, monkeypatch):
    command.facts["backup_bucket"] = "bucket"
    monkeypatch.setattr(backups.backup_place, "listed", lambda _found: listed(12)[:10])

    rows = [line.split() for line in command.run(backups, "backups").splitlines() if "MB" in line]

    assert [row[0] for row in rows][:2] == ["20261129T000000Z", "20261128T000000Z"]
    assert rows[-2] == ["20261121T000000Z", "2.5", "MB", "not", "complete"]
    assert len(rows) == 10


def test_all_are_listed_where_that_is_asked_for(command, server, monkeypatch):
    command.facts["backup_bucket"] = "bucket"
    monkeypatch.setattr(backups.backup_place, "listed", lambda _found: listed(12))

    assert command.run(backups, "backups").count(" MB") == 10
    assert command.run(backups, "backups", all=True).count(" MB") == 12


def test_before_the_first_deploy_it_says_so(command, server):
    server.answers["readlink *"] = Ran(1, "")

    assert "nothing was deployed yet" in command.refused(backups, "backups")


def test_a_damaged_report_is_told_beside_the_others(command, server):
    server.files[f"{REPORTS}/certificate.json"] = "{"

    printed = command.run(backups, "backups")

    assert "Newest proof: unknown: The report is damaged: run it again with `fab backup`." in printed
