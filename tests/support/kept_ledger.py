"""A server with a ledger that is backed up in both layers, and copies of it in which something is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from support.archiving_cluster import CIPHER, REPOSITORY, Archive
from support.records import a_customer, a_payment, a_user, an_invoice

from app.backups.encryption import new_key
from app.jobs.job_queue import create_tables
from app.settings import BackupSettings
from app.store.access import audit
from app.store.db import database, privileges
from app.store.db.transactions import transaction

NAME = "ledger"


@dataclass(frozen=True)
class KeptLedger:
    archive: Archive
    settings: BackupSettings

    @property
    def url(self) -> str:
        return f"{self.archive.server}/{NAME}"

    @contextmanager
    def read(self) -> Iterator[None]:
        """Open it as backups do, by a role that writes nothing."""
        with self.opened(url=self.settings.database_url):
            yield

    @contextmanager
    def opened(self, name: str = NAME, url: str = "") -> Iterator[None]:
        opened = database.open_database(url or f"{self.archive.server}/{name}")
        try:
            with database.connection():
                yield
        finally:
            opened.close_all()

    @contextmanager
    def copied(self) -> Iterator[str]:
        """Yield the name of a database with the same contents."""
        with psycopg.connect(f"{self.archive.server}/postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE copied TEMPLATE {NAME}")
            try:
                yield "copied"
            finally:
                server.execute("DROP DATABASE copied")


def environment_of(archive: Archive, signing_key: Path, scratch: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": as_reader(f"{archive.server}/{NAME}"),
        "DATA_DIR": str(scratch),
        "SCRATCH_DIR": str(scratch),
        "BACKUP_PLACE": f"file://{archive.place}",
        "BACKUP_RECIPIENT": new_key()[1],
        "BACKUP_SIGNING_KEY_FILE": str(signing_key),
        "BACKUP_REPOSITORY": REPOSITORY,
        "BACKUP_CIPHER": CIPHER,
    }


def kept_ledger(archive: Archive, signing_key: Path, scratch: Path, **others: str) -> KeptLedger:
    with psycopg.connect(f"{archive.server}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
    environment = environment_of(archive, signing_key, scratch) | others
    kept = KeptLedger(archive, BackupSettings.from_environment(environment))
    with kept.opened():
        database.migrate()
        create_tables()
        let_backups_read(kept.url)
        write_ledger()
    archive.base_backup()
    return kept


def let_backups_read(url: str) -> None:
    """Make the role of the backups with the rights that it has on a server."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {privileges.BACKUP_ROLE} LOGIN")
        owner.execute(f"GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {privileges.BACKUP_ROLE}")
    privileges.grant()


def as_reader(url: str) -> str:
    return url.replace("//invoices@", f"//{privileges.BACKUP_ROLE}@")


def write_ledger() -> None:
    """Two customers, one of whom has paid in part, and three entries in the record of what was done."""
    acme, blue = a_customer("C1", "Acme"), a_customer("C2", "Blue")
    a_payment(an_invoice("1001", acme), 40_00, paid_on=date(2026, 1, 15))
    an_invoice("2001", blue, currency="EUR", total_cents=2_345_67)
    user = a_user()
    for number in (1, 2, 3):
        with transaction():
            audit.append(user, "invoice.edited", f"invoice:{number}", now=datetime(2026, 3, 2, 9, number, tzinfo=UTC))
