"""The command secrets: generates the stack's missing secrets, so that no one has to enter any."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from app import clock
from app.actions.api_tokens import PREFIX
from app.cli import bcrypt
from app.settings import AppSettings, AppSettingsError
from app.store.access.hashes import hash_of

# The user ids that the containers of PostgreSQL, Redis and the app run as; each reads its own folder.
DATABASE_USER = 999
REDIS_USER = 999
PRODUCT_USER = 10001
N8N_USER = 1000

SUPERUSER = "postgres"
ROLES = {
    "migrate": "invoices_owner",
    "app": "invoices_app",
    "worker": "invoices_worker",
    "backup": "invoices_backup",
}
N8N_ROLE = "invoices_n8n"

# Without a password a client may only PING; with it, only use the keys of the queue and of the limits that
# app/store/access/limits.py counts.
_REDIS_RULES = """\
user default on nopass resetkeys resetchannels -@all +ping
user invoices on #{digest} resetchannels {keys} -@all +@read +@write +@connection +@scripting -@dangerous
"""
_REDIS_KEYS = "~huey.* ~invoices.limits.*"

# pgBackRest's settings: where it archives to, for 14 days of any second. Without room for what it archives it fails and
# tries again, instead of dropping it as `archive-push-queue-max` would.
_PGBACKREST = """\
[global]
{repository}
repo1-path=/wal/{name}
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={cipher}
repo1-bundle=y
repo1-block=y
repo1-retention-full-type=time
repo1-retention-full=14
compress-type=zst
start-fast=y
io-timeout=15
log-level-console=warn
log-level-file=off
lock-path=/tmp/pgbackrest

