"""Programs with a token, and a ledger to ask about."""

import json
from datetime import timedelta
from functools import partial

import pytest
from support.records import a_customer, a_payment, an_invoice
from support.workbooks import workbook
from support.worker import a_worker
from webtest import TestApp

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS, EVERYTHING
from app.store.access import users
from app.store.access.api_tokens import TokenFacts

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADERS = ["Invoice No", "Customer", "Invoice Date", "Due Date", "Amount"]
FIRST = ["INV-1", "Miller & Co", "2026-01-10", "2026-02-09", 100]


class Program(TestApp):
    """Sends its token with every request, and a new key with every POST unless one is given."""

    def __init__(self, app, token):
        super().__init__(app)
        self.authorization = ("Bearer", token)
        self.token = token
        self.keys = 0

    def ask(self, path, **headers):
        return self.get(f"/api/v1{path}", headers=_named(headers), expect_errors=True)

    def send(self, path, body, key=None, **headers):
        self.keys += 1
        own = {"Content-Type": "application/json", "Idempotency-Key": key or f"key-{self.keys}"}
        return self.post(f"/api/v1{path}", json.dumps(body), headers={**own, **_named(headers)}, expect_errors=True)

    def change(self, path, body, version=None, **headers):
        own = {"Content-Type": "application/json", **({"If-Match": f'"{version}"'} if version else {})}
        sent = {**own, **_named(headers)}
        return self.patch(f"/api/v1{path}", json.dumps(body), headers=sent, expect_errors=True)

    def upload(self, path, content, key=None, **headers):
        self.keys += 1
        own = {"Content-Type": XLSX, "Idempotency-Key": key or f"key-{self.keys}"}
        return self.post(f"/api/v1{path}", content, headers={**own, **_named(headers)}, expect_errors=True)


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"api_requests_per_minute": 100})


def a_program(app, clock, user, *rights, narrowed_to=EVERYTHING):
    facts = TokenFacts("n8n", frozenset(rights or API_RIGHTS), clock() + timedelta(days=365), narrowed_to)
    return Program(app, token_actions.create(facts, users.get(user.id), clock()))


def a_ledger():
    for code, book in (("C1", "2025"), ("C2", "2026")):
        a_payment(an_invoice(f"{code}-1", a_customer(code, f"Customer {code}"), ledger=book), 40_00)


@pytest.fixture
def program_of(app, clock):
    """A program that asks in the name of a user."""
    return partial(a_program, app, clock)


@pytest.fixture
def program(program_of, user):
    """A program of an admin, with every right."""
    return program_of(user)


@pytest.fixture
def ledger(sqlite):
    """Two customers, each with an invoice of 100.00 in a ledger of its own, 40.00 of it paid."""
    a_ledger()


@pytest.fixture
def work_off(settings, clock):
    """Do what waits in the queue, as the worker does."""
    return a_worker(settings, clock)


@pytest.fixture
def book(tmp_path):
    """The bytes of a workbook with these rows of invoices."""

    def written(*rows):
        return workbook(tmp_path, {"Invoices": [HEADERS, *rows]}).read_bytes()

    return written
