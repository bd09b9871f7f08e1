"""The values people write in a status column."""

from enum import StrEnum
from functools import lru_cache

from app.store.ledger.snapshot import compared
from app.workbook.meaning.vocabulary.words import folded, vocabulary


class StatedStatus(StrEnum):
    NOTHING = ""
    PAID = "paid"
    UNPAID = "unpaid"
    SENT = "sent"  # says nothing about payment: most paid invoices were sent
    PARTIAL = "partial"
    DRAFT = "draft"
    VOID = "void"
    WRITTEN_OFF = "written off"
    DISPUTED = "disputed"


_SIGNS = {**dict.fromkeys("✓✔✅☑", StatedStatus.PAID), **dict.fromkeys("❌✗✘", StatedStatus.UNPAID)}
_DOUBTS = set("?¿~≈")


@lru_cache(maxsize=2_000)
def read_status(text: str) -> StatedStatus | None:
    """Return None if the status is unknown, doubtful, or contradicted by a sign."""
    word = compared(text).replace("\ufe0f", "")
    if not word:
        return StatedStatus.NOTHING
    if _DOUBTS & set(word):
        return None
    statuses = {_SIGNS[sign] for sign in word if sign in _SIGNS}
    if words := folded(word):
        meanings = vocabulary("statuses").get(words, frozenset())
        statuses |= {StatedStatus(meaning.replace("_", " ")) for meaning in meanings} or {StatedStatus.NOTHING}
    return statuses.pop() if len(statuses) == 1 and StatedStatus.NOTHING not in statuses else None
