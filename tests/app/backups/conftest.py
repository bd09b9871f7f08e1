"""Keys of the tests' own, and a place to keep backups at."""

import subprocess

import pytest
from support.s3_server import running_s3_server


def a_signing_key(path):
    """Make a key of OpenSSH at the path, and return the text of its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "server", "-f", path], check=True)
    return path.with_suffix(".pub").read_text()


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory):
    """A server's own key: its path, with the public half beside it as .pub."""
    path = tmp_path_factory.mktemp("keys") / "signing"
    a_signing_key(path)
    return path


@pytest.fixture(scope="session")
def s3_server():
    with running_s3_server() as server:
        yield server
