"""What people write in a column of statuses."""

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
    "payée|pagado|pagada|betaald|pagato|pagata|x|true",
    Said.UNPAID: "open|unpaid|outstanding|overdue|due|not paid|past due|late|no|n|sent|issued|pending|current|not due|"
    "awaiting payment|offen|überfällig|nein|impayé|ouvert|pendiente|abierta|openstaand|aperto|false|unbezahlt",
    Said.PARTIAL: "partial|part paid|partly paid|partially paid|part payment|partial payment|"
    "teilweise bezahlt|partiel|parcial",
    Said.DRAFT: "draft|entwurf|brouillon|borrador|concept|bozza",
    Said.VOID: "void|voided|cancelled|canceled|reversed|deleted|"
    "storniert|annulé|annulée|annule|anulada|geannuleerd|annullata",
    Said.WRITTEN_OFF: "written off|write off|bad debt|uncollectible|abgeschrieben",
    Said.DISPUTED: "disputed|in dispute|dispute|on hold|strittig",
}
_SAID = {word: said for said, words in _WORDS.items() for word in words.split("|")}


def read_status(text: str) -> Said | None:
    """Return what the status says, None for a word that is not known."""
    word = compared(text).replace("-", " ")
    return Said.NOTHING if not word else _SAID.get(word)
