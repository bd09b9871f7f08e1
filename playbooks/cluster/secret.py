"""The one secret of a cluster, in Secrets Manager: rented empty, filled by the first deploy, never printed."""

import json
import secrets
import string
from collections.abc import Mapping
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from playbooks.steps import aws
from playbooks.steps.session import ClusterSession, RefusedError

Values = Mapping[str, str]

ROLES = {
    "APP_DATABASE_URL": "invoices_app",
    "WORKER_DATABASE_URL": "invoices_worker",
    "OWNER_DATABASE_URL": "invoices_owner",
    "BACKUP_DATABASE_URL": "invoices_backup",
}
_PASSWORD_LENGTH = 32
_NO_VALUE = "ResourceNotFoundException"


def values(found: ClusterSession) -> dict[str, str]:
    """Return nothing where none were set yet; raises RefusedError for a value that is not ours."""
    arn = found.settings.secret
    try:
        answer = found.aws.client("secretsmanager").get_secret_value(SecretId=arn)
    except ClientError as error:
        if aws.code(error) == _NO_VALUE:
            return {}
        raise
    try:
        known = json.loads(answer.get("SecretString") or "{}")
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise RefusedError(f"{arn} holds no JSON object: put back its version AWSPREVIOUS, then run this again.")
    return {str(name): str(text) for name, text in known.items()}


def write(found: ClusterSession, new: Values) -> None:
    found.aws.client("secretsmanager").put_secret_value(SecretId=found.settings.secret, SecretString=json.dumps(new))


def ensure(found: ClusterSession) -> bool:
    """Make what is missing, and return whether anything was: a task whose key is missing would not start."""
    known = values(found)
    missing = {name: text for name, text in _made(found.settings.database_host).items() if name not in known}
    if missing:
        write(found, {**known, **missing})
    return bool(missing)


def new_passwords(known: Values) -> dict[str, str]:
    """Return the values with another password for each role."""
    return {**known, **{name: _url(role, host_of(known)) for name, role in ROLES.items()}}


def at_host(known: Values, host: str) -> dict[str, str]:
    """Return the values with the database at another host."""
    moved = {}
    for name in ROLES:
        parts = urlsplit(known[name])
        user, _, _ = parts.netloc.rpartition("@")
        moved[name] = parts._replace(netloc=f"{user}@{host}:{parts.port or 5432}").geturl()
    return {**known, **moved}


def host_of(known: Values) -> str:
    """Return the host of the database that is in use."""
    return str(urlsplit(known["OWNER_DATABASE_URL"]).hostname)


def new_key() -> str:
    return secrets.token_urlsafe(48)


def _made(host: str) -> dict[str, str]:
    return {
        "SECRET_KEY": new_key(),
        "SECRET_KEYS_BEFORE": "",
        **{name: _url(role, host) for name, role in ROLES.items()},
        "SMTP_URL": "",
        "OIDC_CLIENT_SECRET": "",
        "BACKUP_SIGNING_KEY": _signing_key(),
    }


def _url(role: str, host: str) -> str:
    password = "".join(secrets.choice(string.ascii_letters) for _ in range(_PASSWORD_LENGTH))
    return f"postgresql://{role}:{password}@{host}:5432/invoices?sslmode=require"


def _signing_key() -> str:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return key.decode("ascii")
