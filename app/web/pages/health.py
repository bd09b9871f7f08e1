"""Health: whether the app can do its work, for those who watch it."""

import json
import logging

from bottle import HTTPResponse

from app.store.db.database import connection, is_current

log = logging.getLogger(__name__)


def show() -> HTTPResponse:
    """Answer 200 when the database answers and has every migration, else 503."""
    try:
        with connection():
            current = is_current()
    except Exception:
        log.exception("the database does not answer")
        return _answer(503, "the database does not answer")
    return _answer(200, "ok") if current else _answer(503, "migrations are missing")


def _answer(status: int, sentence: str) -> HTTPResponse:
    return HTTPResponse(json.dumps({"status": sentence}), status, headers={"Content-Type": "application/json"})
