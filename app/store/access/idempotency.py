"""Idempotency: a request that a program sends again under the same key is done once, and answered as the first time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from app.store.db.database import transaction
from app.store.db.tables import ApiRequestModel

KEPT_FOR = timedelta(hours=24)
# Who has not answered by then was stopped on the way, and with the transaction all that was half done.
_LONGEST_ANSWER = timedelta(minutes=5)


class OtherRequestError(Exception):
    """The key came with another request before; the message is one sentence."""


class StillAnsweringError(Exception):
    """The same request is being answered at this moment; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: str


def once(
    token_id: int, key: str, request_hash: str, now: datetime, answer: Callable[[], KeptAnswer]
) -> tuple[KeptAnswer, bool]:
    """Answer the request unless it was answered before, and tell whether it was.

    The deed and its answer are one transaction; whatever is raised takes both back, and frees the key. Raises
    OtherRequestError or StillAnsweringError.
    """
    before = _claim(token_id, key, request_hash, now)
    if before is not None:
        return before, True
    own = _is(token_id, key)
    try:
        with transaction():
            given = answer()
            ApiRequestModel.update(status=given.status, headers=json.dumps(dict(given.headers)), body=given.body).where(
                own
            ).execute()
    except BaseException:
        ApiRequestModel.delete().where(own).execute()
        raise
    return given, False


def _claim(token_id: int, key: str, request_hash: str, now: datetime) -> KeptAnswer | None:
    """Take the key, or return what was answered to the same request before."""
    is_stopped = ApiRequestModel.status.is_null() & (ApiRequestModel.asked_at <= now - _LONGEST_ANSWER)
    ApiRequestModel.delete().where((ApiRequestModel.asked_at <= now - KEPT_FOR) | is_stopped).execute()
    try:
        with transaction():
            ApiRequestModel.create(token=token_id, key=key, request_hash=request_hash, asked_at=now)
    except IntegrityError:
        return _answered(token_id, key, request_hash)
    return None


def _answered(token_id: int, key: str, request_hash: str) -> KeptAnswer:
    row: Any = ApiRequestModel.get_or_none(_is(token_id, key))
    if row is not None and row.request_hash != request_hash:
        raise OtherRequestError("This Idempotency-Key came with another request before: send a new key with this one.")
    if row is None or row.status is None:
        raise StillAnsweringError("The same request is being answered at this moment: ask again in a second.")
    return KeptAnswer(row.status, json.loads(row.headers), row.body)


def _is(token_id: int, key: str) -> Any:
    return (ApiRequestModel.token == token_id) & (ApiRequestModel.key == key)
