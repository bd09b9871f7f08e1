"""Statements of account that are sent by mail: how often one is tried, and how it ends."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

BETWEEN_TRIES = timedelta(minutes=5)
GIVEN_UP_AFTER = timedelta(minutes=15)  # on its way for longer, the worker was stopped while it sent
MOST_TRIES = 6


class MailState(StrEnum):
    WAITING = "waiting"
    ON_ITS_WAY = "on its way"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StatementMail:
    """`key` is the idempotency key of the form, `content` the PDF."""

    key: str
    customer_id: int
    recipient: str
    subject: str
    text: str
    closed_on: date
    file_name: str
    content: bytes

    def is_same(self, other: "StatementMail") -> bool:
        """Return whether both say the same to the same address: a form that is sent again makes its PDF again."""
        return (self.recipient, self.subject, self.text) == (other.recipient, other.subject, other.text)
