"""What the operator's machine keeps for a stack outside of the checkout: passphrase, variables of Pulumi, its state."""

import os
import secrets
import sys
from pathlib import Path

from dotenv import dotenv_values

FOLDER = Path("~/.config/invoices").expanduser()
BACKEND = "PULUMI_BACKEND_URL"
_PASSPHRASE, _PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"


def passphrase_of(stack: str) -> Path:
    return FOLDER / f"{stack}.passphrase"


def variables_of(stack: str) -> Path:
    """Return the file that `fab` reads by itself, and that a shell can read for `pulumi` commands."""
    return FOLDER / f"{stack}.env"


def environment(stack: str) -> dict[str, str]:
    """Return the environment of a Pulumi command; variables that are set already come first."""
    kept = {name: value or "" for name, value in dotenv_values(variables_of(stack)).items()}
    if _PASSPHRASE in os.environ:
        kept.pop(_PASSPHRASE_FILE, None)  # Pulumi would let the file win
    # This Python first, as it has what the program imports: a language host built from Pulumi's Go module takes the
    # `python3` that comes first, whatever Pulumi.yaml has as `virtualenv`.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {**kept, **os.environ, "PATH": path}


def variables() -> dict[str, str]:
    """Return the environment of this command, for a program that it starts."""
    return dict(os.environ)


def has_passphrase(stack: str) -> bool:
    known = environment(stack)
    return _PASSPHRASE in known or Path(known.get(_PASSPHRASE_FILE) or passphrase_of(stack)).exists()


def make_passphrase(stack: str) -> None:
    _write_private(passphrase_of(stack), f"{secrets.token_urlsafe(33)}\n")


def note_variables(stack: str, backend: str) -> None:
    lines = [f"{BACKEND}='{backend}'", f"{_PASSPHRASE_FILE}='{passphrase_of(stack)}'"]
    _write_private(variables_of(stack), "".join(f"{line}\n" for line in lines))


def make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_private(path: Path, text: str) -> None:
    make_folder(path.parent)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
