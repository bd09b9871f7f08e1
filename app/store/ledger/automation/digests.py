"""Which digests were sent, by kind and period."""

from datetime import datetime
from typing import Any

from app.store.db.tables import DigestModel


def state(kind: str, period: str) -> tuple[datetime | None, bool]:
    """Return when it was sent, and whether it was asked for again since."""
    row: Any = DigestModel.select(DigestModel.sent_at).where(_is(kind, period)).tuples().first()
    return (row[0], row[0] is None) if row else (None, False)


def latest(kind: str) -> tuple[str, datetime] | None:
    """Return the period that was sent last, and when."""
    sent = DigestModel.select(DigestModel.period, DigestModel.sent_at).where(
        (DigestModel.kind == kind) & DigestModel.sent_at.is_null(is_null=False)
    )
    row: Any = sent.order_by(DigestModel.sent_at.desc()).tuples().first()
    return row or None


def note_sent(kind: str, period: str, now: datetime) -> bool:
    """Return whether that was not noted before."""
    if DigestModel.insert(kind=kind, period=period, sent_at=now).on_conflict_ignore().as_rowcount().execute():
        return True
    again = _is(kind, period) & DigestModel.sent_at.is_null()
    return DigestModel.update(sent_at=now).where(again).execute() == 1


def ask_again(kind: str, period: str) -> None:
    row = DigestModel.insert(kind=kind, period=period, sent_at=None)
    row.on_conflict(conflict_target=[DigestModel.kind, DigestModel.period], preserve=[DigestModel.sent_at]).execute()


def _is(kind: str, period: str) -> Any:
    return (DigestModel.kind == kind) & (DigestModel.period == period)
