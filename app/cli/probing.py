"""Pages of the app, asked for as a browser would, of a database that was restored: in a process of its own."""

import html
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import typer

import app
from app import clock
from app.backups.scratch import read_only
from app.cli.opening import current_firm
from app.domain.as_of import AsOf
from app.domain.permissions import Role
from app.settings import AppSettings
from app.store.access import logins, users
from app.store.access.logins import NewLogin
from app.store.db import database
from app.store.db.current_user import seeing_everything
from app.store.ledger import invoices
from app.store.ledger.invoices import Filter
from app.web.application import build
from app.web.auth.session_tokens import SessionTokens, TokenClaims

_SECONDS = 120
_PROBE = "probe@invoices.invalid"
_ANSWERED = "200 OK"


def problems_of_pages(url: str, folder: Path) -> list[str]:
    """Start the app on the database and ask for pages as a user; return what was not as it should be.

    A process of its own, since what this one has cached is of the live database, whose versions a copy shares.
    """
    environment = {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "PUBLIC_URL": "http://localhost:80",
        "LOG_LEVEL": "ERROR",
        "LOG_FORMAT": "text",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "app.cli", "certificate", "probe"]
    root = Path(app.__file__).parents[1]
    try:
        done = subprocess.run(
            command, env=environment, cwd=root, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [f"The app did not answer from the restored database within {_SECONDS} seconds."]
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        return [f"The app does not start on the restored database: {last.rstrip('.')}."]
    found: list[str] = json.loads(done.stdout)
    return found


def probe() -> None:
    """Print a JSON list of what is wrong with the pages of the app on the open settings' database."""
    settings = AppSettings.from_environment()
    found = _asked(settings)
    typer.echo(json.dumps(found))


def _asked(settings: AppSettings) -> list[str]:
    now = clock.utc_now()
    opened = database.open_database(settings.database_url)
    with database.connection():
        cookie = _cookie_of_a_probe_user(settings, now)
        pages = _pages(settings, now)
    opened.close()
    database.open_database(read_only(settings.database_url))
    application = build(settings)
    return [problem for path, shown in pages if (problem := _problem(application, path, shown, cookie))]


def _cookie_of_a_probe_user(settings: AppSettings, now: datetime) -> str:
    """Sign a user in who is in this copy alone, as an admin: what is asked for is what an admin sees."""
    ends_at = now + timedelta(hours=1)
    user = users.create(_PROBE, "", Role.ADMIN, users.HASH_OF_NONE, now)
    login = NewLogin(jti=secrets.token_urlsafe(32), expires_at=ends_at)
    logins.start(user.id, login, now)
    token = SessionTokens.signed_with(*settings.secret_keys).issue(TokenClaims(login.jti, user.id), now, ends_at)
    return f"session={token}"


def _pages(settings: AppSettings, now: datetime) -> list[tuple[str, str]]:
    """Return the address of each page that is asked for, with a text that it has to show."""
    as_of = AsOf.end_of(now.date(), current_firm(settings).zone)
    with seeing_everything():
        [invoice] = invoices.following(Filter(), as_of, 0, 1) or [None]
    usual = [("/", "Outstanding"), ("/invoices", "Invoices")]
    return [*usual, (f"/invoices/{invoice.id}", invoice.number)] if invoice else usual


def _problem(application: Callable[..., Iterable[bytes]], path: str, shown: str, cookie: str) -> str:
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_COOKIE": cookie, "HTTP_HOST": "localhost:80"}
    setup_testing_defaults(environ)
    answered = ""

    def start(status: str, _headers: object, _exc_info: object = None) -> None:
        nonlocal answered
        answered = status

    body = b"".join(application(environ, start)).decode(errors="replace")
    if answered != _ANSWERED:
        return f"The page {path} of the restored database answers {answered}."
    return "" if html.escape(shown) in body else f"The page {path} of the restored database does not show {shown}."
