"""What people write in a column of statuses."""

from enum import StrEnum
from functools import lru_cache

from app.store.ledger.snapshot import compared
from app.workbook.meaning.words import folded, vocabulary


class Said(StrEnum):
    """What a status in a workbook says of an invoice."""

    NOTHING = ""
    PAID = "paid"
    UNPAID = "unpaid"
    SENT = "sent"  # it says nothing of what was paid: most invoices that are paid were sent
    PARTIAL = "partial"
    DRAFT = "draft"
    VOID = "void"
    WRITTEN_OFF = "written off"
    DISPUTED = "disputed"


_SIGNS = {
    **dict.fromkeys("✓✔✅☑", Said.PAID),
    **dict.fromkeys("❌✗✘", Said.UNPAID),
}
_DOUBTS = set("?¿~≈")


@lru_cache(maxsize=2_000)
def read_status(text: str) -> Said | None:
    """Return what the status says, None for a word that is not known, is doubted, or has a sign that says otherwise."""
    word = compared(text).replace("\ufe0f", "")
    if not word:
        return Said.NOTHING
    if _DOUBTS & set(word):
        return None
    said = {_SIGNS[sign] for sign in word if sign in _SIGNS}
    if words := folded(word):
        meanings = vocabulary("statuses").get(words, frozenset())
        said |= {Said(meaning.replace("_", " ")) for meaning in meanings} or {Said.NOTHING}
    return said.pop() if len(said) == 1 and Said.NOTHING not in said else None
