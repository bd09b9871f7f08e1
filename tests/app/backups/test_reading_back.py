"""Who reads a backup is told in one sentence what is wrong with it, and gets all of it or nothing."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from app.backups import encryption, reading_back, signatures
from app.backups.encryption import EncryptionError
from app.backups.manifest import ManifestError
from app.backups.refusals import BackupError
from app.backups.signatures import SignatureError

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ID = "20260302T093000Z"
LATER = "20260302T103000Z"


@pytest.fixture
def fetch(server, age_key, signer, tmp_path):
    server.upload()
    server.back_up()

    def fetched(backup_id=ID, private_key=age_key[0], line=signer):
        return reading_back.fetch(server.place, backup_id, private_key, line, tmp_path / "fetched")

    return fetched


@pytest.fixture
def dumps(server):
    return server.folder / "dumps" / ID


def refusal(fetch, tmp_path, kind=BackupError, **how):
    with pytest.raises(kind) as refused:
        fetch(**how)
    left = [path.name for path in tmp_path.iterdir() if path.name not in {"backups", "data"}]
    assert left == [], "something of a refused backup is left"
    return str(refused.value)


def test_a_whole_backup_is_told_in_one_sentence(fetch):
    assert reading_back.told(fetch()) == (
        "Backup 20260302T093000Z holds 2 customers, 3 invoices, 1 payment and 1 workbook as of 2026-03-02 09:30 UTC, "
        "and every file is as the server signed it."
    )


def test_another_key_opens_nothing(fetch, tmp_path):
    told = refusal(fetch, tmp_path, EncryptionError, private_key=encryption.new_key()[0])

    assert told.endswith("it was locked for another key than this one, or its beginning is damaged.")


@pytest.mark.parametrize(
    "name", ["invoices.dump.age", "settings.json.age", "figures.json.age", "manifest.json", "manifest.json.sig"]
)
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_any_byte_that_is_flipped_is_told(fetch, dumps, tmp_path, name, part):
    path = dumps / name
    content = bytearray(path.read_bytes())
    content[int(len(content) * part)] ^= 1
    path.write_bytes(content)

    told = refusal(fetch, tmp_path)

    assert name.removesuffix(".sig") in told


def test_a_byte_that_is_flipped_in_a_workbook_is_told(fetch, server, tmp_path):
    [path] = server.folder.glob("files/*")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    assert refusal(fetch, tmp_path) == (
        f"files/{path.name} is not what the server stored: it is damaged. Choose another backup."
    )


@pytest.mark.parametrize("name", ["invoices.dump.age", "figures.json.age"])
def test_a_file_that_is_missing_is_told(fetch, dumps, tmp_path, name):
    (dumps / name).unlink()

    assert refusal(fetch, tmp_path) == (f"Backup {ID} is not complete: dumps/{ID}/{name} is missing. Choose another.")


def test_a_file_that_was_cut_off_is_told(fetch, dumps, tmp_path):
    content = (dumps / "invoices.dump.age").read_bytes()
    (dumps / "invoices.dump.age").write_bytes(content[:-100])

    assert refusal(fetch, tmp_path).endswith("it is damaged. Choose another backup.")


def test_the_manifest_of_another_server_is_told(fetch, tmp_path, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)

    told = refusal(fetch, tmp_path, SignatureError, line=signatures.allowed_signers_line(signatures.public_key(other)))

    assert "or it is not of the server whose key you gave" in told


def test_an_old_backup_that_was_put_in_the_place_of_a_new_one_is_told(fetch, server, dumps, tmp_path):
    shutil.copytree(dumps, dumps.with_name(LATER))

    assert refusal(fetch, tmp_path, backup_id=LATER) == (
        f"What is stored as backup {LATER} is backup {ID}: an old one was put there."
    )


def test_a_backup_of_a_newer_product_is_refused(fetch, server, dumps, signing_key, tmp_path):
    values = json.loads((dumps / "manifest.json").read_text())
    (dumps / "manifest.json").write_text(json.dumps({**values, "format": 2}))
    signatures.sign(dumps / "manifest.json", signing_key)

    assert refusal(fetch, tmp_path, ManifestError) == (
        "This backup was made by a newer version of the product: take that one first."
    )


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "imports/../../outside"])
def test_no_name_in_a_manifest_leads_out_of_the_folder(fetch, dumps, signing_key, tmp_path, name):
    values = json.loads((dumps / "manifest.json").read_text())
    values["files"][0]["name"] = name
    (dumps / "manifest.json").write_text(json.dumps(values))
    signatures.sign(dumps / "manifest.json", signing_key)

    assert refusal(fetch, tmp_path, ManifestError) == "The manifest of this backup is damaged."


def test_the_newest_complete_backup_is_chosen(server, place):
    server.back_up()
    server.back_up(MORNING + timedelta(hours=1))
    (server.folder / "dumps" / LATER / "manifest.json.sig").unlink()

    assert reading_back.chosen(place, "", MORNING + timedelta(hours=2)) == ID


def test_a_backup_of_the_future_is_refused(server, place):
    server.back_up()

    with pytest.raises(BackupError) as refused:
        reading_back.chosen(place, "", MORNING - timedelta(days=1))

    assert str(refused.value) == (
        f"Backup {ID} is of the future: look at the clocks of this machine and of the server."
    )


def test_a_backup_that_is_not_complete_is_refused_by_name(server, place):
    server.back_up()
    (server.folder / "dumps" / ID / "manifest.json").unlink()

    with pytest.raises(BackupError, match=f"Backup {ID} is not complete: it was cut off while it was stored"):
        reading_back.chosen(place, ID, MORNING)


def test_where_there_is_none_it_says_so(place):
    with pytest.raises(BackupError, match=r"^There is no complete backup here\.$"):
        reading_back.chosen(place, "", MORNING)
    with pytest.raises(BackupError, match=r"^There is no backup 20200101T000000Z\.$"):
        reading_back.chosen(place, "20200101T000000Z", MORNING)


def test_a_disk_with_too_little_room_is_told_before_anything_is_written(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr("app.backups.working_folder.shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))

    assert "MB are needed, but only 0 MB of the disk of" in refusal(fetch, tmp_path)
