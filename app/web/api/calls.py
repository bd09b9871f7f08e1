"""API calls: the request as handlers see it, their answers, and the definition of operations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from bottle import request
from pydantic import BaseModel

from app.domain.permissions import Right, TokenRight
from app.store.access.api_tokens import ApiToken
from app.store.access.users import User
from app.web.api.shapes import Asked, Sent

ROOT = "/api/v1"
LARGEST_JSON = 100_000

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Call:
    """`key` is the same for retries of the same request."""

    token: ApiToken
    now: datetime
    today: date
    key: str = ""

    @property
    def user(self) -> User:
        """Return the token's user, with the scope of the token."""
        return replace(self.token.user, scope=self.token.scope)


@dataclass(frozen=True, slots=True)
class Answer:
    """Either a model, or the bytes of a file."""

    content: BaseModel | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """The router, the checks and the OpenAPI document are all made from these.

    `name` is the operationId, which generated clients use as a method name. The handler gets the call, the ids of the
    path, and by keyword what the operation reads: `query`, `body`, `workbook` (a stream), and `version` (the one to
    be changed).
    """

    name: str
    method: str
    path: str
    handler: Callable[..., Answer]
    needs: TokenRight
    right: Right
    summary: str
    answer: type[BaseModel] | None = None
    query: type[Sent] | None = None
    body: type[Sent] | None = None
    largest_workbook: int = 0
    status: int = 200
    has_version: bool = False

    @property
    def needs_idempotency_key(self) -> bool:
        """Return whether sending it twice could write twice: it then requires an idempotency key."""
        return self.method == "POST"

    @property
    def edits(self) -> bool:
        """Return whether it changes a record that others may have changed: it then requires If-Match."""
        return self.method == "PATCH"


def version_tag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}


def page(found: Sequence[_One], asked: Asked, id_of: Callable[[_One], int]) -> tuple[list[_One], str | None]:
    """Return one page of the records and the URL of the next; `found` has one record more than a page."""
    shown = list(found[: asked.limit])
    if len(found) <= asked.limit:
        return shown, None
    kept = [(name, text) for name, text in parse_qsl(request.query_string) if name != "cursor"]
    return shown, f"{request.path}?{urlencode([*kept, ('cursor', f'{id_of(shown[-1]):08x}')])}"