[invoices]
pg1-socket-path=/run/postgresql
pg1-database=invoices
"""
_BUCKET = """\
repo1-type=s3
repo1-s3-bucket={bucket}
repo1-s3-endpoint={endpoint}
repo1-s3-region={region}
repo1-s3-key={access_key_id}
repo1-s3-key-secret={secret_access_key}"""

_DATABASE_ROLES = (SUPERUSER, *ROLES.values(), N8N_ROLE)
_FOLDER_MODE, _FILE_MODE = 0o500, 0o400
_KEY_BYTES = 48
_SWITCHED_OFF = ""

commands = typer.Typer()


class Rotated(StrEnum):
    SIGNING_KEY = "signing-key"
    DATABASE = "database"
    REDIS = "redis"
    AUTOMATION_OWNER = "automation-owner"
    AUTOMATION_TOKEN = "automation-token"  # noqa: S105  # the name of a kind, not a token


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """Where backups go: `s3://BUCKET` at an endpoint, or the folder /backups if `url` is anything else."""

    url: str
    endpoint: str
    region: str

    @property
    def bucket(self) -> str:
        return urlsplit(self.url).netloc if self.url.startswith("s3:") else ""


@dataclass(frozen=True, slots=True)
class SecretFolder:
    """The secrets of one service, in a folder that only its user may enter."""

    path: Path
    user: int

    def text(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def put(self, name: str, text: str) -> None:
        """Write the secret atomically; at no time can any other user read it."""
        with self._writable() as folder:
            temporary = Path(tempfile.mkdtemp(prefix=".", dir=self.path)) / name
            temporary.write_text(text, encoding="utf-8")
            self._set_owner_and_mode(temporary, _FILE_MODE)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.rename(self.path / name)
            os.fsync(folder)
            temporary.parent.rmdir()

    def fix_permissions(self) -> list[str]:
        """Return the names of the files whose owner or mode was wrong."""
        with self._writable():
            for leftover in self.path.glob(".*"):  # temporary folders of an interrupted run
                shutil.rmtree(leftover)
            return [file.name for file in sorted(self.path.iterdir()) if self._set_owner_and_mode(file, _FILE_MODE)]

    @contextlib.contextmanager
    def _writable(self) -> Iterator[int]:
        self.path.mkdir(parents=True, exist_ok=True)
        if not os.access(self.path, os.W_OK):  # for an owner other than root, the folder's mode has no write bit
            self.path.chmod(0o700)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            yield folder
        finally:
            os.close(folder)
            self._set_owner_and_mode(self.path, _FOLDER_MODE)

    def _set_owner_and_mode(self, path: Path, mode: int) -> bool:
        found = path.stat()
        if (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (mode, self.user, self.user):
            return False
        path.chmod(mode)
        os.chown(path, self.user, self.user)
        return True


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """The services' URLs are derived from the passwords in `database` and `redis`."""

    database: SecretFolder
    redis: SecretFolder
    n8n: SecretFolder
    services: dict[str, SecretFolder]

    @classmethod
    def below(cls, folder: Path) -> "SecretFiles":
        services = {name: SecretFolder(folder / name, PRODUCT_USER) for name in ROLES}
        return cls(
            SecretFolder(folder / "db", DATABASE_USER),
            SecretFolder(folder / "redis", REDIS_USER),
            SecretFolder(folder / "n8n", N8N_USER),
            services,
        )

    def make_missing(self, place: BackupPlace) -> Iterator[str]:
        for role in _DATABASE_ROLES:
            yield from self._write_if_missing(self.database, role, _new_password())
        for name, role in ROLES.items():
            url = f"postgresql://{role}:{self.database.text(role)}@db:5432/invoices"
            yield from self._write_if_changed(self.services[name], "database_url", url)
        yield from self._write_if_missing(self.redis, "password", _new_password())
        password = self.redis.text("password") or ""
        rules = _REDIS_RULES.format(digest=hashlib.sha256(password.encode()).hexdigest(), keys=_REDIS_KEYS)
        yield from self._write_if_changed(self.redis, "users.acl", rules)
        for name in ("app", "worker"):
            yield from self._write_if_changed(
                self.services[name], "redis_url", f"redis://invoices:{password}@redis:6379/0"
            )
            # The settings require a key, but the worker signs nothing and parses untrusted files: give it its own.
            yield from self._write_if_missing(self.services[name], "secret_key", _new_key())
            for optional in ("secret_keys_before", "smtp_url"):
                yield from self._write_if_missing(self.services[name], optional, _SWITCHED_OFF)
        yield from self._write_if_missing(self.services["app"], "oidc_client_secret", _SWITCHED_OFF)
        yield from self._make_missing_of_backups(place)
        yield from self._make_missing_of_automation()

    def _make_missing_of_automation(self) -> Iterator[str]:
        n8n = self.n8n
        # Made once and never rotated: with another key n8n could not read its credentials any more.
        yield from self._write_if_missing(n8n, "encryption_key", _new_key())
        yield from self._write_if_missing(n8n, "runners_token", _new_password())
        yield from self._write_if_missing(n8n, "owner_password", _new_password())
        yield from self._write_if_missing(n8n, "api_token", _new_api_token())
        for optional in ("inbox_url", "payments_secret", "folder_url"):
            yield from self._write_if_missing(n8n, optional, _SWITCHED_OFF)
        yield from self._write_if_changed(n8n, "smtp_url", self.services["app"].text("smtp_url") or "")
        yield from self._write_if_changed(n8n, "database_password", self.database.text(N8N_ROLE) or "")
        owner_password = n8n.text("owner_password") or ""
        if not bcrypt.matches(owner_password, n8n.text("owner_password_hash") or ""):
            yield from self._write_if_changed(n8n, "owner_password_hash", bcrypt.hashed(owner_password))
        # The app never gets the token itself.
        token_hash = hash_of(n8n.text("api_token") or "")
        yield from self._write_if_changed(self.services["app"], "automation_token_hash", token_hash)
        # A backup of n8n's database is worth nothing without it.
        key = n8n.text("encryption_key") or ""
        yield from self._write_if_changed(self.services["backup"], "n8n_encryption_key", key)

    def _make_missing_of_backups(self, place: BackupPlace) -> Iterator[str]:
        """Give the server's archive a name and a passphrase of its own, so that no other server writes over it."""
        backup = self.services["backup"]
        yield from self._write_if_missing(backup, "repository", _new_archive())
        yield from self._write_if_missing(backup, "cipher", _new_key())
        for name in ("access_key_id", "secret_access_key", "authority.pem", "archives_before"):
            yield from self._write_if_missing(backup, name, _SWITCHED_OFF)
        yield from self._write_if_changed(self.database, "authority.pem", backup.text("authority.pem") or "")
        yield from self._write_if_changed(self.database, "pgbackrest.conf", self._pgbackrest(place))

    def begin_new_archive(self, now: datetime, continued: Mapping[str, Any]) -> Iterator[str]:
        """Let the database that is put in place archive to a place of its own: two lives of one would contradict.

        The archive before stays readable: its name and passphrase are kept with the moment that it ends. So is the one
        that the database comes from, where that is another server's: a moment of its past is looked for there first.
        """
        backup = self.services["backup"]
        ended = {"name": backup.text("repository"), "cipher": backup.text("cipher"), "until": now.isoformat()}
        kept = [*json.loads(backup.text("archives_before") or "[]"), ended]
        if continued:
            of_it = {"name": continued["repository"], "cipher": continued["cipher"], "until": now.isoformat()}
            kept = [*continued.get("archives_before", ()), of_it, *kept]
        yield from self._write_if_changed(backup, "archives_before", json.dumps(kept))
        # In this order: interrupted in between, the new archive has the passphrase of the old one, and works.
        yield from self._write_if_changed(backup, "repository", _new_archive())
        yield from self._write_if_changed(backup, "cipher", _new_key())

    def _pgbackrest(self, place: BackupPlace) -> str:
        backup = self.services["backup"]
        repository = "repo1-type=posix"
        if place.bucket:
            repository = _BUCKET.format(
                bucket=place.bucket,
                endpoint=urlsplit(place.endpoint).netloc,
                region=place.region,
                access_key_id=backup.text("access_key_id"),
                secret_access_key=backup.text("secret_access_key"),
            )
            if not str(urlsplit(place.endpoint).hostname).endswith(".amazonaws.com"):
                repository += "\nrepo1-s3-uri-style=path"
            if backup.text("authority.pem"):
                repository += "\nrepo1-storage-ca-file=/run/secrets/authority.pem"
        settings = _PGBACKREST.format(
            repository=repository, name=backup.text("repository"), cipher=backup.text("cipher")
        )
        return settings if place.bucket else settings.replace("repo1-path=/", "repo1-path=/backups/")

    def set_bucket_key(self, key: Mapping[str, str]) -> Iterator[str]:
        """Give the backups the bucket's key, and the certificate of a private authority where the store has one."""
        for name, text in key.items():
            yield from self._write_if_changed(self.services["backup"], name, text)

    def set_app_keys(self, keys: Mapping[str, str]) -> Iterator[str]:
        """Go on with the signing keys and the mail server of a server that this one takes the place of."""
        yield from self.set_smtp_url(keys["smtp_url"])
        # The key last: as long as it is missing, the next deploy sets all of them.
        for name in ("secret_keys_before", "secret_key"):
            yield from self._write_if_changed(self.services["app"], name, keys[name])

    def rotate(self, kind: Rotated) -> Iterator[str]:
        """Leave it to the caller to set new passwords in the database, and to restart Redis."""
        if kind is Rotated.SIGNING_KEY:
            yield from self._rotate_signing_key()
        elif kind is Rotated.DATABASE:
            for role in _DATABASE_ROLES:
                yield from self._write_if_changed(self.database, role, _new_password())
        elif kind is Rotated.REDIS:
            yield from self._write_if_changed(self.redis, "password", _new_password())
        elif kind is Rotated.AUTOMATION_OWNER:
            yield from self._write_if_changed(self.n8n, "owner_password", _new_password())
        else:
            yield from self._write_if_changed(self.n8n, "api_token", _new_api_token())

    def _rotate_signing_key(self) -> Iterator[str]:
        """Keep accepting the two previous keys.

        Two, because the app may not have been restarted since the last rotation: rotating again signs no user out.
        """
        app = self.services["app"]
        before = [app.text("secret_key") or "", *(app.text("secret_keys_before") or "").split(",")]
        # In this order: if interrupted in between, the signing key is merely listed twice, and no user is signed out.
        yield from self._write_if_changed(app, "secret_keys_before", ",".join(list(filter(None, before))[:2]))
        yield from self._write_if_changed(app, "secret_key", _new_key())

    def set_smtp_url(self, url: str) -> Iterator[str]:
        """Give it to the app, which offers reset links, and the worker, which sends them."""
        for name in ("app", "worker"):
            yield from self._write_if_changed(self.services[name], "smtp_url", url)

    def set_oidc_client_secret(self, text: str) -> Iterator[str]:
        yield from self._write_if_changed(self.services["app"], "oidc_client_secret", text)

    def set_for_automation(self, name: str, text: str) -> Iterator[str]:
        yield from self._write_if_changed(self.n8n, name, text)

    def fix_permissions(self) -> Iterator[str]:
        for folder in (self.database, self.redis, self.n8n, *self.services.values()):
            yield from (f"{folder.path.name}/{name}" for name in folder.fix_permissions())

    def _write_if_missing(self, folder: SecretFolder, name: str, text: str) -> Iterator[str]:
        if folder.text(name) is None:
            yield from self._write_if_changed(folder, name, text)

    def _write_if_changed(self, folder: SecretFolder, name: str, text: str) -> Iterator[str]:
        if folder.text(name) != text:
            folder.put(name, text)
            yield f"{folder.path.name}/{name}"


