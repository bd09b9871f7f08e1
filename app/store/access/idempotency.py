"""Idempotency: a request repeated under the same key is executed once; later ones get the first response."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from app.store.db.tables import ApiRequestModel
from app.store.db.transactions import transaction

KEPT_FOR = timedelta(hours=24)
# A request without a response by then was interrupted, and its transaction rolled back.
_LONGEST_ANSWER = timedelta(minutes=5)


class OtherRequestError(Exception):
    """The key was used for a different request; the message is one sentence."""


class StillAnsweringError(Exception):
    """The same request is still in progress; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: str


def once(
    token_id: int, key: str, request_hash: str, now: datetime, answer: Callable[[], KeptAnswer]
) -> tuple[KeptAnswer, bool]:
    """Execute the request unless its response is stored; return the response, and whether it is the stored one.

    The action and the storing of its response are one transaction; any exception rolls both back and frees the key.
    Raises OtherRequestError or StillAnsweringError.
    """
    before = _claim(token_id, key, request_hash, now)
    if before is not None:
        return before, True
    own = _is(token_id, key)
    try:
        with transaction():
            response = answer()
            values = {"status": response.status, "headers": json.dumps(dict(response.headers)), "body": response.body}
            ApiRequestModel.update(values).where(own).execute()
    except BaseException:
        ApiRequestModel.delete().where(own).execute()
        raise
    return response, False


def _claim(token_id: int, key: str, request_hash: str, now: datetime) -> KeptAnswer | None:
    """Claim the key, or return the response stored for the same request."""
    is_interrupted = ApiRequestModel.status.is_null() & (ApiRequestModel.asked_at <= now - _LONGEST_ANSWER)
    ApiRequestModel.delete().where((ApiRequestModel.asked_at <= now - KEPT_FOR) | is_interrupted).execute()
    try:
        with transaction():
            ApiRequestModel.create(token=token_id, key=key, request_hash=request_hash, asked_at=now)
    except IntegrityError:
        return _stored(token_id, key, request_hash)
    return None


def _stored(token_id: int, key: str, request_hash: str) -> KeptAnswer:
    row: Any = ApiRequestModel.get_or_none(_is(token_id, key))
    if row is not None and row.request_hash != request_hash:
        raise OtherRequestError("This Idempotency-Key came with another request before: send a new key with this one.")
    if row is None or row.status is None:
        raise StillAnsweringError("The same request is being answered at this moment: ask again in a second.")
    return KeptAnswer(row.status, json.loads(row.headers), row.body)


def _is(token_id: int, key: str) -> Any:
    return (ApiRequestModel.token == token_id) & (ApiRequestModel.key == key)
