"""A cluster that archives its WAL by pgBackRest into a directory, as the server does into the bucket."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from support.postgresql_cluster import folder_of_the_server, run_as_the_server, running_cluster

from app.backups.physical import Repository, repository_settings

CIPHER = "a passphrase of the tests"
REPOSITORY = "5f0c7d"


@dataclass(frozen=True)
class Archive:
    """A server, by its address without a database name, and the directory with its repository."""

    server: str
    folder: Path
    repository: Repository

    @property
    def place(self) -> Path:
        return self.folder / "place"

    def base_backup(self) -> None:
        self.run("--type=full", "--repo1-retention-full=14", "--start-fast", "backup")

    def run(self, *command: str) -> None:
        run_as_the_server("pgbackrest", f"--config={self.folder / 'pgbackrest.conf'}", "--stanza=invoices", *command)


@contextmanager
def archiving_cluster(
    programs: Path, repository: Repository | None = None, *, durable: bool = False, options: Iterable[str] = ()
) -> Iterator[Archive]:
    """Start a cluster whose WAL is archived each second, into a directory unless another repository is named."""
    folder = folder_of_the_server("archive-")
    repository = repository or Repository(f"file://{folder / 'place'}", REPOSITORY, CIPHER)
    configuration = folder / "pgbackrest.conf"
    archiving = (
        "archive_mode=on",
        "archive_timeout=1",
        f"archive_command=pgbackrest --config={configuration} --stanza=invoices archive-push %p",
    )
    try:
        with running_cluster(programs, durable=durable, options=(*archiving, *options)) as server:
            configuration.write_text(_settings(repository, folder, server))
            configuration.chmod(0o644)
            archive = Archive(server, folder, repository)
            archive.run("stanza-create")
            yield archive
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(repository: Repository, folder: Path, server: str) -> str:
    with psycopg.connect(f"{server}/postgres") as connection:
        [data] = connection.execute("SHOW data_directory").fetchone()
    own = {
        "pg1-path": data,
        "pg1-socket-path": Path(data).parent,
        "pg1-port": urlsplit(server).port,
        "pg1-user": "invoices",
    }
    lines = ["[global]", *(f"{name}={text}" for name, text in repository_settings(repository, folder))]
    return "\n".join([*lines, "[invoices]", *(f"{name}={text}" for name, text in own.items()), ""])
