"""The reference: the document of the API for programs, and the same as a page for people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bottle import HTTPResponse

from app.web.api.calls import ROOT, Operation
from app.web.api.gate import JSON
from app.web.api.openapi import document
from app.web.api.problems import ProblemType
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_VERSION = "1"
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field or parameter: what it is called, what is written there, whether it must be, and what it means."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Described:
    """One operation in words."""

    operation: Operation
    parameters: list[FieldRow]
    body: list[FieldRow]
    answer: str

    @property
    def path(self) -> str:
        """Return the whole path."""
        return ROOT + self.operation.path


@dataclass(frozen=True, slots=True)
class ApiReference:
    """Says what programs can ask for."""

    pages: Pages
    operations: tuple[Operation, ...]
    requests_per_minute: int

    def document(self) -> HTTPResponse:
        """Answer with the document."""
        body = json.dumps(document(self.operations, _VERSION))
        return HTTPResponse(body, 200, headers={"Content-Type": JSON})

    def show(self, context: RequestContext) -> HTTPResponse:
        """Answer with the page."""
        told = document(self.operations, _VERSION)
        schemas = told["components"]["schemas"]
        return self.pages.show(
            context,
            "api/show.html",
            root=ROOT,
            described=[_described(operation, told) for operation in self.operations],
            shapes={name: _rows(schema) for name, schema in sorted(schemas.items()) if "properties" in schema},
            problems=list(ProblemType),
            requests_per_minute=self.requests_per_minute,
        )


def _described(operation: Operation, told: _Json) -> Described:
    said = told["paths"][operation.path][operation.method.lower()]
    parameters = [
        FieldRow(one["name"], _kind(one["schema"]), one["required"], one.get("description", ""))
        for one in said["parameters"]
    ]
    sent = said.get("requestBody", {}).get("content", {}).get(JSON)
    body = _rows(told["components"]["schemas"][_named(sent["schema"])]) if sent else []
    answered = said["responses"][str(operation.status)]["content"].get(JSON)
    return Described(operation, parameters, body, _named(answered["schema"]) if answered else "")


def _rows(schema: _Json) -> list[FieldRow]:
    required = schema.get("required", ())
    return [
        FieldRow(name, _kind(field), name in required, field.get("description", ""))
        for name, field in schema["properties"].items()
    ]


def _kind(schema: _Json) -> str:
    """Return in words what is written there."""
    if "$ref" in schema:
        return _named(schema)
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return _WORDS.get((schema.get("type"), schema.get("format")), "text")


_WORDS: Mapping[Any, str] = {
    ("string", "date"): "day",
    ("string", "date-time"): "moment",
    ("integer", None): "whole number",
    ("boolean", None): "true or false",
    ("object", None): "whole numbers by name",
    ("null", None): "null",
}


def _named(schema: _Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
