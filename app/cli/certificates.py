"""Commands about the nightly certificate: certificate make, certificate verify."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from app import clock
from app.backups import certificate as certificates
from app.backups import signatures
from app.backups.certificate import Certificate, CertificateError
from app.backups.refusals import BackupError
from app.backups.signatures import SignatureError
from app.cli.opening import refuse
from app.cli.probing import problems_of_pages
from app.cli.run_reports import run_and_report
from app.domain.sentences import plain
from app.settings import BackupSettings, plain_settings
from app.store.db import database

certificate = typer.Typer(help="The proof that last night's backup can be restored.", no_args_is_help=True)

_AS_JSON = typer.Option("--json", help="Print JSON instead of a sentence.")


@certificate.command()
def make(*, as_json: Annotated[bool, _AS_JSON] = False) -> None:
    """Back up, restore both layers beside the live database, compare, and sign and store what came of it."""
    run_and_report(_made, as_json=as_json)


@certificate.command()
def verify(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="The certificate; its signature stands beside it as FILE.sig."
        ),
    ],
    *,
    signers: Annotated[
        Path | None, typer.Option(help="The public key of the server, or OpenSSH's list of allowed signers.")
    ] = None,
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """Tell whether that server signed the certificate, and what it says; needs no server and no database."""
    line = _allowed_signer(signers)
    try:
        found = certificates.verify(file, line)
    except (SignatureError, CertificateError) as error:
        refuse(str(error), error)
    _report(found, as_json=as_json)
    if not as_json:
        typer.echo("Without this program, the same is shown by\n" + _by_hand(file, signers, line))


def _made() -> dict[str, Any]:
    settings = BackupSettings.from_environment()
    if settings.database_url.startswith("sqlite:"):
        raise BackupError(
            "An SQLite database has no certificate: `invoices backup FILE` compares each backup as it makes it."
        )
    database.open_database(settings.database_url)
    with database.connection():
        made = certificates.make(settings, clock.utc_now(), plain_settings(), problems_of_pages)
    return made.to_json()


def _report(found: Certificate, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.to_json()))
    else:
        typer.echo(plain(found.sentence))


def _allowed_signer(signers: Path | None) -> str:
    """Return the line by which `ssh-keygen` knows the server: on a server, without a file, its own."""
    try:
        if signers is None:
            key = BackupSettings.from_environment().backup_signing_key_file
            if key is None:
                refuse("Give the server's public key: --signers FILE.")
            return signatures.allowed_signers_line(signatures.public_key(key))
        text = signers.read_text(encoding="utf-8").strip()
        return text if text.startswith(f"{signatures.SIGNER} ") else signatures.allowed_signers_line(text)
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"The public key in {signers} cannot be read: give the server's, as OpenSSH writes it.", error)
    except SignatureError as error:
        refuse(str(error), error)


def _by_hand(file: Path, signers: Path | None, line: str) -> str:
    known = f"<(echo {shlex.quote(line)})" if signers is None or not _is_list(signers) else shlex.quote(str(signers))
    name = shlex.quote(str(file))
    who, what = signatures.SIGNER, signatures.NAMESPACE
    return f"ssh-keygen -Y verify -f {known} -I {who} -n {what} -s {name}.sig < {name}"


def _is_list(signers: Path) -> bool:
    return signers.read_text(encoding="utf-8").startswith(f"{signatures.SIGNER} ")
