"""What is locked for a key opens with its private half only, and whole or not at all."""

from pathlib import Path

import pytest

from app.backups import encryption
from app.backups.encryption import EncryptionError


@pytest.fixture
def key():
    return encryption.new_key()


@pytest.fixture
def locked(tmp_path, key):
    (tmp_path / "plain").write_bytes(b"x" * 100_000)
    encryption.encrypt_file(tmp_path / "plain", tmp_path / "dump.age", key[1])
    return tmp_path / "dump.age"


def test_what_was_locked_opens_with_the_private_key(locked, key, tmp_path):
    encryption.decrypt_file(locked, tmp_path / "opened", key[0])

    assert (tmp_path / "opened").read_bytes() == b"x" * 100_000
    assert b"xxxx" not in locked.read_bytes()


def test_another_key_opens_nothing(locked, tmp_path):
    with pytest.raises(EncryptionError) as refused:
        encryption.decrypt_file(locked, tmp_path / "opened", encryption.new_key()[0])

    assert str(refused.value) == (
        "dump.age cannot be opened: it was locked for another key than this one, or its beginning is damaged."
    )
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("at", [0, 150, 40_000, -1])
def test_a_changed_byte_is_refused_and_nothing_is_left(locked, key, tmp_path, at):
    content = bytearray(locked.read_bytes())
    content[at] ^= 1
    locked.write_bytes(content)

    with pytest.raises(EncryptionError, match=r"dump\.age (is damaged: choose another backup\.|cannot be opened)"):
        encryption.decrypt_file(locked, tmp_path / "opened", key[0])
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("left", [0, 10, 50_000])
def test_a_file_that_was_cut_off_is_refused(locked, key, tmp_path, left):
    locked.write_bytes(locked.read_bytes()[:left])

    with pytest.raises(EncryptionError):
        encryption.decrypt_file(locked, tmp_path / "opened", key[0])


def test_a_full_disk_is_told_as_one(locked, key, tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device"):
        encryption.encrypt_file(tmp_path / "plain", tmp_path / "full", key[1])


def test_a_private_key_is_found_in_the_file_that_age_writes(tmp_path, key):
    (tmp_path / "key").write_text(f"# created: 2026-11-28\n# public key: {key[1]}\n{key[0]}\n")

    assert encryption.private_key_in(tmp_path / "key") == key[0]


def test_a_file_without_a_private_key_is_named(tmp_path):
    (tmp_path / "key").write_text("age1public\n")

    with pytest.raises(EncryptionError, match=r"There is no private key of age in .*/key: it begins with AGE-SECRET"):
        encryption.private_key_in(tmp_path / "key")
    with pytest.raises(EncryptionError, match=r"The private key in .*/none cannot be read"):
        encryption.private_key_in(Path(tmp_path / "none"))
