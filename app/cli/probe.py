"""Entry point of `python -m app.cli.probe`: asks the app for pages of the database in the settings, as a browser would.

It writes to that database, so it must be a copy: a user is added, who exists in the copy alone.
"""

import html
import json
import secrets
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from wsgiref.util import setup_testing_defaults

import typer

from app import clock
from app.backups.scratch import read_only
from app.cli.opening import current_firm
from app.domain.as_of import AsOf
from app.domain.permissions import Role
from app.settings import AppSettings, AppSettingsError
from app.store.access import logins, users
from app.store.access.logins import NewLogin
from app.store.db import database
from app.store.db.current_user import seeing_everything
from app.store.db.database import DatabaseUnavailableError
from app.store.ledger import invoices
from app.store.ledger.invoices import Filter
from app.web.application import build
from app.web.auth.session_tokens import SessionTokens, TokenClaims

_EMAIL = "probe@invoices.invalid"
_ANSWERED = "200 OK"


def probe() -> None:
    """Print a JSON list of what is wrong with the pages of the app on the open settings' database."""
    try:
        found = _asked(AppSettings.from_environment())
    except (AppSettingsError, DatabaseUnavailableError) as error:
        sys.exit(str(error))
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
    user = users.create(_EMAIL, "", Role.ADMIN, users.HASH_OF_NONE, now)
    login = NewLogin(jti=secrets.token_urlsafe(32), expires_at=ends_at)
    logins.start(user.id, login, now)
    token = SessionTokens.signed_with(*settings.secret_keys).issue(TokenClaims(login.jti, user.id), now, ends_at)
    return f"session={token}"


def _pages(settings: AppSettings, now: datetime) -> list[tuple[str, str]]:
    """Return the address of each page that is asked for, with a text that it has to show."""
    as_of = AsOf.end_of(now.date(), current_firm(settings).zone)
    with seeing_everything():
        found = [one.invoice for one in invoices.following(Filter(), as_of, 0, 1)]
    usual = [("/", "What is owed"), ("/invoices", "Invoices")]
    return [*usual, *((f"/invoices/{invoice.id}", invoice.number) for invoice in found)]


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


if __name__ == "__main__":
    probe()
