"""Endpoints of webhooks: where events are sent, which ones, and what signs them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.webhooks import OLD_SECRET_SIGNS_FOR, EventType
from app.store.db.missing_records import MissingError
from app.store.db.tables import UserModel, WebhookEndpointModel

_Endpoint = WebhookEndpointModel


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What a user enters of an endpoint."""

    url: str
    description: str
    types: frozenset[EventType]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`off_because` is empty where a user switched it off; `made_by` is empty once the user is gone."""

    id: int
    facts: EndpointFacts
    active: bool
    off_because: str
    made_by: str
    made_at: datetime


def add(facts: EndpointFacts, secret: str, user_id: int | None, now: datetime) -> int:
    row = _Endpoint.create(**_columns(facts), secret=secret, made_by=user_id, made_at=now)
    return row.id


def all_endpoints() -> list[Endpoint]:
    return [_endpoint(row) for row in _Endpoint.select().order_by(_Endpoint.id)]


def existing(endpoint_id: int) -> Endpoint:
    """Raise MissingError if there is no such endpoint."""
    row = _Endpoint.get_or_none(_Endpoint.id == endpoint_id)
    if row is None:
        raise MissingError("There is no such webhook.")
    return _endpoint(row)


def wanting(event_type: str) -> list[int]:
    """Return the ids of the active endpoints that events of the type are sent to."""
    rows: Any = _Endpoint.select(_Endpoint.id, _Endpoint.types).where(_Endpoint.active).order_by(_Endpoint.id)
    return [endpoint_id for endpoint_id, types in rows.tuples() if event_type in types.split()]


def change(endpoint_id: int, facts: EndpointFacts) -> None:
    _Endpoint.update(**_columns(facts)).where(_Endpoint.id == endpoint_id).execute()


def switch(endpoint_id: int, *, active: bool, because: str = "") -> bool:
    """Return whether this changed anything."""
    was_other = (_Endpoint.id == endpoint_id) & (_Endpoint.active != active)
    return bool(_Endpoint.update(active=active, off_because=because).where(was_other).execute())


def renew_secret(endpoint_id: int, secret: str, now: datetime) -> None:
    """Set another secret; the one before signs along for a day."""
    old = {"old_secret": _Endpoint.secret, "old_secret_until": now + OLD_SECRET_SIGNS_FOR}
    _Endpoint.update(secret=secret, **old).where(_Endpoint.id == endpoint_id).execute()


def remove(endpoint_id: int) -> None:
    """Delete the endpoint with its deliveries."""
    _Endpoint.delete().where(_Endpoint.id == endpoint_id).execute()


def _columns(facts: EndpointFacts) -> dict[str, Any]:
    return {"url": facts.url, "description": facts.description, "types": " ".join(sorted(facts.types))}


def _endpoint(row: Any) -> Endpoint:
    facts = EndpointFacts(row.url, row.description, _types(row.types.split()))
    return Endpoint(row.id, facts, row.active, row.off_because, _name(row.made_by), row.made_at)


def _types(names: Collection[str]) -> frozenset[EventType]:
    """Return the types that this version of the app knows."""
    return frozenset(one for one in EventType if one in names)


def _name(user: UserModel | None) -> str:
    return "" if user is None else str(user.name or user.email)