@commands.command("secrets")
def make_secrets(
    *,
    folder: Annotated[Path, typer.Option(help="Where the services' folders are.")] = Path("/secrets"),
    rotate: Annotated[Rotated | None, typer.Option(help="Replace this one, even if it exists.")] = None,
    set_smtp_url: Annotated[
        bool, typer.Option("--set-smtp-url", help="Read SMTP_URL from standard input; nothing switches mail off.")
    ] = False,
    set_oidc_client_secret: Annotated[
        bool,
        typer.Option(
            "--set-oidc-client-secret",
            help="Read the client secret of the provider of sign-ins from standard input; nothing removes it.",
        ),
    ] = False,
    set_inbox_url: Annotated[
        bool,
        typer.Option(
            "--set-inbox-url",
            help="Read n8n's mailbox, imaps://USER:PASSWORD@HOST:993, from standard input; nothing switches it off.",
        ),
    ] = False,
    set_folder_url: Annotated[
        bool,
        typer.Option(
            "--set-folder-url",
            help="Read n8n's folder, sftp://USER:PASSWORD@HOST:22/PATH, from standard input; nothing switches it off.",
        ),
    ] = False,
    set_payments_secret: Annotated[
        bool,
        typer.Option(
            "--set-payments-secret",
            help="Read what the payment provider signs with from standard input; nothing switches its webhook off.",
        ),
    ] = False,
    set_n8n_key: Annotated[
        bool,
        typer.Option(
            "--set-n8n-key", help="Read from standard input the key that opens the credentials of a restored n8n."
        ),
    ] = False,
    set_bucket_key: Annotated[
        bool, typer.Option("--set-bucket-key", help="Read the key of the backup bucket, as JSON, from standard input.")
    ] = False,
    set_app_keys: Annotated[
        bool,
        typer.Option(
            "--set-app-keys",
            help="Read secret_key, secret_keys_before and smtp_url of a server before this one, as JSON, from standard "
            "input.",
        ),
    ] = False,
    new_archive: Annotated[
        bool,
        typer.Option(
            "--new-archive",
            help="Begin another archive for a database that is put in place; the archive of another server that it "
            "comes from is read as JSON from standard input.",
        ),
    ] = False,
    backup_place: Annotated[
        str, typer.Option(envvar="BACKUP_PLACE", help="s3://BUCKET, or nothing for a folder.")
    ] = "",
    backup_endpoint: Annotated[str, typer.Option(envvar="BACKUP_ENDPOINT", help="The address of the S3 store.")] = "",
    backup_region: Annotated[str, typer.Option(envvar="BACKUP_REGION", help="The region of the bucket.")] = "",
) -> None:
    """Generate the stack's missing secrets; the container `secrets` runs this at each start."""
    files = SecretFiles.below(folder)
    written = list(files.rotate(rotate)) if rotate else []
    if set_smtp_url:
        written += files.set_smtp_url(_smtp_url_from_stdin())
    if set_oidc_client_secret:
        written += files.set_oidc_client_secret(sys.stdin.readline().strip())
    if set_inbox_url:
        written += files.set_for_automation("inbox_url", _url_from_stdin("imaps", "imaps://USER:PASSWORD@HOST:993"))
    if set_folder_url:
        written += files.set_for_automation("folder_url", _url_from_stdin("sftp", "sftp://USER:PASSWORD@HOST:22/PATH"))
    if set_payments_secret:
        written += files.set_for_automation("payments_secret", sys.stdin.readline().strip())
    if set_n8n_key:
        written += files.set_for_automation("encryption_key", _n8n_key_from_stdin())
    if set_bucket_key:
        written += files.set_bucket_key(_bucket_key_from_stdin())
    if set_app_keys:
        written += files.set_app_keys(json.load(sys.stdin))
    if new_archive:
        written += files.begin_new_archive(clock.utc_now(), json.loads(sys.stdin.read() or "{}"))
    written += files.make_missing(BackupPlace(backup_place, backup_endpoint, backup_region))
    corrected = list(files.fix_permissions())
    typer.echo(f"Made {', '.join(written)}." if written else "Every secret is there.")
    if corrected:
        typer.echo(f"Corrected the owner or mode of {', '.join(corrected)}.")


