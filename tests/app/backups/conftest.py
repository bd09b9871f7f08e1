"""Keys of the tests' own, a place to keep backups at, a folder to try them in, and a server that archives."""

import shutil
import subprocess

import pytest
from support.archiving_cluster import archiving_cluster
from support.postgresql_cluster import folder_of_the_server, installed_versions
from support.s3_server import running_s3_server

from app.backups import scratch


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


@pytest.fixture
def scratch_folder():
    """An empty folder of the account that PostgreSQL runs as; its path is short, as those of sockets must be."""
    folder = folder_of_the_server("scratch-")
    yield folder
    scratch.empty(folder)
    folder.rmdir()


@pytest.fixture(scope="module")
def archive():
    if not installed_versions():
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    if not shutil.which("pgbackrest"):
        pytest.skip("pgBackRest is not installed (apt-get install pgbackrest)")
    with archiving_cluster(installed_versions()[-1]) as archive:
        yield archive
