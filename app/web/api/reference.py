"""The API reference: the OpenAPI document for programs, and the same as a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bottle import HTTPResponse

from app.store.db import current_user
from app.web.api.calls import ROOT, Operation
from app.web.api.gate import JSON
from app.web.api.openapi import document
from app.web.api.problems import ProblemType
from app.web.auth.access_policy import AccessPolicy
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_VERSION = "1"
_Json = Mapping[str, Any]
_Row = tuple[str, str, bool, str]  # a field: its name, its type in words, whether it is required, and what it is


@dataclass(frozen=True, slots=True)
class ApiReference:
    pages: Pages
    operations: tuple[Operation, ...]
    requests_per_minute: int
    access_policy: AccessPolicy

    def document(self) -> HTTPResponse:
        """Describe the API to everybody who may ask, signed in or not."""
        self.access_policy.check_address(current_user.actor().address)
        return HTTPResponse(_document_as_json(self.operations), 200, headers={"Content-Type": JSON})

    def show(self, context: RequestContext) -> HTTPResponse:
        described = _document(self.operations)
        schemas = described["components"]["schemas"]
        shapes = {name: _rows(schema) for name, schema in sorted(schemas.items()) if "properties" in schema}
        return self.pages.show(
            context,
            "api/show.html",
            root=ROOT,
            operations=[
                (one, _parameters(described["paths"][one.path][one.method.lower()]), one.body and one.body.__name__)
                for one in self.operations
            ],
            shapes=shapes,
            problems=list(ProblemType),
            requests_per_minute=self.requests_per_minute,
        )


@cache
def _document(operations: tuple[Operation, ...]) -> _Json:
    """Describe the operations: that takes a tenth of a second, so it is done once."""
    return document(operations, _VERSION)


@cache
def _document_as_json(operations: tuple[Operation, ...]) -> str:
    return json.dumps(_document(operations))


def _parameters(operation: _Json) -> list[_Row]:
    return [
        (one["name"], _kind(one["schema"]), one["required"], one.get("description", ""))
        for one in operation["parameters"]
    ]


def _rows(schema: _Json) -> list[_Row]:
    required = schema.get("required", ())
    return [
        (name, _kind(field), name in required, field.get("description", ""))
        for name, field in schema["properties"].items()
    ]


def _kind(schema: _Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
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
