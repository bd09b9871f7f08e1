"""Events, and their deliveries to the endpoints that want them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from app.domain.webhooks import CLAIMED_FOR, DELIVERED_ARE_KEPT_FOR, FAILED_ARE_KEPT_FOR, DeliveryState
from app.store.db.missing_records import MissingError
from app.store.db.tables import EventModel, WebhookDeliveryModel, WebhookEndpointModel

PAGE_LENGTH = 50

_Delivery, _Event, _Endpoint = WebhookDeliveryModel, EventModel, WebhookEndpointModel
_UNDELIVERED = (DeliveryState.WAITING, DeliveryState.ON_ITS_WAY)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """`order_key` is that of what is to be sent in order, such as `invoice:12`."""

    event_id: str
    type: str
    order_key: str
    body: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker sends now, for the `tries`-th time; each of the secrets signs it."""

    id: int
    endpoint_id: int
    event_id: str
    body: str
    url: str
    tries: int
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """`answer` is what the endpoint said last, or why it could not be reached."""

    id: int
    event_id: str
    type: str
    happened_at: datetime
    body: str
    endpoint_id: int
    url: str
    is_endpoint_active: bool
    state: DeliveryState
    tries: int
    next_try_at: datetime
    answer: str
    delivered_at: datetime | None


def add(event: NewEvent, endpoint_ids: list[int]) -> None:
    """Store the event and its deliveries, to be sent at once."""
    stored = _Event.create(
        event_id=event.event_id,
        type=event.type,
        order_key=event.order_key,
        body=event.body,
        happened_at=event.happened_at,
    )
    common = {"event": stored.id, "order_key": event.order_key, "state": DeliveryState.WAITING}
    rows = [{**common, "endpoint": endpoint_id, "next_try_at": event.happened_at} for endpoint_id in endpoint_ids]
    _Delivery.insert_many(rows).execute()


def is_any_due(now: datetime, besides: Collection[int] = ()) -> bool:
    """Return whether a delivery may be sent now, to none of the endpoints `besides`."""
    return bool(_due(now, besides).exists())


def claim_next(now: datetime, besides: set[int]) -> Claimed | None:
    """Set the next delivery that is due on its way, and count the try; None if there is none.

    It is to none of the endpoints `besides`. Where another worker was faster, the one after it is looked for.
    """
    while (row := _due(now, besides).order_by(_Delivery.id).limit(1).tuples().first()) is not None:
        delivery_id, endpoint_id, event_id, body, url, tries, secret, old_secret, old_until = row
        is_as_seen = (_Delivery.id == delivery_id) & (_Delivery.tries == tries) & _Delivery.state.in_(_UNDELIVERED)
        values = {"state": DeliveryState.ON_ITS_WAY, "tries": tries + 1, "next_try_at": now + CLAIMED_FOR}
        if _Delivery.update(values).where(is_as_seen).execute():
            secrets = (secret, old_secret) if old_until and now < old_until else (secret,)
            return Claimed(delivery_id, endpoint_id, event_id, body, url, tries + 1, secrets)
    return None


def end_try(claimed: Claimed, state: DeliveryState, now: datetime, answer: str, next_try_at: datetime) -> bool:
    """Say how the try ended; false if the delivery was claimed again, or sent again, in the meantime."""
    is_same_try = (_Delivery.id == claimed.id) & (_Delivery.tries == claimed.tries)
    values = {"state": state, "answer": answer, "next_try_at": next_try_at}
    if state is DeliveryState.DELIVERED:
        values["delivered_at"] = now
    return bool(_Delivery.update(values).where(is_same_try, _Delivery.state == DeliveryState.ON_ITS_WAY).execute())


def cancel(delivery_id: int, now: datetime) -> bool:
    """Have a delivery that waits not sent; false if it does not wait."""
    waits = (_Delivery.id == delivery_id) & (_Delivery.state == DeliveryState.WAITING)
    return bool(_Delivery.update(state=DeliveryState.CANCELLED, next_try_at=now).where(waits).execute())


def send_again(delivery_id: int, now: datetime) -> bool:
    """Have a delivery that ended sent again, under the same id and with all its tries; false if it did not end."""
    ended = _Delivery.state.not_in(_UNDELIVERED)
    values = {"state": DeliveryState.WAITING, "tries": 0, "next_try_at": now, "delivered_at": None}
    return bool(_Delivery.update(values).where(_Delivery.id == delivery_id, ended).execute())


def deliveries(state: DeliveryState | None = None, older_than: int | None = None) -> list[Delivery]:
    """Return up to a page and one more, newest first; those on their way are among those that wait."""
    states = _UNDELIVERED if state is DeliveryState.WAITING else (state,)
    is_of_state = _Delivery.id > 0 if state is None else _Delivery.state.in_(states)
    is_older = _Delivery.id > 0 if older_than is None else _Delivery.id < older_than
    rows = _joined().where(is_of_state, is_older).order_by(_Delivery.id.desc()).limit(PAGE_LENGTH + 1)
    return [_delivery(row) for row in rows]


