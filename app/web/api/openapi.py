"""The OpenAPI 3.1 document of the API, made from the operations and the models that check them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from app.web.api.calls import ROOT, Operation
from app.web.api.gate import JSON, KEY_PATTERN, VERSION_PATTERN, WORKBOOKS
from app.web.api.problems import MEDIA_TYPE, ProblemAnswer, ProblemType
from app.web.http.downloads import XLSX
from app.web.http.forms import LARGEST_ID

_Json = dict[str, Any]
_ABOUT = (
    "What the dashboard knows of receivables, for programs. Amounts are whole cents beside a currency of three "
    "letters, days are written 2026-03-02, moments 2026-03-02T09:30:00Z. A program asks in the name of the user whose "
    "token it sends, and sees and does no more than that user may."
)
_ALWAYS = (
    ProblemType.UNAUTHORIZED,
    ProblemType.FORBIDDEN,
    ProblemType.TOO_MANY_REQUESTS,
    ProblemType.FAILURE,
    ProblemType.UNAVAILABLE,
    ProblemType.DISK_FULL,
    ProblemType.MALFORMED,
    ProblemType.INVALID,
)


def document(operations: Iterable[Operation], version: str) -> _Json:
    known = tuple(operations)
    schemas, definitions = _schemas(known)
    paths: dict[str, _Json] = {}
    for operation in known:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, known, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Receivables", "version": version, "description": _ABOUT},
        "servers": [{"url": ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": definitions, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


_Schemas = Mapping[Any, _Json]


def _schemas(operations: tuple[Operation, ...]) -> tuple[_Schemas, _Json]:
    wanted: list[Any] = [(ProblemAnswer, "serialization")]
    for operation in operations:
        wanted += [(shape, "validation") for shape in (operation.query, operation.body) if shape]
        wanted += [(operation.answer, "serialization")] if operation.answer else []
    found, all_definitions = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}"
    )
    queries = {operation.query.__name__ for operation in operations if operation.query}
    return found, {name: schema for name, schema in all_definitions["$defs"].items() if name not in queries}


def _operation(operation: Operation, operations: tuple[Operation, ...], schemas: _Schemas) -> _Json:
    described: _Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs a token with the right to {operation.needs}.",
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_header_parameters(operation)],
        "responses": {str(operation.status): _success(operation, operations, schemas)},
    }
    for kind in sorted(_problems(operation), key=lambda kind: kind.status):
        described["responses"][str(kind.status)] = _problem(kind, schemas)
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": schemas[operation.body, "validation"]}},
        }
    if operation.largest_workbook:
        described["requestBody"] = {"required": True, "content": {kind: {"schema": {}} for kind in WORKBOOKS}}
    return described


def _path_parameters(operation: Operation) -> list[_Json]:
    schema = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
    names = re.findall(r"\{(\w+)\}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(operation: Operation) -> list[_Json]:
    if operation.query is None:
        return []
    described = operation.query.model_json_schema(ref_template="#/components/schemas/{model}")
    return [
        {"name": name, "in": "query", "required": False, **_described(schema)}
        for name, schema in described["properties"].items()
    ]


def _described(schema: _Json) -> _Json:
    """Leave out null, as parameters are omitted instead."""
    described = {name: value for name, value in schema.items() if name not in {"title", "description", "default"}}
    choices = [one for one in described.pop("anyOf", []) if one != {"type": "null"}]
    if choices:
        described = {**described, **(choices[0] if len(choices) == 1 else {"anyOf": choices})}
    if schema.get("default") not in {None, ""}:
        described["default"] = schema["default"]
    return {"schema": described, **({"description": schema["description"]} if "description" in schema else {})}


def _header_parameters(operation: Operation) -> list[_Json]:
    found = {}
    if operation.needs_idempotency_key:
        found["Idempotency-Key"] = _header(
            KEY_PATTERN,
            "Of your own choice, and the same whenever this request is sent again: it is then done once. "
            "Kept for 24 hours.",
        )
    if operation.edits:
        found["If-Match"] = _header(VERSION_PATTERN, "The ETag of what you saw.")
    return [{"name": name, "in": "header", **header} for name, header in found.items()]


def _success(operation: Operation, operations: tuple[Operation, ...], schemas: _Schemas) -> _Json:
    content: _Json = (
        {JSON: {"schema": schemas[operation.answer, "serialization"]}} if operation.answer else {XLSX: {"schema": {}}}
    )
    headers = {**_LIMITS}
    if operation.answer and "version" in operation.answer.model_fields:
        headers["ETag"] = _header(VERSION_PATTERN, "The version, to be sent as If-Match with a change.")
    if operation.method == "POST" and operation.status != 200 and "}/" not in operation.path:
        headers["Location"] = _header("^/", "The address of what was made.")
    response: _Json = {"description": operation.summary, "headers": headers, "content": content}
    links = _links(operation, operations)
    return {**response, "links": links} if links else response


def _links(operation: Operation, operations: tuple[Operation, ...]) -> _Json:
    """Return links to the operations that take the id in the response."""
    if operation.method == "PATCH":
        return {}
    noun = operation.path.split("/")[1]
    if operation.answer is None or noun in {"reports", "export"}:
        return {}
    fields = operation.answer.model_fields
    place = "$response.body#/id" if "id" in fields else "$response.body#/data/0/id"
    return {
        other.name: {"operationId": other.name, "parameters": {f"path.{names[0]}": place}}
        for other in operations
        if other.path.startswith(f"/{noun}/") and (names := re.findall(r"\{(\w+)\}", other.path)) and other != operation
    }


def _problems(operation: Operation) -> set[ProblemType]:
    found = {*_ALWAYS}
    if "{" in operation.path or operation.path in {"/invoices", "/payments"}:
        found.add(ProblemType.NOT_FOUND)
    if operation.needs_idempotency_key:
        found.add(ProblemType.CONFLICT)
    if operation.edits:
        found |= {ProblemType.CONFLICT, ProblemType.STALE, ProblemType.VERSION_REQUIRED}
    if operation.body or operation.largest_workbook:
        found |= {ProblemType.LENGTH_REQUIRED, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_TYPE}
    return found


def _problem(kind: ProblemType, schemas: _Schemas) -> _Json:
    headers = {}
    if kind is ProblemType.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _header("^Bearer", "How to authenticate.")
    if kind in {ProblemType.TOO_MANY_REQUESTS, ProblemType.UNAVAILABLE}:
        headers["Retry-After"] = _header("^[0-9]+$", "After how many seconds to go on.")
    content = {MEDIA_TYPE: {"schema": schemas[ProblemAnswer, "serialization"]}}
    return {"description": kind.title, "headers": headers, "content": content}


def _header(pattern: str, description: str) -> _Json:
    return {"description": description, "required": True, "schema": {"type": "string", "pattern": pattern}}


_LIMITS = {
    "RateLimit-Policy": _header('^"minute";q=[0-9]+;w=60$', "How often a token may ask in a minute."),
    "RateLimit": _header(
        '^"minute";r=[0-9]+;t=[0-9]+$', "How often it still may in this one, which ends in t seconds."
    ),
}
