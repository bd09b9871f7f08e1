"""The signing key where no setting has one: DATA_DIR/secret_key, which is generated on first use."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

LEAST_CHARACTERS = 32


class StoredSecretError(Exception):
    """The key cannot be written or is damaged; the message is one sentence."""


def stored_secret(data_dir: Path) -> str:
    """Return the key; raises StoredSecretError."""
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _generate(path)
    except OSError as error:
        raise StoredSecretError(f"DATA_DIR: no file can be written in {data_dir} ({error.strerror}).") from error
    key = path.read_bytes().decode("ascii", errors="ignore").strip()
    if len(key) < LEAST_CHARACTERS:
        raise StoredSecretError(f"The key in {path} is damaged: delete the file, and everybody signs in again.")
    return key


def _generate(path: Path) -> None:
    # Write the whole file, then link it: if two processes start at once, both use the key of the first.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret-") as file:  # its mode is 0600
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
