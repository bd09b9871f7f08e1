"""What runs, waits and failed, as the page of jobs shows it: each kind of work is a source of rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.domain.permissions import Right
from app.store.access.users import User

FAILED_FOR = timedelta(days=30)  # what failed longer ago is no longer listed


class JobState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"


class JobAction(StrEnum):
    CANCEL = "cancel"
    RETRY = "retry"


class JobRefusedError(Exception):
    """The job is no longer in a state for this; the message is one sentence with the reason."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """`since` is when it began to run, to wait or to have failed; `share` is of 100, None where nobody knows it.

    `can` has the words on the button of each action; `why_not` says why there is no button where one is expected.
    """

    id: int
    kind: str
    subject: str
    state: JobState
    since: datetime
    link: str
    step: str = ""
    share: int | None = None
    tries: int = 0
    next_try: datetime | None = None
    failure: str = ""
    can: tuple[tuple[JobAction, str], ...] = ()
    why_not: str = ""


class JobSource(Protocol):
    """One kind of work: `name` is part of the addresses of its actions, `right` says who sees it and may act."""

    @property
    def name(self) -> str: ...

    @property
    def right(self) -> Right: ...

    def rows(self, now: datetime) -> Iterable[JobRow]: ...

    def cancel(self, job_id: int, by: User, now: datetime) -> str:
        """Return what was done, as a sentence; raises MissingError, NotNowError or JobRefusedError."""

    def retry(self, job_id: int, by: User, now: datetime) -> str:
        """Return what was done, as a sentence; raises MissingError, NotNowError or JobRefusedError."""
