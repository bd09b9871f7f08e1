"""An S3 server of this machine's own that keeps locks and policies, with the users of the backups' bucket."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from support.ministack import running_ministack

from app.files import FilesPlace
from infra import backup_bucket

BUCKET = "invoices-backups-1"
FILES_BUCKET = "invoices-files-1"
REGION = "us-east-1"
LOCK_DAYS = 30
OWNER = ("test", "test")
_POLICIES = {
    "writer": backup_bucket._writer_policy,
    "restorer": backup_bucket._restorer_policy,
    "administrator": backup_bucket._administrator_policy,
}


@dataclass(frozen=True)
class Key:
    access_key_id: str
    secret_access_key: str


_NOBODY = Key("", "")


@dataclass(frozen=True)
class S3Server:
    endpoint: str
    bucket: str
    writer: Key
    restorer: Key
    administrator: Key
    authority: Path | None = None

    def client(self, key: Key | None = None, service: str = "s3") -> Any:
        """Return a client with that key, or with the one of the owner, who may do everything."""
        access_key_id, secret = (key.access_key_id, key.secret_access_key) if key else OWNER
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            verify=str(self.authority) if self.authority else None,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def files_place(self, prefix: str = "", **changed: str) -> FilesPlace:
        """Return a place in the bucket of the app's files, with the owner's key."""
        place = FilesPlace(f"s3://{FILES_BUCKET}/{prefix}", self.endpoint, REGION, *OWNER)
        return replace(place, **changed)

    def environment(self, key: Key) -> dict[str, str]:
        """Return the settings that name the bucket, as the container of the backups has them."""
        return {
            "BACKUP_PLACE": f"s3://{self.bucket}",
            "BACKUP_ENDPOINT": self.endpoint,
            "BACKUP_REGION": REGION,
            "BACKUP_ACCESS_KEY_ID": key.access_key_id,
            "BACKUP_SECRET_ACCESS_KEY": key.secret_access_key,
        }


def files_environment(place: FilesPlace) -> dict[str, str]:
    """Return the settings that name a place in a bucket, as the app has them."""
    return {
        "FILES_URL": place.url,
        "FILES_ENDPOINT": place.endpoint,
        "FILES_REGION": place.region,
        "FILES_ACCESS_KEY_ID": place.access_key_id,
        "FILES_SECRET_ACCESS_KEY": place.secret_access_key,
    }


@contextmanager
def running_s3_server(*, over_tls: bool = False) -> Iterator[S3Server]:
    """Start a server with a locked bucket and its users, and stop it in the end; skips the test where there is none.

    Over TLS its certificate is its own authority.
    """
    with tempfile.TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        authority = _certificate(folder) if over_tls else None

        def owner(port: int) -> S3Server:
            endpoint = f"https://localhost:{port}" if over_tls else f"http://127.0.0.1:{port}"
            return S3Server(endpoint, BUCKET, _NOBODY, _NOBODY, _NOBODY, authority)

        settings = {"AUTH": "true", "LOG_LEVEL": "ERROR", **_tls(authority)}
        with running_ministack(folder, lambda port: owner(port).client().list_buckets(), **settings) as port:
            yield _prepared(owner(port))


def _certificate(folder: Path) -> Path:
    path = folder / "authority.pem"
    folder.chmod(0o755)  # the account of PostgreSQL's server reads it too
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    subprocess.run([*made, *names, "-keyout", folder / "key.pem", "-out", path], check=True, capture_output=True)
    return path


def _tls(certificate: Path | None) -> dict[str, str]:
    if certificate is None:
        return {}
    key = certificate.with_name("key.pem")
    return {"USE_SSL": "1", "MINISTACK_SSL_CERT": str(certificate), "MINISTACK_SSL_KEY": str(key)}


def _prepared(owner: S3Server) -> S3Server:
    s3 = owner.client()
    s3.create_bucket(Bucket=FILES_BUCKET)
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": LOCK_DAYS}},
        },
    )
    writer, restorer, administrator = (_user(owner, name, policy) for name, policy in _POLICIES.items())
    return replace(owner, writer=writer, restorer=restorer, administrator=administrator)


def _user(owner: S3Server, name: str, policy: Any) -> Key:
    iam = owner.client(service="iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy(f"arn:aws:s3:::{BUCKET}"))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])
