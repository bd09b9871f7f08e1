"""Throttling of failed attempts at passwords, codes and mails.

An attacker must not lock a user out: attempts from an address where the user has signed in before are counted
separately.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from math import ceil
from typing import Self

from bottle import HTTPResponse

from app.actions import sign_in
from app.domain.sentences import counted
from app.store.access import logins
from app.store.access.throttles import Throttled
from app.store.access.users import User
from app.web.http.errors import Refusal
from app.web.http.request_context import RequestContext

_FREE_FOR_AN_ACCOUNT = 5
_FREE_FOR_AN_ADDRESS = 20
_FREE_MAILS = 3
_IPV6_FREE = {64: _FREE_FOR_AN_ADDRESS, 48: 100}  # by prefix: that of one subscriber, and what one can ask for

log = logging.getLogger(__name__)


class TooManyAttemptsError(Refusal):
    """There were too many failed attempts; the response has a Retry-After header in seconds."""

    status = 429
    title = "Please wait a moment"

    def __init__(self, wait: timedelta) -> None:
        seconds = ceil(wait.total_seconds())
        count, unit = (ceil(seconds / 60), "minute") if seconds > 60 else (seconds, "second")
        wait_text = counted(count, unit, f"{unit}s")
        super().__init__(f"There were too many attempts: please try again in {wait_text}.")
        self.headers = {"Retry-After": str(seconds)}

    def said_on(self, form: HTTPResponse) -> HTTPResponse:
        """Return the form as the answer, so that who has to wait need not look for it."""
        form.status = self.status
        for name, value in self.headers.items():
            form.set_header(name, value)
        return form


@dataclass(frozen=True, slots=True)
class Attempt:
    target: Throttled
    places: tuple[Throttled, ...]

    @classmethod
    def at_password(cls, email: str, context: RequestContext) -> "Attempt":
        """Return an attempt at the password of the user with this email address, whether or not the user exists."""
        name = f"password {_hash(email)}"
        if logins.was_at(email, context.address, context.now):
            name = f"{name} {context.address}"
        return cls(Throttled(name, _FREE_FOR_AN_ACCOUNT), _places(context))

    @classmethod
    def at_code(cls, user: User, context: RequestContext) -> "Attempt":
        """Return an attempt at the second factor of the user, whose password was right."""
        return cls(Throttled(f"code {user.id}", _FREE_FOR_AN_ACCOUNT), _places(context))

    @classmethod
    def at_passkey(cls, credential_id: str, context: RequestContext) -> "Attempt":
        """Return an attempt to use the passkey with this id, whether or not it exists."""
        return cls(Throttled(f"passkey {_hash(credential_id)}", _FREE_FOR_AN_ACCOUNT), _places(context))

    @classmethod
    def at_mail(cls, email: str, context: RequestContext) -> "Attempt":
        """Return an attempt to send a mail, which never succeeds: each one counts."""
        return cls(Throttled(f"mail {_hash(email)}", _FREE_MAILS), _places(context))

    @classmethod
    def at_provider(cls, context: RequestContext) -> "Attempt":
        """Return an attempt to come back from the provider of sign-ins, counted by address only."""
        places = _places(context)
        return cls(Throttled(f"provider {places[0].name}", _FREE_FOR_AN_ADDRESS), places)

    def begin(self, context: RequestContext, user: User | None) -> Self:
        """Count the attempt; raises TooManyAttemptsError.

        Of each wait, only the first refusal is recorded, and none where the user is None.
        """
        if wait := sign_in.begin_attempt(context.throttles, (self.target, *self.places), user, context.now):
            log.warning("refused an attempt at %s until %s", self.target.name, wait.until)
            raise TooManyAttemptsError(wait.until - context.now)
        return self

    def succeeded(self, context: RequestContext) -> None:
        context.throttles.succeeded([self.target.name], [place.name for place in self.places])


def _places(context: RequestContext) -> tuple[Throttled, ...]:
    address = context.address.partition("%")[0]  # the part after % is the interface of a link-local address
    if ":" not in address:
        return (Throttled(f"address {address}", _FREE_FOR_AN_ADDRESS),)
    networks = ((ip_network((address, prefix), strict=False), free) for prefix, free in _IPV6_FREE.items())
    return tuple(Throttled(f"address {network}", free) for network, free in networks)


def _hash(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()
