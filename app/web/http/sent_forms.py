"""A form that was sent and refused: what was typed is shown, and can be sent again; what is lost is said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bottle import BaseRequest

from app.web.http.csrf import FIELD
from app.web.http.forms import local_path, path_of_page
from app.web.http.request_context import RequestContext

_SECRETS = frozenset({"current", "password", "password_again", "token", "passkey"})
_NOT_TYPED = frozenset(
    {"key", "version", "change", "parameters", "sort", "back", "next", "action", "invoice", "customer"}
)


@dataclass(frozen=True, slots=True)
class SentForm:
    """`came_from` is the page that held it; a file that was sent with it is not kept."""

    address: str
    fields: Mapping[str, str]
    came_from: str
    had_file: bool = False

    @classmethod
    def of(cls, request: BaseRequest, context: RequestContext) -> Self | None:
        """Return None for forms with secrets, which are never shown again, and for empty ones."""
        fields = {name: value for name, value in context.form.items() if name != FIELD}
        had_file = any(upload.raw_filename for upload in context.files.values())
        if not (fields or had_file) or has_secrets(context):
            return None
        return cls(local_path(request.path), fields, path_of_page(request), had_file)

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Read what `to_json` wrote into a page of ours; None if it is empty or was changed beyond reading."""
        try:
            address, fields, came_from, had_file = json.loads(text or "null")
            typed = {str(name): str(value) for name, value in fields.items()}
            return cls(local_path(address), typed, local_path(came_from), bool(had_file))
        except (ValueError, TypeError, AttributeError):
            return None

    def to_json(self) -> str:
        return json.dumps([self.address, self.fields, self.came_from, self.had_file])

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Return what a person typed or chose, in words."""
        return [
            (name.partition(":")[0].replace("_", " ").capitalize(), value)
            for name, value in self.fields.items()
            if value and name.partition(":")[0] not in _NOT_TYPED
        ]


def has_secrets(context: RequestContext) -> bool:
    return bool(_SECRETS & context.form.keys())


def why_lost(request: BaseRequest, context: RequestContext, largest: int) -> str:
    """Say what to do as a form that was sent cannot be shown again; empty if there was nothing in it.

    A form of more than `largest` bytes was not read, nor was one that was refused for what it cannot help.
    """
    if has_secrets(context):
        return "Please fill in the form again: passwords are never kept."
    if context.form or request.content_length <= 0:
        return ""
    if request.content_type.startswith("multipart/"):
        return "Please choose the file again: it was not kept."
    if request.content_length > largest:
        return "Please fill in the form again: it was too large to be kept."
    return "Please fill in the form again: it was not kept."
