"""Public keys as an operator names them: by a file, by their line, or by the name of one that the server has."""

from collections.abc import Sequence
from pathlib import Path

from playbooks.steps.session import RefusedError
from provisioning import public_keys
from provisioning.public_keys import NotAKeyError, PublicKey


def key_of(text: str, name: str) -> PublicKey:
    """Read the key from a file, or from the line itself; raises RefusedError."""
    if not text:
        raise RefusedError("Say which key: --key with the file of a public one, or with its line.")
    path = Path(text).expanduser()
    is_line = len(text.split()) > 1 and not path.exists()
    try:
        line = text if is_line else path.read_text(encoding="utf-8")
        return public_keys.public_key(line, name)
    except OSError as error:
        raise RefusedError(f"{text} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RefusedError(f"{text} is no public key: it is no text.") from error
    except NotAKeyError as error:
        raise RefusedError(f"{'The line' if is_line else text} {error}.") from error


def only_one(there: Sequence[PublicKey], name: str, at: str, command: str) -> PublicKey:
    """Return the key of that name or fingerprint; `command` lists them. Raises RefusedError."""
    called = [key for key in there if name and key.is_called(name)]
    if not called:
        raise RefusedError(f"{at}: no key is called '{name}': say --name with one that `{command} list` shows.")
    if len(called) > 1:
        fingerprints = ", ".join(key.fingerprint for key in called)
        raise RefusedError(f"{at}: {len(called)} keys are called {name}: say --name with one of {fingerprints}.")
    return called[0]
