"""The public keys that log in as the login user of a server: its operators."""

import re
import shlex
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from provisioning.accounts import home_of
from provisioning.host import Host
from provisioning.safe_replace import replace_safely

_KINDS = ("ssh-ed25519", "ssh-rsa")
_LEAST_BITS = 2048
# In authorized_keys options may precede the kind of a key, and words follow it.
_LINE = re.compile(
    r"(?:^|\s)(?P<kind>(?:ssh|ecdsa|sk)-[\w@.-]+)\s+(?P<key>[A-Za-z0-9+/]+={0,2})(?:\s+(?P<comment>.*))?$"
)


class NotAKeyError(ValueError):
    """The text is no public key that may be added; the message continues the name of the place."""


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """`fingerprint` is as `ssh-keygen -l` shows it, `line` as it stands in the file."""

    name: str
    kind: str
    fingerprint: str
    line: str

    def is_called(self, name: str) -> bool:
        return name in {self.name, self.fingerprint}


def public_key(text: str, name: str = "") -> OperatorKey:
    """Return the key of one line, as in `id_ed25519.pub`; the comment is its name where none is given.

    Raises NotAKeyError.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if "PRIVATE KEY-----" in text:
        raise NotAKeyError("is a private key: name the file of the public one, which ends with .pub")
    if len(lines) != 1:
        raise NotAKeyError(f"has {len(lines)} lines: a public key is one")
    kind, key, comment = [*lines[0].split(maxsplit=2), "", "", ""][:3]
    if kind not in _KINDS:
        raise NotAKeyError(f"is no public key: it begins with neither {' nor '.join(_KINDS)}")
    _refuse_damaged_or_short(kind, key)
    name = name or comment.strip()
    if not name or not name.isprintable():
        raise NotAKeyError("has no name at its end: say whose it is with --name")
    return OperatorKey(name, kind, _fingerprint(key), f"{kind} {key} {name}")


def of_server(host: Host, user: str) -> list[OperatorKey]:
    found = (_LINE.search(line) for line in _text(host, user).splitlines() if not line.lstrip().startswith("#"))
    return [_of_line(match) for match in found if match]


def add(host: Host, user: str, key: OperatorKey, can_still_connect: Callable[[], bool]) -> None:
    """Raise HostError if nobody could connect afterwards; the file is as it was then."""
    before = _text(host, user)
    begins = "" if not before or before.endswith("\n") else "\n"
    _replace(host, user, f"{before}{begins}{key.line}\n", can_still_connect)


def remove(host: Host, user: str, key: OperatorKey, can_still_connect: Callable[[], bool]) -> None:
    """Raise HostError if nobody could connect afterwards; the file is as it was then."""
    lines = _text(host, user).splitlines()
    kept = [line for line in lines if not (match := _LINE.search(line)) or _of_line(match) != key]
    _replace(host, user, "".join(f"{line}\n" for line in kept), can_still_connect)


def _replace(host: Host, user: str, text: str, can_still_connect: Callable[[], bool]) -> None:
    path = _path(host, user)
    group = host.run("id", "-gn", user).out.strip()
    replace_safely(
        host,
        path,
        text,
        valid=("ssh-keygen", "-lf", "{}"),
        check=lambda: None,
        apply=shlex.join(("chown", f"{user}:{group}", path)),  # sshd reads it with the rights of its user
        without="true",
        can_still_connect=can_still_connect,
    )


def _path(host: Host, user: str) -> str:
    return f"{home_of(host, user)}/.ssh/authorized_keys"


def _text(host: Host, user: str) -> str:
    return host.read(_path(host, user)) or ""


def _of_line(match: re.Match[str]) -> OperatorKey:
    return OperatorKey((match["comment"] or "").strip(), match["kind"], _fingerprint(match["key"]), match.string)


def _fingerprint(key: str) -> str:
    """Return an empty text for a key that is damaged: it lets nobody in."""
    try:
        digest = sha256(b64decode(key + "==")).digest()
    except NotBase64:
        return ""
    return f"SHA256:{b64encode(digest).decode().rstrip('=')}"


def _refuse_damaged_or_short(kind: str, key: str) -> None:
    try:
        read = load_ssh_public_key(f"{kind} {key}".encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAKeyError("is no public key: what follows its kind is damaged") from error
    if isinstance(read, RSAPublicKey) and read.key_size < _LEAST_BITS:
        raise NotAKeyError(f"is an RSA key of {read.key_size} bits: make an ed25519 key, or one of {_LEAST_BITS} bits")
