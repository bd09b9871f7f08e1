"""Webhooks: endpoints that admins add and change, and what became of each delivery."""

import base64
import secrets
from datetime import datetime, timedelta

from app.actions import events as emitted
from app.domain.webhooks import DeliveryState, wait_after
from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.outbox import endpoints, events
from app.store.outbox.endpoints import EndpointFacts
from app.store.outbox.events import Claimed, Delivery

PREFIX = "whsec_"
GONE = "The endpoint answered 410: it wants no more."

_SECRET_BYTES = 32


class NotEndedError(Exception):
    """The delivery still waits or is on its way; the message is one sentence."""


class NotWaitingError(Exception):
    """The delivery is on its way or has ended; the message is one sentence."""


def add(facts: EndpointFacts, by: User, now: datetime) -> str:
    """Add an endpoint and return its secret, which is not shown again."""
    secret = _new_secret()
    with transaction():
        endpoint_id = endpoints.add(facts, secret, by.id, now)
        audit.append(by, "webhook.added", f"webhook:{endpoint_id}", after=_values(facts), now=now)
    return secret


def change(endpoint_id: int, facts: EndpointFacts, by: User, now: datetime) -> bool:
    """Save what differs and return whether anything did; raises MissingError."""
    with transaction():
        before, after = _values(endpoints.existing(endpoint_id).facts), _values(facts)
        changed = {name for name, value in after.items() if value != before[name]}
        if not changed:
            return False
        endpoints.change(endpoint_id, facts)
        old, new = ({name: values[name] for name in sorted(changed)} for values in (before, after))
        audit.append(by, "webhook.edited", f"webhook:{endpoint_id}", before=old, after=new, now=now)
        return True


def switch(endpoint_id: int, by: User | None, now: datetime, *, active: bool, because: str = "") -> None:
    """Switch it on or off; off, what waits for it waits on. Raises MissingError."""
    with transaction():
        endpoints.existing(endpoint_id)
        if endpoints.switch(endpoint_id, active=active, because=because):
            action = "webhook.switched_on" if active else "webhook.switched_off"
            after = {"reason": because} if because else {}
            audit.append(by, action, f"webhook:{endpoint_id}", after=after, now=now)
    if active:
        emitted.wake()


def renew_secret(endpoint_id: int, by: User, now: datetime) -> str:
    """Return another secret, which is not shown again; the one before signs along for a day. Raises MissingError."""
    secret = _new_secret()
    with transaction():
        endpoints.existing(endpoint_id)
        endpoints.renew_secret(endpoint_id, secret, now)
        audit.append(by, "webhook.secret_renewed", f"webhook:{endpoint_id}", now=now)
    return secret


def remove(endpoint_id: int, by: User, now: datetime) -> str:
    """Remove the endpoint with its deliveries, and return its URL; raises MissingError."""
    with transaction():
        facts = endpoints.existing(endpoint_id).facts
        endpoints.remove(endpoint_id)
        audit.append(by, "webhook.removed", f"webhook:{endpoint_id}", before=_values(facts), now=now)
        return facts.url


def send_test(endpoint_id: int, now: datetime) -> None:
    """Raise MissingError if there is no such endpoint."""
    with transaction():
        endpoints.existing(endpoint_id)
        emitted.emit_test(endpoint_id, now)


def cancel_delivery(delivery_id: int, by: User, now: datetime) -> Delivery:
    """Have a delivery that waits not sent; raises MissingError or NotWaitingError."""
    with transaction():
        delivery = events.existing(delivery_id)
        if not events.cancel(delivery_id, now):
            raise NotWaitingError("Only a delivery that waits can be cancelled: this one is on its way or has ended.")
        after = {"event": delivery.event_id}
        audit.append(by, "webhook.cancelled", f"webhook:{delivery.endpoint_id}", after=after, now=now)
    emitted.wake()  # later events of the same invoice waited for it
    return delivery


def send_again(delivery_id: int, by: User, now: datetime) -> Delivery:
    """Have the same message sent again, under its id; raises MissingError or NotEndedError."""
    with transaction():
        delivery = events.existing(delivery_id)
        if not events.send_again(delivery_id, now):
            raise NotEndedError("This delivery has not ended yet: it is still being tried.")
        after = {"event": delivery.event_id}
        audit.append(by, "webhook.sent_again", f"webhook:{delivery.endpoint_id}", after=after, now=now)
    emitted.wake()
    return delivery


# --- the worker


def claim_next(now: datetime, besides: set[int]) -> Claimed | None:
    """Return a delivery to be sent now, to none of the endpoints `besides`; None if none is due."""
    with transaction():
        return events.claim_next(now, besides)


def delivered(claimed: Claimed, answer: str, now: datetime) -> None:
    with transaction():
        events.end_try(claimed, DeliveryState.DELIVERED, now, answer, now)


def not_delivered(claimed: Claimed, answer: str, now: datetime, *, is_gone: bool = False) -> None:
    """Try it again later, or give it up after the last try or where the endpoint wants no more, which ends it."""
    wait = None if is_gone else wait_after(claimed.tries)
    state = DeliveryState.FAILED if wait is None else DeliveryState.WAITING
    with transaction():
        is_ended = events.end_try(claimed, state, now, answer, now + (wait or timedelta()))
        if is_ended and is_gone:
            switch(claimed.endpoint_id, None, now, active=False, because=GONE)


def prune(now: datetime) -> None:
    with transaction():
        events.delete_old(now)


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _values(facts: EndpointFacts) -> dict[str, str]:
    return {"url": facts.url, "description": facts.description, "types": ", ".join(sorted(facts.types))}
