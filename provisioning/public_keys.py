"""Public keys as OpenSSH writes them: one line each, in files that say whose key lets in."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

_KINDS = ("ssh-ed25519", "ssh-rsa")
_LEAST_BITS = 2048
# In authorized_keys options may precede the kind of a key, and words follow it.
_LINE = re.compile(
    r"(?:^|\s)(?P<kind>(?:ssh|ecdsa|sk)-[\w@.-]+)\s+(?P<key>[A-Za-z0-9+/]+={0,2})(?:\s+(?P<comment>.*))?$"
)


class NotAKeyError(ValueError):
    """The text is no public key that may be added; the message continues the name of the place."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`fingerprint` is as `ssh-keygen -l` shows it, `line` as it stands in the file."""

    name: str
    kind: str
    fingerprint: str
    line: str

    def is_called(self, name: str) -> bool:
        return name in {self.name, self.fingerprint}


def public_key(text: str, name: str = "") -> PublicKey:
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
    return PublicKey(name, kind, _fingerprint(key), f"{kind} {key} {name}")


def keys_in(text: str) -> list[PublicKey]:
    """Return the keys of a file of keys, in its order."""
    found = (_LINE.search(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [_of_line(match) for match in found if match]


def with_line(text: str, line: str) -> str:
    begins = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{begins}{line}\n"


def without(text: str, key: PublicKey) -> str:
    lines = text.splitlines()
    kept = [line for line in lines if not (match := _LINE.search(line)) or _of_line(match) != key]
    return "".join(f"{line}\n" for line in kept)


def _of_line(match: re.Match[str]) -> PublicKey:
    return PublicKey((match["comment"] or "").strip(), match["kind"], _fingerprint(match["key"]), match.string)


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
