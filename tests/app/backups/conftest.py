"""Keys of the tests' own, a place to keep backups at, a ledger to back up, and where both layers are tried."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.archiving_cluster import archiving_cluster
from support.postgresql_cluster import folder_of_the_server, installed_versions
from support.records import a_customer, a_payment, a_user, an_import, an_invoice

from app.backups import encryption, logical, scratch, signatures
from app.backups.places import Directory, place_at
from app.backups.working_folder import working_folder
from app.settings import BackupSettings
from app.store.access import audit
from app.store.db import database as store_database
from app.store.db.tables import ImportModel
from app.store.db.transactions import transaction

MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WORKBOOK = b"an uploaded workbook"


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory):
    """A server's own key: its path, with the public half beside it as .pub."""
    path = tmp_path_factory.mktemp("keys") / "signing"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "server", "-f", path], check=True)
    return path


@pytest.fixture
def signer(signing_key):
    return signatures.allowed_signers_line(signing_key.with_suffix(".pub").read_text())


@pytest.fixture(scope="session")
def age_key():
    """The private and the public half."""
    return encryption.new_key()


@dataclass(frozen=True)
class Server:
    """What a server has that makes backups."""

    settings: BackupSettings
    folder: Path

    @property
    def place(self):
        return place_at(self.settings)

    def back_up(self, now=MORNING, **changed):
        settings = self.settings.model_copy(update=changed)
        with working_folder(settings.scratch_dir) as folder:
            return logical.make(settings, folder, now, {"CURRENCY": "EUR"})

    def upload(self, content=WORKBOOK, name="receivables.xlsx"):
        """Store an import with its workbook in a folder, and return the path of that."""
        path = self.settings.data_dir / "imports" / self.upload_row(content, name).stored_file / "workbook"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return path

    def upload_row(self, content=WORKBOOK, name="receivables.xlsx"):
        """Store an import without its workbook."""
        stored_file = str(ImportModel.select().count() + 1)
        sha256 = hashlib.sha256(content).hexdigest()
        return an_import(name, sha256=sha256, size_bytes=len(content), stored_file=stored_file)


def a_ledger(now=MORNING):
    """Store three invoices of two customers, a payment and two entries of the record."""
    acme, blue = a_customer("C1", "Acme"), a_customer("C2", "Blue")
    a_payment(an_invoice("1", acme), 40_00)
    an_invoice("2", acme, currency="EUR")
    an_invoice("3", blue)
    user = a_user()
    with transaction():
        for number in (1, 2):
            audit.append(user, "invoice.edited", f"invoice:{number}", now=now)


@pytest.fixture
def server(postgresql_url, tmp_path, signing_key, age_key):
    """A server with a small ledger in PostgreSQL that keeps its backups in a folder."""
    backups = tmp_path / "backups"
    backups.mkdir()
    opened = store_database.open_database(postgresql_url)
    values = {
        "DATABASE_URL": postgresql_url,
        "DATA_DIR": str(tmp_path / "data"),
        "BACKUP_PLACE": f"file://{backups}",
        "BACKUP_RECIPIENT": age_key[1],
        "BACKUP_SIGNING_KEY_FILE": str(signing_key),
        "BACKUP_REPOSITORY": "r1",
        "BACKUP_CIPHER": "passphrase",
    }
    with store_database.connection():
        a_ledger()
        yield Server(BackupSettings.from_environment(values), backups)
    opened.close_all()


@pytest.fixture
def place(server) -> Directory:
    return server.place


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
