"""A form that was sent and refused: what was typed is shown, and can be sent again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bottle import BaseRequest

from app.web.http.csrf import FIELD
from app.web.http.forms import local_path, path_of_page
from app.web.http.request_context import RequestContext

_SECRETS = frozenset({"current", "password", "password_again", "token"})
_NOT_TYPED = frozenset(
    {"key", "version", "change", "parameters", "sort", "back", "next", "action", "invoice", "customer"}
)


@dataclass(frozen=True, slots=True)
class SentForm:
    """`came_from` is the page that held it."""

    address: str
    fields: Mapping[str, str]
    came_from: str

    @classmethod
    def of(cls, request: BaseRequest, context: RequestContext) -> Self | None:
        """Return None for forms with secrets or files, which are never shown again, and for empty ones."""
        fields = {name: value for name, value in context.form.items() if name != FIELD}
        if not fields or context.files or _SECRETS & fields.keys():
            return None
        return cls(local_path(request.path), fields, path_of_page(request))

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Read what `to_json` wrote into a page of ours; None if it is empty or was changed beyond reading."""
        try:
            address, fields, came_from = json.loads(text or "null")
            return cls(
                local_path(address), {str(name): str(value) for name, value in fields.items()}, local_path(came_from)
            )
        except (ValueError, TypeError, AttributeError):
            return None

    def to_json(self) -> str:
        return json.dumps([self.address, self.fields, self.came_from])

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Return what a person typed or chose, in words."""
        return [
            (name.partition(":")[0].replace("_", " ").capitalize(), value)
            for name, value in self.fields.items()
            if value and name.partition(":")[0] not in _NOT_TYPED
        ]
