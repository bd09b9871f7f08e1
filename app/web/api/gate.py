"""Authentication, checks and error handling around each API operation; cookies are not read."""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from bottle import HTTPResponse, request
from pydantic import ValidationError

from app.actions.imports import NotNowError
from app.actions.invoices import InvoiceRefusedError
from app.actions.payments import PaymentRefusedError
from app.domain.confirmation import UnconfirmedError
from app.domain.firm import Firm
from app.domain.sentences import plain
from app.store.access import api_tokens, idempotency
from app.store.access.api_tokens import ApiToken
from app.store.access.hashes import hash_of
from app.store.access.idempotency import KeptAnswer
from app.store.access.limits import TokenUses
from app.store.db import current_user
from app.store.db.cache import pin_version
from app.store.db.database import connection
from app.store.db.missing_records import MissingError
from app.store.ledger import firm
from app.store.ledger.customers import CodeRefusedError, CustomerConflictError
from app.store.ledger.invoice_changes import InvoiceConflictError, NumberTakenError
from app.web.api import problems
from app.web.api.calls import LARGEST_JSON, ROOT, Answer, Call, Operation
from app.web.api.problems import Mistake, ProblemError, ProblemType
from app.web.api.rate_limits import RateLimit
from app.web.api.shapes import Sent
from app.web.auth.access_policy import AccessPolicy
from app.web.http.downloads import XLSX
from app.web.http.errors import MaintenanceError, Refusal, refusal_for_outage
from app.web.http.no_writing.disk_space import DiskSpace
from app.web.http.no_writing.read_only import ReadOnly
from app.web.http.request_log import acting_as_user
from app.web.http.threads import SentFile, received_file

JSON = "application/json"
WORKBOOKS = (
    XLSX,
    "application/vnd.ms-excel.sheet.macroEnabled.12",
    "text/csv",
    "text/tab-separated-values",
    "application/octet-stream",
)
KEY_PATTERN = "^[!-~]{1,255}$"
VERSION_PATTERN = '^"[0-9]{1,9}"$'

