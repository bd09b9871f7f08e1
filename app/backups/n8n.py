"""n8n's part of a backup: its database as a dump of its own, and the key that opens the credentials in it."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from app.backups import dumps
from app.backups.refusals import BackupError
from app.domain.sentences import agreeing
from app.settings import BackupSettings
from app.store.db import database
from app.store.db import n8n as stored
from app.store.db.snapshots import exported, snapshot

DUMP, KEY, FIGURES = "n8n.dump", "n8n.key", "n8n.json"
_CBC, _GCM = "aes-256-cbc", "aes-256-gcm"
# As n8n 2.40.7 writes it: version, salt and tag, then what is locked; key and nonce are derived from key and salt.
_GCM_SALT, _GCM_TAG, _GCM_DATA = 1, 33, 49
_GCM_INFO = b"n8n-encryption-v1"
# As OpenSSL's `enc` does: "Salted__", salt, then what is locked.
_CBC_SALT, _CBC_DATA = 8, 16


@dataclass(frozen=True, slots=True)
class N8nFigures:
    """What n8n's database holds: rows by table; `version` is that of the n8n that wrote it."""

    version: str
    tables: Mapping[str, int]

    @classmethod
    def taken(cls) -> Self:
        """Read them from the open database."""
        with snapshot():
            return cls(stored.version(), stored.row_counts())

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "tables": dict(self.tables)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        return cls(str(values["version"]), dict(values["tables"]))


def url_of(database_url: str, name: str) -> str:
    """Return the address of n8n's database on the server of another one."""
    return urlsplit(database_url)._replace(path=f"/{name}").geturl()


def dumped(settings: BackupSettings, folder: Path) -> N8nFigures | None:
    """Write n8n's database into the folder; return None where n8n never ran.

    Raises BackupError, or DatabaseUnavailableError where it cannot be read.
    """
    if not stored.is_there(settings.n8n_database):
        return None
    url = url_of(settings.database_url, settings.n8n_database)
    with database.another_database(url), snapshot():
        if not stored.has_tables():
            return None
        if not settings.n8n_encryption_key:
            raise BackupError("its encryption key is not known here: `fab deploy` hands it to the backups")
        figures = N8nFigures.taken()
        dumps.dump(url, exported(), folder / DUMP)
    return figures


def figures_at(url: str) -> N8nFigures:
    with database.another_database(url):
        return N8nFigures.taken()


def differences(expected: N8nFigures, found: N8nFigures) -> list[str]:
    """Return a sentence for each table of n8n that has another number of rows."""
    return [
        f"The table {name} of n8n had {_rows(expected, name)}, now {found.tables.get(name, 0):,}."
        for name in sorted({*expected.tables, *found.tables})
        if expected.tables.get(name, 0) != found.tables.get(name, 0)
    ]


def locked_credentials(url: str, key: str) -> list[str]:
    """Return a sentence for each credential in a database that the encryption key does not open, as n8n opens it."""
    with database.another_database(url):
        wrapped, credentials = stored.wrapped_keys(), list(stored.credentials())
    return [
        f"Credential {name} of n8n cannot be opened with the encryption key in the backup."
        for name, data in credentials
        if not _opens(data, wrapped, key)
    ]


def _rows(figures: N8nFigures, name: str) -> str:
    count = figures.tables.get(name, 0)
    return f"{count:,} {agreeing(count, 'row', 'rows')}"


def _opens(data: str, wrapped: Mapping[str, tuple[str, str]], key: str) -> bool:
    try:
        return any(
            _is_credential(_unlocked(text, algorithm, used)) for text, algorithm, used in _ways(data, wrapped, key)
        )
    except ValueError:
        return False


def _ways(data: str, wrapped: Mapping[str, tuple[str, str]], key: str) -> Iterator[tuple[str, str, str]]:
    """Yield what to open with which key: data name the key that locked them, those of before name none."""
    name, colon, text = data.partition(":")
    if not colon:
        yield data, _CBC, key
    elif name in wrapped:
        algorithm, value = wrapped[name]
        yield text, algorithm, _unlocked(value, _GCM, hashlib.sha256(key.encode()).hexdigest()).decode()


def _is_credential(text: bytes) -> bool:
    return isinstance(json.loads(text), dict)


def _unlocked(text: str, algorithm: str, key: str) -> bytes:
    """Raise ValueError where the key is another one."""
    locked = base64.b64decode(text, validate=True)
    return _unlocked_gcm(locked, bytes.fromhex(key)) if algorithm == _GCM else _unlocked_cbc(locked, key)


def _unlocked_gcm(locked: bytes, key: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    salt, tag, data = locked[_GCM_SALT:_GCM_TAG], locked[_GCM_TAG:_GCM_DATA], locked[_GCM_DATA:]
    derived = HKDF(algorithm=SHA256(), length=44, salt=salt, info=_GCM_INFO).derive(key)
    try:
        return AESGCM(derived[:32]).decrypt(derived[32:], data + tag, None)
    except InvalidTag as error:
        raise ValueError("another key") from error


def _unlocked_cbc(locked: bytes, key: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.padding import PKCS7

    password = key.encode() + locked[_CBC_SALT:_CBC_DATA]
    first = hashlib.md5(password, usedforsecurity=False).digest()
    second = hashlib.md5(first + password, usedforsecurity=False).digest()
    nonce = hashlib.md5(second + password, usedforsecurity=False).digest()
    decryptor = Cipher(AES256(first + second), CBC(nonce)).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(locked[_CBC_DATA:]) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()
