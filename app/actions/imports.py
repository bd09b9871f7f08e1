"""Imports: a person's decision to apply or undo one, which the worker then carries out."""

from dataclasses import replace
from datetime import datetime

from app.store.access import audit
from app.store.access.users import User
from app.store.db.transactions import transaction
from app.store.ledger import imports
from app.store.ledger.imports import State, StoredImport
from app.workbook.importing import NotNowError
from app.workbook.preview import Choices, Preview


class PreventedError(NotNowError):
    """Something in the preview prevents that the import is applied; the message is one sentence."""


def confirm(stored: StoredImport, preview: Preview, by: User, now: datetime, *, good_rows: bool) -> None:
    """Have a previewed import applied; raises PreventedError, or NotNowError if another request was faster."""
    choices = replace(Choices.from_json(stored.choices), good_rows=good_rows)
    reason = preview.why_not(choices)
    if reason:
        raise PreventedError(reason)
    with transaction():
        if not imports.claim(stored.id, (State.PREVIEWED,), State.APPLYING):
            raise NotNowError("This import is not waiting to be applied.")
        imports.change(stored.id, choices=choices.to_json())
        details = {"file": stored.file_name, "good_rows": good_rows}
        audit.append(by, "import.confirmed", f"import:{stored.id}", before={}, after=details, now=now)


def recall(stored: StoredImport, by: User, now: datetime) -> None:
    """Have an applied import undone; raises NotNowError if it is not applied."""
    with transaction():
        if not imports.claim(stored.id, (State.APPLIED,), State.UNDOING):
            raise NotNowError("Only an applied import can be undone.")
        audit.append(by, "import.recalled", f"import:{stored.id}", before={}, after={"file": stored.file_name}, now=now)
