"""What a server signed can be told from what somebody changed, or somebody else signed."""

import subprocess

import pytest

from app.backups import signatures
from app.backups.signatures import SignatureError


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text('{"id": "20261128T090500Z"}')
    return path


@pytest.fixture
def signer(signing_key):
    return signatures.allowed_signers_line(signing_key.with_suffix(".pub").read_text())


def another_signer(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    return tmp_path / "other"


def test_what_a_server_signed_holds(manifest, signing_key, signer):
    signature = signatures.sign(manifest, signing_key)

    signatures.verify(manifest, signature, signer)
    assert signature.name == "manifest.json.sig"


def test_anybody_with_ssh_keygen_alone_verifies_it_too(manifest, signing_key, signer, tmp_path):
    signature = signatures.sign(manifest, signing_key)
    (tmp_path / "signers").write_text(signer)

    words = f"ssh-keygen -Y verify -f {tmp_path}/signers -I invoices -n invoices-backup -s {signature} < {manifest}"
    assert "Good" in subprocess.run(words, shell=True, check=True, capture_output=True, text=True).stdout


def test_a_file_is_signed_anew_as_often_as_it_changes(manifest, signing_key, signer):
    signatures.sign(manifest, signing_key)
    manifest.write_text("{}")

    signatures.verify(manifest, signatures.sign(manifest, signing_key), signer)
    assert manifest.read_text() == "{}"


def test_a_changed_file_is_refused(manifest, signing_key, signer):
    signature = signatures.sign(manifest, signing_key)
    manifest.write_text('{"id": "20261128T090501Z"}')

    with pytest.raises(SignatureError) as refused:
        signatures.verify(manifest, signature, signer)

    assert str(refused.value) == (
        "The signature of manifest.json does not hold: the file was changed, or it is not of the server whose key you "
        "gave."
    )


def test_the_signature_of_another_server_is_refused(manifest, signer, tmp_path):
    signature = signatures.sign(manifest, another_signer(tmp_path))

    with pytest.raises(SignatureError, match="or it is not of the server whose key you gave"):
        signatures.verify(manifest, signature, signer)


def test_a_signature_for_another_purpose_is_refused(manifest, signing_key, signer):
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", signing_key, "-n", "git", manifest], check=True)

    with pytest.raises(SignatureError):
        signatures.verify(manifest, manifest.with_name("manifest.json.sig"), signer)


def test_a_key_that_is_not_there_is_named(manifest, tmp_path):
    with pytest.raises(SignatureError, match=r"manifest.json cannot be signed with the key in .*/none: "):
        signatures.sign(manifest, tmp_path / "none")


def test_a_text_that_is_no_public_key_is_refused():
    with pytest.raises(SignatureError, match=r"This is not a public key of OpenSSH, which begins with ssh-ed25519\."):
        signatures.allowed_signers_line("AGE-SECRET-KEY-1")


def test_the_public_half_of_a_key_is_told(signing_key):
    assert signatures.public_key(signing_key) == signing_key.with_suffix(".pub").read_text().strip()
