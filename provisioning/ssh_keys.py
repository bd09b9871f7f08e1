"""The key that an operator logs in with: from its file, or held by the agent, which then signs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from provisioning.host import HostError

_PRIVATE_KEYS = (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey)


@dataclass(frozen=True, slots=True)
class SshLogin:
    """Without a key SSH tries those of the agent and of ~/.ssh, the latter with the passphrase."""

    key: paramiko.PKey | None = None
    passphrase: str = field(default="", repr=False)


def private_file(path: Path) -> Path:
    """Return the private half beside a file of a public key, if it is there."""
    private = path.with_suffix("")
    return private if path.suffix == ".pub" and private.exists() else path


def load(path: Path, ask: Callable[[Path], str]) -> paramiko.PKey:
    """Return the key of a file, private or public; raises HostError.

    `ask` returns the passphrase of an encrypted key that the agent does not hold.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"{path} cannot be read as a key: name another file with -i.") from error
    if "PRIVATE KEY-----" not in text:
        return _of_agent(path, text)
    try:
        return _private(path, "")
    except (paramiko.PasswordRequiredException, HostError) as error:
        with suppress(HostError, OSError):
            public = Path(f"{path}.pub")
            return _of_agent(public, public.read_text(encoding="utf-8"))
        if isinstance(error, HostError):
            raise
    try:
        return _private(path, ask(path))
    except paramiko.PasswordRequiredException as error:
        raise HostError(f"{path} has a passphrase, and none was given.") from error


def _private(path: Path, passphrase: str) -> paramiko.PKey:
    """Raise PasswordRequiredException if the key is encrypted and no passphrase is given."""
    for kind in _PRIVATE_KEYS:
        try:
            key = kind.from_private_key_file(str(path), password=passphrase or None)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError):
            continue
        certificate = Path(f"{path}-cert.pub")
        if certificate.exists():
            key.load_certificate(str(certificate))
        return key
    why = (
        "its passphrase is another one"
        if passphrase
        else "it is damaged, or of a kind that takes an agent: `ssh-add` it"
    )
    raise HostError(f"{path} cannot be used: {why}.")


def _of_agent(path: Path, public: str) -> paramiko.PKey:
    """Return the agent's key of that public half; raises HostError."""
    words, agent = public.split(), paramiko.Agent()
    for key in agent.get_keys():
        if key.get_base64() in words:
            return key  # which signs through the agent: that stays open
    agent.close()
    raise HostError(f"The agent does not hold the key of {path}: `ssh-add` the private key, or name its file with -i.")
