"""Request log: each request gets an id and an actor, and writes one line to the log."""

import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from bottle import request

from app.domain.permissions import Scope
from app.store.access.users import User
from app.store.db import current_user
from app.store.db.current_user import Actor, acting_as
from app.web.http.client_ip import Networks, Proxies, is_within

_ACTOR = "app.actor"
_NOTHING = Scope()
_WATCHED = frozenset({"/health", "/healthz", "/readyz", "/metrics"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = logging.getLogger(__name__)


def unknown_actor(environ: Mapping[str, Any], proxies: Proxies) -> Actor:
    """Return the actor of a request before authentication: no scope, only client address and request id."""
    return Actor(_NOTHING, proxies.address_of(environ), _id_of(environ, proxies.networks))


@contextmanager
def acting_as_user(user: User | None, program: str = "") -> Iterator[None]:
    """Run the block with the user's scope, and log it under the user (and the program of a token)."""
    known = replace(
        current_user.actor(), scope=user.scope if user else _NOTHING, user_id=user.id if user else None, program=program
    )
    request.environ[_ACTOR] = known
    with acting_as(known):
        yield


def log_answer(environ: Mapping[str, Any], status: str, seconds: float) -> None:
    """Leave out parameters, as they may be confidential."""
    method, path = environ.get("REQUEST_METHOD", ""), environ.get("bottle.raw_path", "")
    params = {
        "method": method,
        "path": quote(path.encode("latin-1"), safe="/~@:+,;="),
        "status": int(status[:3]),
        "milliseconds": round(seconds * 1000, 1),
    }
    # A successful health check every few seconds would be most of the log.
    level = logging.DEBUG if path in _WATCHED and params["status"] == 200 else logging.INFO
    with acting_as(environ.get(_ACTOR, current_user.actor())):
        log.log(level, "%(method)s %(path)s %(status)s in %(milliseconds)s ms", params, extra=params)


def _id_of(environ: Mapping[str, Any], proxies: Networks) -> str:
    """Return the request id set by one of our proxies, else a new one."""
    given, sender = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("REMOTE_ADDR", "")
    if sender and _REQUEST_ID.fullmatch(given) and is_within(sender, proxies):
        return str(given)
    return secrets.token_hex(8)
