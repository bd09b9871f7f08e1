"""Problem details (RFC 9457): error responses of the API."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from bottle import HTTPResponse
from pydantic import Field

from app.domain.confirmation import Doubt, UnconfirmedError
from app.domain.sentences import plain
from app.web.api.shapes import ResponseModel

MEDIA_TYPE = "application/problem+json"


class ProblemType(Enum):
    MALFORMED = (400, "What was sent cannot be read")
    UNAUTHORIZED = (401, "A token is needed")
    FORBIDDEN = (403, "The token does not include this right")
    UNKNOWN_SENDER = (403, "This sender may not send workbooks")
    NOT_FOUND = (404, "There is nothing here")
    METHOD_NOT_ALLOWED = (405, "This address cannot be used that way")
    CONFLICT = (409, "That does not fit what is stored")
    LENGTH_REQUIRED = (411, "The size is missing")
    STALE = (412, "Somebody else was faster")
    TOO_LARGE = (413, "That is too large")
    UNSUPPORTED_TYPE = (415, "This media type is not read here")
    INVALID = (422, "What was sent is not as the schema says")
    VERSION_REQUIRED = (428, "Say which version is to be changed")
    TOO_MANY_REQUESTS = (429, "One moment, please")
    FAILURE = (500, "Something went wrong here")
    UNAVAILABLE = (503, "The database does not answer")
    MAINTENANCE = (503, "Nothing can be written just now")
    DISK_FULL = (507, "The disk of the server is full")

    def __init__(self, status: int, title: str) -> None:
        self.status = status
        self.title = title

    @property
    def type(self) -> str:
        """Return the URI of the type, which links to its description in the reference."""
        return f"/api#{self.name.lower().replace('_', '-')}"

    @classmethod
    def of_status(cls, status: int) -> "ProblemType":
        """Return MALFORMED for a status without a type."""
        return next((kind for kind in cls if kind.status == status), cls.MALFORMED)


class Mistake(ResponseModel):
    """A mistake at one place: a field of the request, or a cell of a workbook."""

    field: str | None = Field(default=None, description="The field, with dots between a list, its number and a field.")
    tab: str | None = Field(default=None, description="The tab of the workbook.")
    cell: str | None = Field(default=None, description="The cell of the tab.")
    sentence: str = Field(description="What is wrong, and what to do.")


class ProblemAnswer(ResponseModel):
    """An error response (RFC 9457)."""

    type: str = Field(description="Names the kind of problem.")
    title: str = Field(description="What the kind is called.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="What is wrong this time, in one sentence.")
    errors: tuple[Mistake, ...] = Field(default=(), description="Each place at which something is wrong.")
    failure_id: str | None = Field(default=None, description="What the server's log knows a failure by.")


class ProblemError(Exception):  # a response, not an error
    """A response other than the requested one; the message is one sentence for the author of the program."""

    def __init__(
        self, kind: ProblemType, sentence: str, errors: Iterable[Mistake] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def at(field: str, sentence: str) -> Mistake:
    return Mistake(field=field, sentence=sentence)


def conflict(sentence: object, field: str = "") -> ProblemError:
    return ProblemError(ProblemType.CONFLICT, str(sentence), [at(field, str(sentence))] if field else [])


def unconfirmed(
    refused: UnconfirmedError, place: Callable[[Doubt], str] = lambda question: question.field
) -> ProblemError:
    """Say at the place of each question which field confirms it."""
    mistakes = [
        at(place(one), f"{one.sentence} Send {one.confirmation} as true to go on.") for one in refused.questions
    ]
    return ProblemError(ProblemType.CONFLICT, " ".join(one.sentence for one in mistakes), mistakes)


def not_found(sentence: object) -> ProblemError:
    """Say the same of a record that does not exist and of one outside the token's scope."""
    return ProblemError(ProblemType.NOT_FOUND, str(sentence))


def answered(problem: ProblemError, failure_id: str | None = None) -> HTTPResponse:
    headers = {"Content-Type": MEDIA_TYPE, **problem.headers}
    body = _body(problem.kind, str(problem), problem.errors, failure_id)
    return HTTPResponse(body, problem.kind.status, headers=headers)


def failure(failure_id: str) -> HTTPResponse:
    """Name the id under which the failure is logged."""
    sentence = f"Nothing was changed; the server's log tells more under {failure_id}."
    return answered(ProblemError(ProblemType.FAILURE, sentence), failure_id)


def of_status(status: int) -> str:
    """Return the body for an error that Bottle found before a handler was called."""
    kind = ProblemType.of_status(status)
    sentences = {
        ProblemType.NOT_FOUND: "There is nothing at this address: /api/v1/openapi.json lists what there is.",
        ProblemType.METHOD_NOT_ALLOWED: "The header Allow names the methods that this address knows.",
    }
    return _body(kind, sentences.get(kind, "The request is not one of HTTP."))


def _body(kind: ProblemType, sentence: str, errors: tuple[Mistake, ...] = (), failure_id: str | None = None) -> str:
    answer = ProblemAnswer(
        type=kind.type, title=kind.title, status=kind.status, detail=sentence, errors=errors, failure_id=failure_id
    )
    return plain(answer.model_dump_json(exclude_none=True))
