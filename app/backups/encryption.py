"""Encryption with age: the public key only locks, the private one opens."""

import errno
import os
from pathlib import Path
from typing import Any

from app.backups.refusals import BackupError

_PRIVATE = "AGE-SECRET-KEY-1"
_FULL = f"os error {errno.ENOSPC}"


class EncryptionError(BackupError):
    """The message is one sentence."""


def encrypt_file(source: Path, target: Path, recipient: str) -> None:
    """Write the file for the recipient (a public key, age1…), piece by piece; raises EncryptionError."""
    age = _age()
    try:
        age.encrypt_file(str(source), str(target), [age.x25519.Recipient.from_str(recipient)])
    except age.RecipientError as error:
        raise EncryptionError("This is not a public key of age, which begins with age1.") from error
    except FileNotFoundError:
        raise
    except (age.EncryptError, OSError) as error:
        target.unlink(missing_ok=True)
        raise _disk_full_or(error, f"{source.name} cannot be encrypted: {error}.") from error


def decrypt_file(source: Path, target: Path, private_key: str) -> None:
    """Write what is in the file, whole or not at all; raises EncryptionError."""
    age = _age()
    try:
        age.decrypt_file(str(source), str(target), [age.x25519.Identity.from_str(private_key)])
    except age.IdentityError as error:
        raise EncryptionError(f"This is not a private key of age, which begins with {_PRIVATE}.") from error
    except age.DecryptError as error:
        target.unlink(missing_ok=True)
        raise EncryptionError(
            f"{source.name} cannot be opened: it was locked for another key than this one, or its beginning is damaged."
        ) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _disk_full_or(error, f"{source.name} is damaged: choose another backup.") from error


def new_key() -> tuple[str, str]:
    """Return the private half, for a safe place that is not the server, and the public half."""
    identity = _age().x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def private_key_in(path: Path) -> str:
    """Return the private key in a file as `age-keygen` writes it; raises EncryptionError."""
    try:
        lines = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise EncryptionError(f"The private key in {path} cannot be read.") from error
    found = next((line for line in lines if line.startswith(_PRIVATE)), None)
    if found is None:
        raise EncryptionError(f"There is no private key of age in {path}: it begins with {_PRIVATE}.")
    return found


def _age() -> Any:  # noqa: ANN401  # pyrage has no types
    try:
        import pyrage
    except ImportError as error:
        raise EncryptionError("Nothing here encrypts: install pyrage, which the image of the backups has.") from error
    return pyrage


def _disk_full_or(error: Exception, sentence: str) -> Exception:
    """Pass a full disk on as what it is: those who call know what to say of it."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if _FULL in str(error) else EncryptionError(sentence)
