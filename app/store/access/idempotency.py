"""Idempotency: a request repeated under the same key is executed once; later ones get the first response."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import OperationalError

from app.store.db.locks import longest_wait
from app.store.db.outages import Outage, outage_behind
from app.store.db.tables import ApiRequestModel
from app.store.db.transactions import transaction

KEPT_FOR = timedelta(hours=24)
_LONGEST_WAIT_SECONDS = 5


class OtherRequestError(Exception):
    """The key was used for a different request; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before: send a new key with this one.")


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

    Key, action and response are one transaction: an exception, a killed process or a lost database leaves none of them.
    Raises OtherRequestError or StillAnsweringError.
    """
    ApiRequestModel.delete().where(ApiRequestModel.asked_at <= now - KEPT_FOR).execute()
    with transaction():
        if not _insert(token_id, key, request_hash, now):
            return _stored(token_id, key, request_hash), True
        response = answer()
        values = {"status": response.status, "headers": json.dumps(dict(response.headers)), "body": response.body}
        ApiRequestModel.update(values).where(_is(token_id, key)).execute()
    return response, False


def _insert(token_id: int, key: str, request_hash: str, now: datetime) -> bool:
    """Return whether the key was free; waits for a transaction in progress that inserted it."""
    row = ApiRequestModel.insert(token=token_id, key=key, request_hash=request_hash, asked_at=now)
    try:
        with longest_wait(_LONGEST_WAIT_SECONDS):
            return bool(row.on_conflict_ignore().as_rowcount().execute())
    except OperationalError as error:
        if outage_behind(error) is not Outage.LOCKED:
            raise
        raise StillAnsweringError(
            "The same request is being answered at this moment: send it again in a second."
        ) from error


def _stored(token_id: int, key: str, request_hash: str) -> KeptAnswer:
    row: Any = ApiRequestModel.get(_is(token_id, key))
    if row.request_hash != request_hash:
        raise OtherRequestError
    return KeptAnswer(row.status, json.loads(row.headers), row.body)


def _is(token_id: int, key: str) -> Any:
    return (ApiRequestModel.token == token_id) & (ApiRequestModel.key == key)
