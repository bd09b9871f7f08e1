"""The key that opens backups is made once, stays on the operator's machine, and names who signs."""

import io

import pyrage
import pytest
from rich.console import Console
from support.recording_host import RecordingHost
from support.recording_stack import FACTS

from playbooks.steps import backup_key
from playbooks.steps.progress import Steps
from provisioning.settings import HostSettings

SETTINGS = HostSettings.from_outputs(FACTS)
ON_SERVER = {"/etc/invoices/stack.env": "BACKUP_RECIPIENT=age1server\n"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(backup_key, "FOLDER", tmp_path / "config")
    return tmp_path / "config"


def recipient(host):
    said = io.StringIO()
    return backup_key.recipient(host, SETTINGS, Steps(Console(file=said, width=300))), said.getvalue()


def test_it_is_made_for_its_owner_alone_and_the_server_gets_the_public_half(folder):
    host = RecordingHost()

    public, said = recipient(host)

    path = folder / "invoices.example.com.backup-key"
    assert public == str(backup_key.private(path).to_public())
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert f"{path} was made: without it no backup can be read." in said
    assert (host.acted, host.stdin) == ([], [])


def test_it_is_made_once_and_then_used():
    first, _ = recipient(RecordingHost())

    assert recipient(RecordingHost()) == (first, "")


def test_the_server_s_own_comes_first_and_no_other_is_made(folder):
    assert recipient(RecordingHost(files=ON_SERVER)) == ("age1server", "")
    assert not folder.exists()


def test_a_rehearsal_makes_none(folder):
    assert recipient(RecordingHost(is_rehearsal=True)) == ("", "")
    assert not folder.exists()


def test_signers_are_noted_once_and_the_newest_comes_first(folder):
    recipient(RecordingHost())

    for key in ("ssh-ed25519 AAAAone invoices", "ssh-ed25519 AAAAtwo invoices", "ssh-ed25519 AAAAone another"):
        backup_key.note_signer(backup_key.file_of(SETTINGS), key)

    path = backup_key.file_of(SETTINGS)
    assert backup_key.signers(path) == ["ssh-ed25519 AAAAtwo", "ssh-ed25519 AAAAone"]
    assert str(backup_key.private(path)).startswith("AGE-SECRET-KEY-")


def test_a_file_that_is_cut_off_after_its_last_line_takes_a_signer_on_a_line_of_its_own(folder):
    recipient(RecordingHost())
    path = backup_key.file_of(SETTINGS)
    path.write_text(path.read_text().rstrip("\n"))

    backup_key.note_signer(backup_key.file_of(SETTINGS), "ssh-ed25519 AAAAone invoices")

    assert backup_key.signers(path) == ["ssh-ed25519 AAAAone"]
    assert str(backup_key.private(path)).startswith("AGE-SECRET-KEY-")


def test_without_the_key_here_no_signer_is_noted(folder):
    backup_key.note_signer(backup_key.file_of(SETTINGS), "ssh-ed25519 AAAAone invoices")

    assert not folder.exists()


def test_a_file_without_a_key_is_refused(tmp_path):
    (tmp_path / "key").write_text("# nothing\n")

    with pytest.raises(pyrage.IdentityError):
        backup_key.private(tmp_path / "key")
