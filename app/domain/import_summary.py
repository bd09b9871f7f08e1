"""What an import writes: records by what is done with them and by kind, and in words."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.domain.sentences import agreeing, counted

Written = Mapping[str, Mapping[str, int]]  # created, changed or voided; then customer, invoice or payment

_KINDS: Final = ("customer", "invoice", "payment")
_ORDERS: Final = {"created": "import", "changed": "change", "voided": "void"}
_DONE: Final = {"created": "imported", "changed": "changed", "voided": "voided"}


def order(written: Written) -> str:
    """Return what a button says: "Import 3 invoices and 4 payments, change 1 customer"."""
    parts = [f"{verb} {records}" for action, verb in _ORDERS.items() if (records := _records(written, action))]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def done(written: Written) -> str:
    """Return what happened: "3 invoices and 4 payments were imported; 1 customer was changed."."""
    parts = [
        f"{records} {agreeing(sum(written[action].values()), 'was', 'were')} {verb}"
        for action, verb in _DONE.items()
        if (records := _records(written, action))
    ]
    return f"{'; '.join(parts) or 'Nothing was changed'}."


def _records(written: Written, action: str) -> str:
    counts = written.get(action, {})
    return _listed([counted(counts[kind], kind, f"{kind}s") for kind in _KINDS if counts.get(kind)])


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
