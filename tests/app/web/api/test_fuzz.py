"""Whatever schemathesis makes up, the API answers as its document says: each field, each limit, each next step."""

import re
from datetime import date
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.engine import events, from_schema
from schemathesis.engine.context import EngineContext

from app.store.db import tables
from app.store.db.database import connection
from app.web.api.gate import KEY_PATTERN, VERSION_PATTERN
from tests.app.web.api.conftest import FIRST, XLSX

NETWORK = {"max_redirects", "verify", "cert"}
TABLES = {"invoice_id": tables.InvoiceModel, "customer_id": tables.CustomerModel}

schemathesis.openapi.format("date", st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(date.isoformat))

# A body that says it is text is held against that.
_AS_TEXT = [["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"], list(map(str, FIRST))]
LISTS = {
    "text/csv": "\n".join(map(",".join, _AS_TEXT)),
    "text/tab-separated-values": "\n".join(map("\t".join, _AS_TEXT)),
}


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"api_requests_per_minute": 10**9})


@pytest.fixture(autouse=True)
def nothing_of_the_network(monkeypatch):
    """The engine hands what is for a network to WSGI as well, where its probe for ignored tokens stumbles over it."""
    told = EngineContext.get_transport_kwargs

    def left(*asked, **named):
        return {name: value for name, value in told(*asked, **named).items() if name not in NETWORK}

    monkeypatch.setattr(EngineContext, "get_transport_kwargs", left)


@pytest.fixture
def api(app, program, ledger, book, work_off):
    """The document of an API over a filled store, asked by a program that sends what no schema can say."""
    program.upload("/imports", book(FIRST))
    work_off()
    config = SchemathesisConfig.from_dict(
        {
            "auth": {"openapi": {"token": {"bearer": program.token}}},
            "generation": {"max-examples": 15},
            "seed": 1,
            "checks": {
                # RFC 6585: a request without If-Match is answered by 428.
                "missing_required_header": {"expected-statuses": [400, 401, 403, 406, 415, 422, 428]},
                # RFC 9110: what is wrong and too large is refused by its size, before it is read.
                "negative_data_rejection": {
                    "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 411, 413, 415, 422, 428, 429]
                },
            },
        }
    )
    found = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    workbook = book(FIRST)

    @schemathesis.hook
    def before_call(context, case, kwargs):
        if re.fullmatch(KEY_PATTERN, str(case.headers.get("Idempotency-Key", ""))):
            case.headers["Idempotency-Key"] = uuid4().hex
        if re.fullmatch(VERSION_PATTERN, str(case.headers.get("If-Match", ""))):
            case.headers["If-Match"] = f'"{_version(case.path_parameters)}"'
        if (case.method, case.path) == ("POST", "/imports") and (case.body is not NOT_SET or _is_valid(case)):
            case.media_type = case.media_type or XLSX
            case.body = LISTS.get(case.media_type, workbook)
            if _is_valid(case) and case.query.get("expect"):
                case.query["expect"] = "100.00"  # which texts are figures is more than a schema can say

    yield found
    hooks.unregister(before_call)


def _is_valid(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def _version(parts):
    for name, table in TABLES.items():
        # Drawn as a number, followed from an answer as a text.
        if re.fullmatch("[0-9]{1,18}", str(parts.get(name, ""))):
            with connection():
                row = table.get_or_none(table.id == int(parts[name]))
            return row.version if row else 1
    return 1


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_the_api_answers_as_its_document_says(api):
    wrong, asked = [], 0
    for event in from_schema(api).execute():
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.cases)
            wrong += [
                f"{event.phase} {event.label}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.failure_info
            ]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(
                f"{event.label} {event.value}" if isinstance(event, events.NonFatalError) else repr(event.exception)
            )

    assert asked > 1_000
    assert sorted(set(wrong)) == []
