"""The one secret of a cluster, in Secrets Manager: rented empty, filled by the first deploy, never printed."""

import json
import secrets
import string
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from playbooks.steps import aws, backup_key
from playbooks.steps.session import ClusterSession, RefusedError

Values = Mapping[str, str]

ROLES = {
    "APP_DATABASE_URL": "invoices_app",
    "WORKER_DATABASE_URL": "invoices_worker",
    "OWNER_DATABASE_URL": "invoices_owner",
    "BACKUP_DATABASE_URL": "invoices_backup",
}
_PASSWORD_LENGTH = 32
_RECIPIENT = backup_key.NAME
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


def ensure(found: ClusterSession, chosen_recipient: str = "") -> None:
    """Make what is missing: a task whose key is missing would not start.

    Backups are encrypted to the key that was chosen, else to the one of before, else to the operator's.
    """
    known = values(found)
    recipient = chosen_recipient or known.get(_RECIPIENT) or _own_recipient(found)
    wanted = {**_made(found.settings.database_host), **known, _RECIPIENT: recipient}
    if wanted != known:
        write(found, wanted)
    backup_key.note_signer(_key_file(found), _public_half(wanted["BACKUP_SIGNING_KEY"]))


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


def _own_recipient(found: ClusterSession) -> str:
    return backup_key.public_half(_key_file(found), found.steps) if found.settings.backup_bucket else ""


def _key_file(found: ClusterSession) -> Path:
    """Return that of the site's last name: beside a server, whose key it is too, a cluster has another for a while."""
    return backup_key.file_for(found.settings.domain.removeprefix("next."))


def _made(host: str) -> dict[str, str]:
    return {
        "SECRET_KEY": new_key(),
        "SECRET_KEYS_BEFORE": "",
        **{name: _url(role, host) for name, role in ROLES.items()},
        "SMTP_URL": "",
        "OIDC_CLIENT_SECRET": "",
        "BACKUP_SIGNING_KEY": _signing_key(),
        _RECIPIENT: "",
    }


def _url(role: str, host: str) -> str:
    password = "".join(secrets.choice(string.ascii_letters) for _ in range(_PASSWORD_LENGTH))
    return f"postgresql://{role}:{password}@{host}:5432/invoices?sslmode=require"


def _signing_key() -> str:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return key.decode("ascii")


def _public_half(signing_key: str) -> str:
    public = load_ssh_private_key(signing_key.encode("ascii"), None).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
