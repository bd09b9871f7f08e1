"""Refusals: raised anywhere in a handler to answer with a page that says why, and what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from app.store.db.outages import Outage, outage_behind


class Refusal(Exception):  # noqa: N818  # an answer, not an error: its subclasses name what is wrong
    """An answer that is not the page asked for; the message is one sentence for the person who asked."""

    status = 400
    title = "That cannot be done"
    headers: Mapping[str, str] = MappingProxyType({})


class ForbiddenError(Refusal):
    """The user lacks the right, or the form is not one of ours."""

    status = 403
    title = "You may not do that"


class NotFoundError(Refusal):
    """There is no such thing, or none that the user may see."""

    status = 404
    title = "There is nothing here"


class LengthRequiredError(Refusal):
    """The size of what is sent must be known before it is read."""

    status = 411
    title = "The size is missing"


class TooLargeError(Refusal):
    """More was sent than is read here."""

    status = 413
    title = "That is too large"


class DatabaseAwayError(Refusal):
    """The database does not answer: it is being started anew, or something is wrong with the server."""

    status = 503
    title = "One moment, please"
    headers = MappingProxyType({"Retry-After": "5"})


class DiskFullError(Refusal):
    """The server has no room left to write in."""

    status = 507
    title = "The disk of the server is full"

    def __init__(self) -> None:
        super().__init__("Nothing was saved. Please tell whoever runs this site; what is there can still be read.")


def refusal_for_outage(error: Exception) -> Refusal | None:
    """Return what to answer where the store cannot work just now, None where the program itself is wrong."""
    match outage_behind(error):
        case Outage.DATABASE_AWAY:
            return DatabaseAwayError(
                "The database does not answer just now. Nothing was changed; please try again soon."
            )
        case Outage.DISK_FULL:
            return DiskFullError()
        case _:
            return None