_MOST_PARAMETERS = 100
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="invoices"'}
_SENTENCES = {"missing": "Please give this.", "extra_forbidden": "There is no such field here."}
_CONFLICTS = {  # with the field that does not fit, where it is one
    CodeRefusedError: "code",
    NotNowError: "",
    NumberTakenError: "number",
    PaymentRefusedError: "",
}
_OUTDATED = {CustomerConflictError: "Get the customer again.", InvoiceConflictError: "Get it again."}
_REFUSALS: tuple[type[Exception], ...] = (
    Refusal,
    MissingError,
    UnconfirmedError,
    InvoiceRefusedError,
    *_CONFLICTS,
    *_OUTDATED,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gate:
    now: Callable[[], datetime]
    unsaved_firm: Firm
    access_policy: AccessPolicy
    disk_space: DiskSpace
    read_only: ReadOnly
    requests_per_minute: int
    token_uses: TokenUses

    def around(self, operation: Operation) -> Callable[..., HTTPResponse]:
        def answer(**ids: int) -> HTTPResponse:
            extra_headers: dict[str, str] = {}  # set on the response, whatever its outcome
            try:
                response = self._answer(operation, ids, extra_headers)
            except ProblemError as problem:
                response = problems.answered(problem)
            except _REFUSALS as refused:
                response = problems.answered(_problem(refused))
            except Exception as error:
                log.exception("failure at %s %r", request.method, request.path)
                outage = refusal_for_outage(error)
                response = (
                    problems.answered(_problem(outage)) if outage else problems.failure(current_user.actor().request_id)
                )
            for name, value in extra_headers.items():
                response.set_header(name, value)
            return response

        return answer

    def _answer(self, operation: Operation, ids: dict[str, int], extra_headers: dict[str, str]) -> HTTPResponse:
        self.access_policy.check_address_of_program(current_user.actor().address)
        now = self.now()
        pinned = pin_version() if operation.method == "GET" else nullcontext()
        writing = nullcontext() if operation.method == "GET" else self.read_only.writing(now)
        with connection(), pinned, received_file(request.content_length):
            token = self._token(now)
            extra_headers.update(self._count_request(token, now))
            if not token.may(operation.needs, operation.right):
                log.warning("refused token %s: %s %r", token.id, request.method, request.path)
                raise ProblemError(
                    ProblemType.FORBIDDEN, f"This needs the right to {operation.needs}, of the token and of its user."
                )
            if operation.method != "GET":
                self.disk_space.check(operation.right)
            call = Call(token, now, firm.current(self.unsaved_firm).zone)
            with acting_as_user(call.user, token.facts.name), writing:
                if operation.needs_idempotency_key:
                    return _once(operation, call, {**ids, **_handler_arguments(operation)})
                return _response(operation, operation.handler(call, **ids, **_handler_arguments(operation)))

    def _token(self, now: datetime) -> ApiToken:
        scheme, _, text = request.get_header("Authorization", "").partition(" ")
        if not text or scheme.lower() != "bearer":
            sentence = "Send a token in the header: Authorization: Bearer invoices_…"
            raise ProblemError(ProblemType.UNAUTHORIZED, sentence, headers=_CHALLENGE)
        token = api_tokens.find_active(text.strip(), now)
        if token is None:
            log.warning("refused a token at %s %r", request.method, request.path)
            challenge = {"WWW-Authenticate": _CHALLENGE["WWW-Authenticate"] + ', error="invalid_token"'}
            sentence = "This token is not known, has expired or was revoked."
            raise ProblemError(ProblemType.UNAUTHORIZED, sentence, headers=challenge)
        return token

    def _count_request(self, token: ApiToken, now: datetime) -> dict[str, str]:
        """Return the rate limit headers; raises ProblemError if the limit is exceeded."""
        limit = RateLimit.counted(self.token_uses, token, self.requests_per_minute, now)
        if limit.is_exceeded:
            raise ProblemError(ProblemType.TOO_MANY_REQUESTS, limit.sentence, headers=limit.headers)
        return limit.headers


def _problem(refused: Exception) -> ProblemError:
    if isinstance(refused, Refusal):
        kind = (
            ProblemType.MAINTENANCE if isinstance(refused, MaintenanceError) else ProblemType.of_status(refused.status)
        )
        waits = {"Retry-After": "1"} if kind is ProblemType.TOO_MANY_REQUESTS else refused.headers
        return ProblemError(kind, str(refused), headers=waits)
    if isinstance(refused, MissingError):
        return problems.not_found(refused)
    if again := _OUTDATED.get(type(refused)):
        return ProblemError(ProblemType.STALE, f"{refused} {again}")
    if isinstance(refused, UnconfirmedError):
        return problems.unconfirmed(refused)
    if isinstance(refused, InvoiceRefusedError):
        mistakes = [problems.at(one.field, one.sentence) for one in refused.refusals if one.field]
        return ProblemError(ProblemType.CONFLICT, str(refused), mistakes)
    return problems.conflict(refused, _CONFLICTS.get(type(refused), ""))


def _handler_arguments(operation: Operation) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    query = _query()
    if operation.query:
        parts["query"] = _checked(partial(operation.query.model_validate_strings, query))
    elif query:
        raise _invalid([problems.at(name, _SENTENCES["extra_forbidden"]) for name in query])
    if operation.body:
        _refuse_other_types((JSON,))
        _refuse_size(LARGEST_JSON)
        parts["body"] = _checked(partial(operation.body.model_validate_json, request.body.read()))
    if operation.largest_workbook:
        _refuse_other_types(WORKBOOKS)
        _refuse_size(operation.largest_workbook)
        parts["workbook"] = request.body
    if operation.edits:
        parts["version"] = _version()
    return parts


def _query() -> dict[str, str]:
    try:
        pairs = parse_qsl(
            request.query_string, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise ProblemError(ProblemType.MALFORMED, "The parameters of the address cannot be read.") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        twice = sorted({name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1})
        raise _invalid([problems.at(name, "This is said twice.") for name in twice])
    return parameters


def _checked(read: Callable[[], Sent]) -> Sent:
    try:
        return read()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            raise ProblemError(ProblemType.MALFORMED, f"The body is not JSON: {found[0]['ctx']['error']}.") from error
        raise _invalid([_mistake(one["type"], one["loc"], one["msg"]) for one in found]) from error


def _mistake(kind: str, place: tuple[int | str, ...], message: str) -> Mistake:
    sentence = _SENTENCES.get(kind, message)
    return problems.at(".".join(map(str, place)), sentence if sentence.endswith(".") else f"{sentence}.")


def _invalid(mistakes: list[Mistake]) -> ProblemError:
    count = len(mistakes)
    need = "One field needs" if count == 1 else f"{count} fields need"
    return ProblemError(ProblemType.INVALID, f"{need} another look; nothing was changed.", mistakes)


def _refuse_other_types(accepted: tuple[str, ...]) -> None:
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind not in {one.lower() for one in accepted}:
        raise ProblemError(ProblemType.UNSUPPORTED_TYPE, f"The header Content-Type must say {' or '.join(accepted)}.")


def _refuse_size(largest: int) -> None:
    if not request.get_header("Content-Length"):
        raise ProblemError(ProblemType.LENGTH_REQUIRED, "The header Content-Length must say the size of what is sent.")
    if request.content_length > largest:
        raise ProblemError(ProblemType.TOO_LARGE, f"At most {largest:,} bytes can be sent here.")


def _version() -> int:
    asked = "Send the ETag of what you saw as If-Match, so that nobody's change is lost."
    wrong = 'If-Match is the one ETag of what you saw, such as "3".'
    return int(_header("If-Match", VERSION_PATTERN, ProblemType.VERSION_REQUIRED, asked, wrong).strip('"'))


def _header(name: str, pattern: str, missing: ProblemType, asked: str, wrong: str) -> str:
    text = request.get_header(name)
    if not text:
        raise ProblemError(missing, asked)
    if re.fullmatch(pattern.strip("^$"), text) is None:
        raise ProblemError(ProblemType.MALFORMED, wrong)
    return str(text)


def _once(operation: Operation, call: Call, parts: dict[str, Any]) -> HTTPResponse:
    """Answer a POST request once for each idempotency key of the token."""
    asked = "Send an Idempotency-Key of your own choice, the same whenever you send this request again."
    wrong = "An Idempotency-Key has 1 to 255 letters, digits and signs, and no blanks."
    key = _header("Idempotency-Key", KEY_PATTERN, ProblemType.MALFORMED, asked, wrong)
    own = replace(call, key=hash_of(f"{call.token.id}:{key}"), user_key=hash_of(f"user {call.user.id}:{key}"))

    def answer() -> KeptAnswer:
        given = operation.handler(own, **parts)
        return KeptAnswer(operation.status, _headers(given), plain(given.content.model_dump_json()))

    try:
        kept, again = idempotency.once(call.token.id, key, _request_hash(), call.now, answer)
    except idempotency.OtherRequestError as error:
        raise ProblemError(ProblemType.INVALID, str(error), [problems.at("Idempotency-Key", str(error))]) from error
    except idempotency.StillAnsweringError as error:
        raise ProblemError(ProblemType.CONFLICT, str(error), headers={"Retry-After": "1"}) from error
    headers = {"Content-Type": JSON, **kept.headers, **({"Idempotent-Replayed": "true"} if again else {})}
    return HTTPResponse(kept.body, kept.status, headers=headers)


def _request_hash() -> str:
    digest = hashlib.sha256(json.dumps([request.method, request.path, request.query_string]).encode())
    body = request.body
    while part := body.read(1 << 20):
        digest.update(part)
    body.seek(0)
    return digest.hexdigest()


def _response(operation: Operation, given: Answer[Any]) -> HTTPResponse:
    body = SentFile(given.content) if isinstance(given.content, bytes) else plain(given.content.model_dump_json())
    return HTTPResponse(body, operation.status, headers=_headers(given))


def _headers(given: Answer[Any]) -> dict[str, str]:
    version = getattr(given.content, "version", None)
    tag = {} if version is None else {"ETag": f'"{version}"'}
    return {"Content-Type": JSON, **tag, **given.headers}


def rule_of(operation: Operation) -> str:
    return ROOT + re.sub(r"\{(\w+)\}", r"<\1:id>", operation.path)
