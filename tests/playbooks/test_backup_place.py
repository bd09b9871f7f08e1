"""Backups as the operator's machine reads them: by the app's own commands, with the two keys that are only there."""

import json
import subprocess

import pytest
from support.recording_host import RecordingHost
from support.recording_stack import FACTS

from playbooks.steps import backup_key, backup_place
from playbooks.steps.inventory import RestorerKey
from playbooks.steps.session import RefusedError, Session
from provisioning.settings import HostSettings

RENTED = {"backup_bucket": "bucket", "backup_endpoint": "s3.example.com:9000", "region": "eu-central-1"}
VERIFY = ["verify-backup", "--backup", "1"]


@pytest.fixture
def said(monkeypatch):
    """What the app's commands answer, one after the other, and how each was asked."""

    class Said(list):
        def __init__(self):
            super().__init__()
            self.asked, self.environments = [], []

    answers = Said()

    def run(command, *, env, **_options):
        answers.asked.append(command[3:])
        answers.environments.append(env)
        code, printed, complained = answers.pop(0)
        return subprocess.CompletedProcess(command, code, printed, complained)

    monkeypatch.setattr(backup_place.subprocess, "run", run)
    monkeypatch.setattr(backup_place, "restorer_key", lambda _server, _stack: RestorerKey("AKIA1", "of the restorer"))
    return answers


def session(**facts):
    return Session(HostSettings.from_outputs({**FACTS, **RENTED, **facts}), RecordingHost(), None)


@pytest.fixture
def key(tmp_path, monkeypatch):
    """The key on this machine, which names two servers that signed."""
    monkeypatch.setattr(backup_key, "FOLDER", tmp_path)
    path = tmp_path / "invoices.example.com.backup-key"
    path.write_text("AGE-SECRET-KEY-1\n# signer: ssh-ed25519 AAAAold\n# signer: ssh-ed25519 AAAAnew\n")
    return path


def test_the_bucket_is_listed_with_the_key_that_reads(said):
    said.append((0, '[{"backup": "1", "complete": true}]', ""))

    assert backup_place.listed(session()) == [{"backup": "1", "complete": True}]

    [environment] = said.environments
    assert environment["BACKUP_PLACE"] == "s3://bucket"
    assert environment["BACKUP_ENDPOINT"] == "https://s3.example.com:9000"
    assert environment["BACKUP_ACCESS_KEY_ID"] == "AKIA1"
    assert said.asked == [["backups", "--json"]]


def test_without_a_bucket_it_says_where_backups_lie(said):
    with pytest.raises(
        RefusedError, match="No bucket is rented: backups lie in /var/lib/invoices/backups on the server"
    ):
        backup_place.listed(session(backup_bucket=""))


@pytest.mark.parametrize(
    ("printed", "complained", "sentence"),
    [
        ('{"ok": false, "sentence": "The bucket cannot be reached."}\n', "", "The bucket cannot be reached."),
        ("", "Traceback\nModuleNotFoundError: boto3\n", "ModuleNotFoundError: boto3"),
        ("", "", "The backups could not be read."),
        ("[]\n", "", "[]"),
    ],
)
def test_what_fails_is_told_in_its_own_words(said, printed, complained, sentence):
    said.append((1, printed, complained))

    with pytest.raises(RefusedError) as refused:
        backup_place.listed(session())

    assert str(refused.value) == sentence


def test_a_backup_is_opened_as_the_newest_server_signed_it(said, key):
    said.append((0, '{"ok": true, "sentence": "Every file is as signed."}', ""))

    with backup_place.opened(session(), "1") as opened:
        assert (opened.id, opened.sentence) == ("1", "Every file is as signed.")
        folder = opened.folder.parent

    [asked] = said.asked
    assert asked[:5] == [*VERIFY, "--key", str(key)]
    assert not folder.exists()


def test_a_backup_of_the_server_before_is_opened_too(said, key):
    said += [
        (1, '{"ok": false, "sentence": "Somebody else signed it."}', ""),
        (0, '{"ok": true, "sentence": "Good."}', ""),
    ]

    with backup_place.opened(session(), "1") as opened:
        assert opened.sentence == "Good."


def test_a_backup_that_none_of_them_signed_is_refused(said, key):
    said += [(1, '{"ok": false, "sentence": "Somebody else signed it."}', "")] * 2

    with pytest.raises(RefusedError, match="Somebody else signed it"), backup_place.opened(session(), "1"):
        pass


def test_what_is_refused_while_it_is_open_is_not_tried_with_another_signer(said, key):
    said.append((0, '{"ok": true, "sentence": "Good."}', ""))

    with pytest.raises(RefusedError, match="it differs"), backup_place.opened(session(), "1"):
        raise RefusedError("it differs")

    assert len(said.asked) == 1


def test_without_the_key_it_says_what_it_is(said, key):
    key.unlink()

    with pytest.raises(RefusedError, match="it is the one key that opens backups"), backup_place.opened(session(), "1"):
        pass


def test_a_key_without_a_signer_is_refused_with_the_line_to_add(said, key):
    key.write_text("AGE-SECRET-KEY-1\n")

    refused = pytest.raises(RefusedError, match="names no signer: add the line `# signer: ssh-ed25519")
    with refused, backup_place.opened(session(), "1"):
        pass


def test_what_was_opened_names_the_archives_of_its_server_and_the_end_of_its_audit(tmp_path):
    before = [{"name": "r0", "cipher": "zero", "until": "2026-01-01T00:00:00+00:00"}]
    settings = {"repository": "r1", "cipher": "one", "archives_before": before, "settings": {}}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "figures.json").write_text(json.dumps({"audit": {"head": "5" * 64}}))
    opened = backup_place.OpenedBackup("1", "", tmp_path)

    assert opened.archive == {"repository": "r1", "cipher": "one", "archives_before": before}
    assert opened.audit_head == "5" * 64
