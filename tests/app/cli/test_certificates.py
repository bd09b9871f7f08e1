"""Anybody with the server's public key can tell whether a certificate is what the server signed."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support import command_line

from app.backups import signatures
from app.backups.certificate import Certificate

AT = datetime(2026, 11, 28, 3, 10, tzinfo=UTC)
PROVED = Certificate(
    at=AT, backup="20261128T031000Z", restore_seconds=41.2, rpo_seconds=9.8, rto_seconds=43.0,
    figures="f" * 64, audit_entries=3, audit_head="a" * 64,
)  # fmt: skip


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "server"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "server", "-f", path], check=True)
    return path


@pytest.fixture
def written(tmp_path, key):
    """Write and sign what is to pass for a certificate."""

    def written(values, name="20261128T031000Z.json"):
        path = tmp_path / name
        path.write_text(json.dumps(values))
        signatures.sign(path, key)
        return path

    return written


def verified(*arguments, **environment):
    return command_line.run({"PATH": "/usr/bin:/bin", **environment}, "certificate", "verify", *map(str, arguments))


def test_what_the_server_signed_is_told(written, key):
    done = verified(written(PROVED.to_json()), "--signers", f"{key}.pub")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Backup 20261128T031000Z was restored in 41 s and agrees to the cent.\n")


def test_on_the_server_its_own_key_is_known(written, key):
    done = verified(written(PROVED.to_json()), BACKUP_SIGNING_KEY_FILE=str(key))

    assert done.returncode == 0, done.stderr


def test_the_printed_line_tells_the_same_without_this_program(written, key):
    done = verified(written(PROVED.to_json()), "--signers", f"{key}.pub")

    line = done.stdout.splitlines()[-1]
    by_hand = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert by_hand.stdout.startswith('Good "invoices-backup" signature for invoices with ED25519 key ')


def test_a_list_of_allowed_signers_is_taken_too(written, key, tmp_path):
    listed = tmp_path / "allowed_signers"
    listed.write_text(signatures.allowed_signers_line(signatures.public_key(key)) + "\n")

    done = verified(written(PROVED.to_json()), "--signers", listed)

    assert done.returncode == 0, done.stderr
    assert f"ssh-keygen -Y verify -f {listed} -I invoices -n invoices-backup -s " in done.stdout


def test_as_json_it_is_the_certificate_itself(written, key):
    done = verified(written(PROVED.to_json()), "--signers", f"{key}.pub", "--json")

    assert json.loads(done.stdout) == PROVED.to_json()


def test_a_changed_certificate_is_refused(written, key):
    path = written(PROVED.to_json())
    path.write_text(path.read_text().replace("41.2", "4.2"))

    done = verified(path, "--signers", f"{key}.pub")

    assert done.returncode == 1
    assert done.stderr.startswith("The signature of 20261128T031000Z.json does not hold: ")


def test_another_server_s_certificate_is_refused(written, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)

    done = verified(written(PROVED.to_json()), "--signers", f"{other}.pub")

    assert done.returncode == 1
    assert done.stderr.startswith("The signature of 20261128T031000Z.json does not hold: ")


def test_an_old_certificate_under_tonight_s_name_is_refused(written, key):
    done = verified(written(PROVED.to_json(), "20261129T031000Z.json"), "--signers", f"{key}.pub")

    assert done.stderr == "20261129T031000Z.json is of backup 20261128T031000Z: it was given another name.\n"


@pytest.mark.parametrize(
    "values",
    [
        {},
        [],
        {**PROVED.to_json(), "format": 2},
        {**PROVED.to_json(), "problems": ["The dump: it differs."]},
        {**PROVED.to_json(), "restore_seconds": None},
        {**PROVED.to_json(), "sentence": "All is well."},
    ],
)
def test_what_is_signed_but_no_certificate_is_refused(values, written, key):
    done = verified(written(values), "--signers", f"{key}.pub")

    assert done.returncode == 1
    assert done.stderr == "20261128T031000Z.json is signed, but it is no certificate of this product.\n"


def test_a_signed_refusal_is_no_proof(written, key):
    refused = replace(PROVED, problems=("The dump: it differs.",))

    done = verified(written(refused.to_json()), "--signers", f"{key}.pub")

    assert done.stderr == "Backup 20261128T031000Z is not proved: The dump: it differs.\n"


def test_a_certificate_of_another_time_than_its_backup_is_refused(written, key):
    later = replace(PROVED, at=datetime(2026, 11, 29, 3, 10, tzinfo=UTC))

    done = verified(written(later.to_json()), "--signers", f"{key}.pub")

    assert done.stderr == "20261128T031000Z.json is signed, but its time is not that of the backup that it names.\n"


def test_a_missing_signature_is_told(written, key):
    path = written(PROVED.to_json())
    path.with_name(f"{path.name}.sig").unlink()

    assert verified(path, "--signers", f"{key}.pub").returncode == 1


def test_without_a_key_it_says_which_to_give(written):
    done = verified(written(PROVED.to_json()))

    assert done.stderr == "Give the server's public key: --signers FILE.\n"


def test_sqlite_has_no_certificate(tmp_path):
    done = command_line.run({"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path)}, "certificate", "make", "--json")

    assert json.loads(done.stdout)["sentence"] == (
        "An SQLite database has no certificate: `invoices backup FILE` compares each backup as it makes it."
    )
