"""Signatures of OpenSSH: with `ssh-keygen` alone, anybody can see that a server of theirs made a file."""

import subprocess
import tempfile
from pathlib import Path

from app.backups.refusals import BackupError

NAMESPACE = "invoices-backup"
SIGNER = "invoices"


class SignatureError(BackupError):
    """The message is one sentence."""


def sign(path: Path, key: Path) -> Path:
    """Write the signature beside the file, as NAME.sig, and return its path; raises SignatureError."""
    signature = path.with_name(f"{path.name}.sig")
    signature.unlink(missing_ok=True)  # ssh-keygen would ask before it writes over one
    done = _ssh_keygen("-Y", "sign", "-f", key, "-n", NAMESPACE, path)
    if done.returncode != 0:
        raise SignatureError(f"{path.name} cannot be signed with the key in {key}: {_last_line(done)}.")
    return signature


def verify(path: Path, signature: Path, allowed_signers_line: str) -> None:
    """Raise SignatureError unless the signer of the line (`allowed_signers_line` makes it) signed the file as it is."""
    with tempfile.TemporaryDirectory(prefix="signers-") as folder, path.open("rb") as signed:
        allowed = Path(folder, "allowed_signers")
        allowed.write_text(f"{allowed_signers_line}\n", encoding="utf-8")
        who = allowed_signers_line.split(maxsplit=1)[0]
        done = _ssh_keygen(
            "-Y", "verify", "-f", allowed, "-I", who, "-n", NAMESPACE, "-s", signature, standard_input=signed.fileno()
        )
    if done.returncode != 0:
        raise SignatureError(
            f"The signature of {path.name} does not hold: the file was changed, or it is not of the server whose key "
            f"you gave."
        )


def allowed_signers_line(public_key: str) -> str:
    """Make the line from the text of a public key, such as `ssh-ed25519 AAAA… comment`; raises SignatureError."""
    kind, *rest = public_key.split()[:2] or [""]
    if not kind.startswith("ssh-") or not rest:
        raise SignatureError("This is not a public key of OpenSSH, which begins with ssh-ed25519.")
    return f"{SIGNER} {kind} {rest[0]}"


def public_key(key: Path) -> str:
    """Return the public half of a private key; raises SignatureError."""
    done = _ssh_keygen("-y", "-f", key)
    if done.returncode != 0:
        raise SignatureError(f"The key in {key} cannot be read: {_last_line(done)}.")
    return done.stdout.strip()


def _ssh_keygen(*arguments: str | Path, standard_input: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    command = ["ssh-keygen", *map(str, arguments)]
    try:
        return subprocess.run(command, stdin=standard_input, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SignatureError("ssh-keygen is not installed: install OpenSSH's client, which brings it.") from error


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["ssh-keygen does not say why"])[-1].rstrip(". \r")
