"""API calls: the request as handlers see it, their answers, and the definition of operations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args, get_type_hints
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from bottle import request
from pydantic import BaseModel

from app.domain.as_of import AsOf
from app.domain.permissions import Right, TokenRight
from app.store.access.api_tokens import ApiToken
from app.store.access.users import User
from app.web.api.shapes import Asked, Sent

ROOT = "/api/v1"
LARGEST_JSON = 100_000

_Content = TypeVar("_Content", bound=BaseModel | bytes)
_Page = TypeVar("_Page", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """`key` is the same for retries of the same request, `user_key` also for those with another token of the user."""

    token: ApiToken
    now: datetime
    zone: ZoneInfo
    key: str = ""
    user_key: str = ""

    @property
    def user(self) -> User:
        """Return the token's user, with the scope of the token."""
        return replace(self.token.user, scope=self.token.scope)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def as_of(self, day: date | None) -> AsOf:
        """Return the end of the day, by default of today."""
        return AsOf.end_of(day or self.today, self.zone)


@dataclass(frozen=True, slots=True)
class Answer(Generic[_Content]):
    """Either a model, or the bytes of a file."""

    content: _Content
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """The router, the checks and the OpenAPI document are all made from these.

    `name` is the operationId, which generated clients use as a method name. The handler gets the call, the ids of the
    path, and by keyword what the operation reads: `query`, `body`, `workbook` (a stream), and `version` (the one to
    be changed). Its annotations are the models of what is sent and answered.
    """

    name: str
    method: str
    path: str
    handler: Callable[..., Answer[Any]]
    needs: TokenRight
    right: Right
    summary: str
    status: int = 200
    largest_workbook: int = 0

    @cached_property
    def _models(self) -> dict[str, Any]:
        return get_type_hints(self.handler)

    @property
    def query(self) -> type[Sent] | None:
        return self._models.get("query")

    @property
    def body(self) -> type[Sent] | None:
        return self._models.get("body")

    @property
    def answer(self) -> type[BaseModel] | None:
        """Return None where the answer is a file."""
        (content,) = get_args(self._models["return"])
        return None if content is bytes else content

    @property
    def needs_idempotency_key(self) -> bool:
        """Return whether sending it twice could write twice: it then requires an idempotency key."""
        return self.method == "POST"

    @property
    def edits(self) -> bool:
        """Return whether it changes a record that others may have changed: it then requires If-Match."""
        return self.method == "PATCH"


def page(kind: type[_Page], found: Sequence[Any], asked: Asked) -> Answer[_Page]:
    """Answer one page of what was found, with the URL of the next; `found` has one answer more than a page."""
    shown, following = list(found[: asked.limit]), None
    if len(found) > asked.limit:
        kept = [(name, text) for name, text in parse_qsl(request.query_string) if name != "cursor"]
        following = f"{request.path}?{urlencode([*kept, ('cursor', f'{shown[-1].id:08x}')])}"
    return Answer(kind(data=shown, next=following))
