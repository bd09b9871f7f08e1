"""Refusals: exceptions raised in handlers and rendered as an error page with the reason and what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from app.files import FilesUnavailableError
from app.store.db.outages import Outage, outage_behind


class Refusal(Exception):  # noqa: N818  # a response, not an error: subclasses name the reason
    """The message is one sentence for the user."""

    status = 400
    title = "That cannot be done"
    can_be_repeated = False  # whether the same may succeed when it is sent again
    headers: Mapping[str, str] = MappingProxyType({})


class ForbiddenError(Refusal):
    """The user lacks the right, or the form was not made by us."""

    status = 403
    title = "You may not do that"


class OutdatedFormError(ForbiddenError):
    """The form was made for another login, or by another site."""

    title = "This page was open too long"
    can_be_repeated = True


class NotFoundError(Refusal):
    """The record does not exist, or the user may not see it."""

    status = 404
    title = "There is nothing here"


class ConflictError(Refusal):
    """It does not fit what is stored by now."""

    status = 409


class BusyError(Refusal):
    status = 429
    can_be_repeated = True
    title = "One moment, please"


class LengthRequiredError(Refusal):
    status = 411
    title = "The size is missing"


class TooLargeError(Refusal):
    status = 413
    title = "That is too large"


class UnavailableError(Refusal):
    """Database or files do not answer, or somebody else writes for longer than one waits."""

    status = 503
    can_be_repeated = True
    title = "One moment, please"
    headers = MappingProxyType({"Retry-After": "5"})


class MaintenanceError(UnavailableError):
    """Nothing is written until maintenance is over, in about so many seconds."""

    title = "Nothing can be saved just now"

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.headers = MappingProxyType({"Retry-After": str(seconds)})


class DiskFullError(Refusal):
    status = 507
    can_be_repeated = True
    title = "The disk of the server is full"

    def __init__(self) -> None:
        super().__init__("Nothing was saved. Please tell the operator of this site; what is there can still be read.")


def refusal_for_outage(error: Exception) -> Refusal | None:
    """Return None if the error is a bug."""
    if isinstance(error, FilesUnavailableError):
        return UnavailableError(str(error))
    match outage_behind(error):
        case Outage.DATABASE_AWAY:
            return UnavailableError(
                "The database does not answer just now. Nothing was changed; please try again soon."
            )
        case Outage.COMMIT_UNANSWERED:
            return UnavailableError(
                "The database went away just as this was saved. Please look in a moment whether it was, before you try "
                "again."
            )
        case Outage.LOCKED:
            return UnavailableError(
                "An import or somebody else is writing just now. Nothing was changed; please try again in a moment."
            )
        case Outage.DISK_FULL:
            return DiskFullError()
        case _:
            return None
