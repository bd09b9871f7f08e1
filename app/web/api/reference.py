"""The API reference: the OpenAPI document for programs, and the same as a page."""

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
    """`kind` is the type in words."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Described:
    operation: Operation
    parameters: list[FieldRow]
    body: list[FieldRow]
    answer: str

    @property
    def path(self) -> str:
        return ROOT + self.operation.path


@dataclass(frozen=True, slots=True)
class ApiReference:
    pages: Pages
    operations: tuple[Operation, ...]
    requests_per_minute: int

    def document(self) -> HTTPResponse:
        body = json.dumps(document(self.operations, _VERSION))
        return HTTPResponse(body, 200, headers={"Content-Type": JSON})

    def show(self, context: RequestContext) -> HTTPResponse:
        api_document = document(self.operations, _VERSION)
        schemas = api_document["components"]["schemas"]
        return self.pages.show(
            context,
            "api/show.html",
            root=ROOT,
            described=[_described(operation, api_document) for operation in self.operations],
            shapes={name: _rows(schema) for name, schema in sorted(schemas.items()) if "properties" in schema},
            problems=list(ProblemType),
            requests_per_minute=self.requests_per_minute,
        )


def _described(operation: Operation, api_document: _Json) -> Described:
    described = api_document["paths"][operation.path][operation.method.lower()]
    parameters = [
        FieldRow(one["name"], _kind(one["schema"]), one["required"], one.get("description", ""))
        for one in described["parameters"]
    ]
    sent = described.get("requestBody", {}).get("content", {}).get(JSON)
    body = _rows(api_document["components"]["schemas"][_named(sent["schema"])]) if sent else []
    answered = described["responses"][str(operation.status)]["content"].get(JSON)
    return Described(operation, parameters, body, _named(answered["schema"]) if answered else "")


def _rows(schema: _Json) -> list[FieldRow]:
    required = schema.get("required", ())
    return [
        FieldRow(name, _kind(field), name in required, field.get("description", ""))
        for name, field in schema["properties"].items()
    ]


def _kind(schema: _Json) -> str:
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
