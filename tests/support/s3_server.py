"""An S3 server of this machine's own that keeps locks and policies, with the users of the backups' bucket."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from support.polling import is_so_within

from infra import backup_bucket

PROGRAM = Path(__file__).parents[2] / ".venv-s3/bin/ministack"
BUCKET = "invoices-backups-1"
REGION = "us-east-1"
LOCK_DAYS = 30
OWNER = ("test", "test")
_STARTS_WITHIN_SECONDS = 60
_POLICIES = {
    "writer": backup_bucket._writer_policy,
    "restorer": backup_bucket._restorer_policy,
    "administrator": backup_bucket._administrator_policy,
}


@dataclass(frozen=True)
class Key:
    access_key_id: str
    secret_access_key: str


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

    def environment(self, key: Key) -> dict[str, str]:
        """Return the settings that name the bucket, as the container of the backups has them."""
        return {
            "BACKUP_PLACE": f"s3://{self.bucket}",
            "BACKUP_ENDPOINT": self.endpoint,
            "BACKUP_REGION": REGION,
            "BACKUP_ACCESS_KEY_ID": key.access_key_id,
            "BACKUP_SECRET_ACCESS_KEY": key.secret_access_key,
        }


@contextmanager
def running_s3_server(*, over_tls: bool = False) -> Iterator[S3Server]:
    """Start a server with a locked bucket and its users, and stop it in the end; skips the test where there is none.

    Over TLS its certificate is its own authority.
    """
    if not PROGRAM.exists():
        pytest.skip("ministack is not installed (make s3)")
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    port = _free_port()
    authority = _certificate(folder) if over_tls else None
    settings = _tls(authority) | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "ERROR",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM], cwd=folder, env={**os.environ, **settings, "HOME": str(folder)}, stdout=log, stderr=log
        )
    try:
        yield _prepared(f"https://localhost:{port}" if over_tls else f"http://127.0.0.1:{port}", authority, process)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


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


def _prepared(endpoint: str, authority: Path | None, process: subprocess.Popen[bytes]) -> S3Server:
    nobody = Key("", "")
    owner = S3Server(endpoint, BUCKET, nobody, nobody, nobody, authority)
    assert is_so_within(_STARTS_WITHIN_SECONDS, lambda: process.poll() is not None or _answers(owner))
    assert process.poll() is None, "ministack did not start"
    s3 = owner.client()
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": LOCK_DAYS}},
        },
    )
    return S3Server(endpoint, BUCKET, *(_user(owner, name, policy) for name, policy in _POLICIES.items()), authority)


def _user(owner: S3Server, name: str, policy: Any) -> Key:
    iam = owner.client(service="iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy(f"arn:aws:s3:::{BUCKET}"))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])


def _answers(owner: S3Server) -> bool:
    try:
        owner.client().list_buckets()
    except botocore.exceptions.BotoCoreError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
