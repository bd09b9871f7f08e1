"""What the tests of backups share: a folder to try in, and a server that archives."""

import shutil

import pytest
from support.archiving_cluster import archiving_cluster
from support.postgresql_cluster import folder_of_the_server, installed_versions

from app.backups import scratch


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
