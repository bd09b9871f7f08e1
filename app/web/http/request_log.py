"""Incoming requests: each gets an id, is known by who asks, and leaves one line in the log."""

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
from app.web.http.client_ip import Networks, address_of, is_within

_ASKER = "app.asker"
_NOTHING = Scope()
_HEALTH, _WELL = "/health", 200
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = logging.getLogger(__name__)


def unknown_asker(environ: Mapping[str, Any], proxies: Networks) -> Actor:
    """Return what is known of whoever asks before anybody has looked who it is."""
    return Actor(_NOTHING, address_of(environ, proxies), _id_of(environ, proxies))


@contextmanager
def acting_as_user(user: User | None, program: str = "") -> Iterator[None]:
    """Answer the block as the user may see it, and have the log say who it was."""
    known = replace(
        current_user.actor(),
        scope=user.scope if user else _NOTHING,
        user_id=user.id if user else None,
        program=program,
    )
    request.environ[_ASKER] = known
    with acting_as(known):
        yield


def log_answer(environ: Mapping[str, Any], status: str, seconds: float) -> None:
    """Write the one line that each request leaves: no parameters, as they may hold what is nobody's business."""
    method, path = environ.get("REQUEST_METHOD", ""), environ.get("bottle.raw_path", "")
    told = {
        "method": method,
        "path": quote(path.encode("latin-1"), safe="/~@:+,;="),
        "status": int(status[:3]),
        "milliseconds": round(seconds * 1000, 1),
    }
    # Asked every few seconds, for ever: that all is well would be most of the log.
    level = logging.DEBUG if (path, told["status"]) == (_HEALTH, _WELL) else logging.INFO
    with acting_as(environ.get(_ASKER, current_user.actor())):
        log.log(level, "%(method)s %(path)s %(status)s in %(milliseconds)s ms", told, extra=told)


def _id_of(environ: Mapping[str, Any], proxies: Networks) -> str:
    """Return the id that a proxy of ours gave the request, else a new one."""
    given, sender = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("REMOTE_ADDR", "")
    if sender and _REQUEST_ID.fullmatch(given) and is_within(sender, proxies):
        return str(given)
    return secrets.token_hex(8)
