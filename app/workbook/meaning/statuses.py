"""What people write in a column of statuses."""

import re
from enum import StrEnum

from app.store.snapshot import compared


class Said(StrEnum):
    """What a status in a workbook says of an invoice."""

    NOTHING = ""
    PAID = "paid"
    UNPAID = "unpaid"
    PARTIAL = "partial"
    DRAFT = "draft"
    VOID = "void"
    WRITTEN_OFF = "written off"
    DISPUTED = "disputed"


_WORDS = {
    Said.PAID: "paid|settled|closed|cleared|complete|completed|fully paid|paid in full|yes|y|bezahlt|ja|payé|paye|"
    "payée|payées|payés|payee|pagado|pagada|betaald|pagato|pagata|x|true|✓|✔|✅|☑",
    Said.UNPAID: "open|unpaid|outstanding|overdue|due|not paid|past due|late|no|n|sent|issued|pending|current|not due|"
    "awaiting payment|offen|überfällig|nein|impayé|ouvert|pendiente|abierta|openstaand|aperto|false|unbezahlt|"
    "❌|✗|✘|"
    "impayée|impayées|impayés|en attente|à payer|pendientes|vencida|vencido|scaduta|reminder sent|reminded|invoiced|"
    "new|active|approved|authorised|authorized|unsettled|to be paid|to pay|awaiting|due soon",
    Said.PARTIAL: "partial|part paid|partly paid|partially paid|part payment|partial payment|"
    "teilweise bezahlt|partiel|parcial",
    Said.DRAFT: "draft|entwurf|brouillon|borrador|concept|bozza",
    Said.VOID: "void|voided|cancelled|canceled|reversed|deleted|"
    "storniert|annulé|annulée|annule|anulada|geannuleerd|annullata",
    Said.WRITTEN_OFF: "written off|write off|bad debt|uncollectible|abgeschrieben",
    Said.DISPUTED: "disputed|in dispute|dispute|on hold|strittig",
}
_SIGN = re.compile(r"[^\w\s/]")
_SAID = {word: said for said, words in _WORDS.items() for word in words.split("|")}


def read_status(text: str) -> Said | None:
    """Return what the status says, None for a word that is not known or a sign that says otherwise than its word."""
    word = compared(text).replace("-", " ").replace("\ufe0f", "")
    if not word or word in _SAID:
        return _SAID.get(word, Said.NOTHING)
    bare = " ".join(_SIGN.sub(" ", word).split())
    said = {_SAID.get(bare), *(_SAID.get(sign) for sign in _SIGN.findall(word) if sign in _SAID)}
    return said.pop() if len(said) == 1 else None