def _smtp_url_from_stdin() -> str:
    """Raise AppSettingsError if the URL is not a mail server's."""
    url = sys.stdin.readline().strip()
    rest = {"SECRET_KEY": _new_key(), "MAIL_FROM": "somebody@example.com"}
    return AppSettings.from_environment({"SMTP_URL": url, **rest}).smtp_url


def _url_from_stdin(scheme: str, example: str) -> str:
    """Raise AppSettingsError, without the URL's password, unless it is empty or such as the example."""
    url = sys.stdin.readline().strip()
    try:
        parts = urlsplit(url)
        is_right = parts.scheme == scheme and all((parts.username, parts.password, parts.hostname, parts.port or 1))
    except ValueError:
        is_right = False
    if url and not is_right:
        raise AppSettingsError(
            f"That is not an address such as {example}; what is not plain in it is written as %40 for @."
        )
    return url


def _n8n_key_from_stdin() -> str:
    """Raise AppSettingsError for none: n8n would make one that opens nothing."""
    key = sys.stdin.readline().strip()
    if not key:
        raise AppSettingsError("Standard input holds no key: give the one of the backup, n8n.key.")
    return key


def _bucket_key_from_stdin() -> Mapping[str, str]:
    given = json.load(sys.stdin)
    return {name: str(given.get(name) or "") for name in ("access_key_id", "secret_access_key", "authority.pem")}


def _new_password() -> str:
    return secrets.token_urlsafe(32)


def _new_api_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _new_archive() -> str:
    return secrets.token_hex(8)


def _new_key() -> str:
    return secrets.token_urlsafe(_KEY_BYTES)