def in_trouble(failed_since: datetime) -> list[Delivery]:
    """Return those on their way or to be tried again, oldest first, then the newest that failed since the moment."""
    waits_again = (_Delivery.state == DeliveryState.WAITING) & (_Delivery.tries > 0)
    is_tried = (_Delivery.state == DeliveryState.ON_ITS_WAY) | waits_again
    has_failed = (_Delivery.state == DeliveryState.FAILED) & (_Delivery.next_try_at >= failed_since)
    if not _Delivery.select().where(is_tried | has_failed).exists():
        return []
    lists = ((is_tried, _Delivery.id), (has_failed, _Delivery.id.desc()))
    rows = [_joined().where(which).order_by(order).limit(PAGE_LENGTH) for which, order in lists]
    return [_delivery(row) for found in rows for row in found]


def existing(delivery_id: int) -> Delivery:
    """Raise MissingError if there is no such delivery."""
    row = _joined().where(_Delivery.id == delivery_id).first()
    if row is None:
        raise MissingError("There is no such delivery: delivered ones are kept for 30 days, all others for 90.")
    return _delivery(row)


def counts() -> dict[int, dict[DeliveryState, int]]:
    """Return how many deliveries of each state there are, by endpoint; those on their way are among those that wait."""
    found: dict[int, dict[DeliveryState, int]] = {}
    columns = (_Delivery.endpoint, _Delivery.state, fn.COUNT(_Delivery.id))
    rows: Any = _Delivery.select(*columns).group_by(_Delivery.endpoint, _Delivery.state)
    for endpoint_id, state, count in rows.tuples():
        shown = DeliveryState.WAITING if state == DeliveryState.ON_ITS_WAY else DeliveryState(state)
        of_endpoint = found.setdefault(endpoint_id, {})
        of_endpoint[shown] = of_endpoint.get(shown, 0) + count
    return found


def count_by_state() -> dict[DeliveryState, int]:
    counted: Any = _Delivery.select(_Delivery.state, fn.COUNT(_Delivery.id)).group_by(_Delivery.state)
    found = {DeliveryState(state): int(count) for state, count in counted.tuples()}
    return {state: found.get(state, 0) for state in DeliveryState}


def has_old(now: datetime) -> bool:
    return bool(_Delivery.select().where(_is_old(now)).exists() or _without_deliveries(now).exists())


def delete_old(now: datetime) -> None:
    _Delivery.delete().where(_is_old(now)).execute()
    _Event.delete().where(_Event.id.in_(_without_deliveries(now))).execute()


def _due(now: datetime, besides: Collection[int]) -> Any:
    """Select what may be sent now: an event of an invoice waits for the earlier ones of that invoice."""
    earlier = _Delivery.alias("earlier")
    is_behind = earlier.select(earlier.id).where(
        earlier.endpoint == _Delivery.endpoint,
        earlier.order_key == _Delivery.order_key,
        earlier.state.in_(_UNDELIVERED),
        earlier.event < _Delivery.event,
    )
    message = (_Delivery.id, _Endpoint.id, _Event.event_id, _Event.body, _Endpoint.url, _Delivery.tries)
    columns = (*message, _Endpoint.secret, _Endpoint.old_secret, _Endpoint.old_secret_until)
    query = (
        _Delivery.select(*columns)
        .join(_Event)
        .switch(_Delivery)
        .join(_Endpoint)
        .where(_Endpoint.active, _Delivery.state.in_(_UNDELIVERED), _Delivery.next_try_at <= now, ~fn.EXISTS(is_behind))
    )
    return query.where(_Endpoint.id.not_in(sorted(besides))) if besides else query


def _is_old(now: datetime) -> Any:
    """Select by when the event happened, as one that was sent again may have been delivered late."""
    before = _Event.select(_Event.id)
    delivered = before.where(_Event.happened_at < now - DELIVERED_ARE_KEPT_FOR)
    failed = before.where(_Event.happened_at < now - FAILED_ARE_KEPT_FOR)
    return ((_Delivery.state == DeliveryState.DELIVERED) & _Delivery.event.in_(delivered)) | (
        _Delivery.state.in_([DeliveryState.FAILED, DeliveryState.CANCELLED]) & _Delivery.event.in_(failed)
    )


def _without_deliveries(now: datetime) -> Any:
    has_delivery = fn.EXISTS(_Delivery.select(_Delivery.id).where(_Delivery.event == _Event.id))
    return _Event.select(_Event.id).where(_Event.happened_at < now - DELIVERED_ARE_KEPT_FOR, ~has_delivery)


def _joined() -> Any:
    return _Delivery.select(_Delivery, _Event, _Endpoint).join(_Event).switch(_Delivery).join(_Endpoint)


def _delivery(row: Any) -> Delivery:
    event, endpoint = row.event, row.endpoint
    return Delivery(
        row.id,
        event.event_id,
        event.type,
        event.happened_at,
        event.body,
        endpoint.id,
        endpoint.url,
        endpoint.active,
        DeliveryState(row.state),
        row.tries,
        row.next_try_at,
        row.answer,
        row.delivered_at,
    )
