"""Mails as rows that the worker sends: claimed by one worker at a time, tried again later, or given up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from app.domain.statement_mail import GIVEN_UP_AFTER, MailState


class NotInStateError(Exception):
    """The mail is in another state; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class MailQueue:
    """`model` is a table with the columns state, tries, next_try_at and failure."""

    model: Any

    def due(self, now: datetime) -> list[int]:
        """Return the ids of those that wait and whose turn it is, and of those that were on their way for too long."""
        is_due = self.is_unsent() & (self.model.next_try_at <= now)
        rows = self.model.select(self.model.id).where(is_due).order_by(self.model.id)
        return [mail_id for (mail_id,) in rows.tuples()]

    def claim(self, mail_id: int, now: datetime, states: Collection[MailState] = (MailState.WAITING,)) -> bool:
        """Set a mail on its way, and count the try; false if another worker was faster."""
        tries, until = self.model.tries + 1, now + GIVEN_UP_AFTER
        is_due = self.model.next_try_at <= now
        return self._changed(mail_id, is_due, states, state=MailState.ON_ITS_WAY, tries=tries, next_try_at=until)

    def end_try(self, mail_id: int, state: MailState, now: datetime, failure: str = "") -> bool:
        """Say how the try ended, and from when the next one may begin; false if the mail was not on its way."""
        always, before = self.model.id == mail_id, (MailState.ON_ITS_WAY,)
        return self._changed(mail_id, always, before, state=state, failure=failure, next_try_at=now)

    def cancel(self, mail_id: int, now: datetime) -> None:
        """Cancel a mail that waits or failed; raises NotInStateError."""
        always, before = self.model.id == mail_id, (MailState.WAITING, MailState.FAILED)
        if not self._changed(mail_id, always, before, state=MailState.CANCELLED, failure="", next_try_at=now):
            raise NotInStateError(
                "Only a mail that waits or was given up can be cancelled: this one was sent or is being sent."
            )

    def send_again(self, mail_id: int, now: datetime) -> None:
        """Let a mail that was given up wait as a new one would; raises NotInStateError."""
        always, before = self.model.id == mail_id, (MailState.FAILED,)
        if not self._changed(mail_id, always, before, state=MailState.WAITING, tries=0, failure="", next_try_at=now):
            raise NotInStateError("Only a mail that was given up can be sent again.")

    def is_unsent(self) -> Any:
        """Select those that wait or are on their way."""
        return self.model.state.in_([MailState.WAITING, MailState.ON_ITS_WAY])

    def has_failed(self, since: datetime) -> Any:
        """Select those that were given up since the moment."""
        return (self.model.state == MailState.FAILED) & (self.model.next_try_at >= since)

    def is_any_unsent(self, failed_since: datetime) -> bool:
        return bool(self.model.select().where(self.is_unsent() | self.has_failed(failed_since)).exists())

    def count_by_state(self) -> dict[MailState, int]:
        counted = self.model.select(self.model.state, fn.COUNT(self.model.id)).group_by(self.model.state)
        found = {MailState(state): int(count) for state, count in counted.tuples()}
        return {state: found.get(state, 0) for state in MailState}

    def _changed(self, mail_id: int, condition: Any, before: Collection[MailState], **values: Any) -> bool:
        is_meant = (self.model.id == mail_id) & self.model.state.in_([*before]) & condition
        return bool(self.model.update(values).where(is_meant).execute())
