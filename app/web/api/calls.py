"""Calls: one request of a program as handlers see it, what they answer, and the operations that there are."""

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
    """One request: with which token, and when; `key` is the same whenever the same request is sent again."""

    token: ApiToken
    now: datetime
    today: date
    key: str = ""

    @property
    def user(self) -> User:
        """Return in whose name the program asks, seeing what the token covers."""
        return replace(self.token.user, scope=self.token.scope)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a shape, or the bytes of a file."""

    content: BaseModel | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that programs can ask for; the router, the checks and the document are all made from it.

    `name` is the operation's id in the document: generated clients call it by that. The handler is given the call, the
    ids of the path, and by name what the operation reads: `query`, `body`,
    `workbook` (a stream), and `version`, the one that is to be changed.
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
    fetched_by: str = ""

    @property
    def writes_anew(self) -> bool:
        """Tell whether sending it twice could write twice: a key then makes sure that it is done once."""
        return self.method == "POST"

    @property
    def edits(self) -> bool:
        """Tell whether it changes what others may have changed meanwhile: it then says which version it saw."""
        return self.method == "PATCH"


def version_tag(version: int) -> dict[str, str]:
    """Return the header that names the version of what is answered."""
    return {"ETag": f'"{version}"'}


def page(found: Sequence[_One], asked: Asked, id_of: Callable[[_One], int]) -> tuple[list[_One], str | None]:
    """Return one page of what was found, for which one more was asked than it holds, and the address of the next."""
    shown = list(found[: asked.limit])
    if len(found) <= asked.limit:
        return shown, None
    kept = [(name, text) for name, text in parse_qsl(request.query_string) if name != "cursor"]
    return shown, f"{request.path}?{urlencode([*kept, ('cursor', f'{id_of(shown[-1]):08x}')])}"
