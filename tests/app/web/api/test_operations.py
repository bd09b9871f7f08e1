"""Every operation, with each right of a token, and with a scope: what is its own, and what is another's.

A token does what needs a right that it was given and its user has; what lies outside its scope is not there.
"""

import re
import shutil
from datetime import UTC, datetime

import pytest
from support.clock import Clock
from support.records import a_user
from support.settings import settings_of
from support.workbooks import workbook
from support.worker import a_worker

from app.domain.permissions import Role, Scope, TokenRight
from app.store.access import users
from app.store.db import database, tables
from app.web.application import build
from tests.app.web.api.conftest import HEADERS, a_ledger, a_program

# The right of the token; what a viewer's token with all rights gets, an accountant's, an admin's; then an accountant's
# with a scope: what is theirs, what is another's. `no` is 403, `gone` 404.
ROWS = """
                                     right     viewer accountant admin  own other
GET   /invoices                      read         yes        yes   yes  yes -
POST  /invoices                      edit          no        yes   yes  yes gone
GET   /invoices/<invoice_id:id>      read         yes        yes   yes  yes gone
PATCH /invoices/<invoice_id:id>      edit          no        yes   yes  yes gone
GET   /customers                     read         yes        yes   yes  yes -
POST  /customers                     edit          no        yes   yes   no -
GET   /customers/<customer_id:id>    read         yes        yes   yes  yes gone
PATCH /customers/<customer_id:id>    edit          no        yes   yes   no no
GET   /payments                      read         yes        yes   yes  yes -
POST  /payments                      payments      no        yes   yes  yes gone
GET   /payments/<payment_id:id>      read         yes        yes   yes  yes gone
POST  /payments/<payment_id:id>/void payments      no        yes   yes  yes gone
GET   /incoming-payments             read          no        yes   yes  yes -
POST  /incoming-payments             payments      no        yes   yes   no -
GET   /incoming-payments/<incoming_payment_id:id> read no    yes   yes  yes gone
GET   /imports                       import       yes        yes   yes   no -
POST  /imports                       import        no        yes   yes   no -
GET   /imports/<import_id:id>        import       yes        yes   yes   no -
POST  /imports/<import_id:id>/answers import       no        yes   yes   no -
POST  /imports/<import_id:id>/apply  import        no        yes   yes   no -
GET   /imports/<import_id:id>/marked import        no        yes   yes   no -
POST  /imports/<import_id:id>/report-sent import   no        yes   yes   no -
GET   /digests/overdue               read         yes        yes   yes  yes -
POST  /digests/overdue/sent          import        no        yes   yes   no -
GET   /digests/month-end             read         yes        yes   yes  yes -
POST  /digests/month-end/sent        import        no        yes   yes   no -
GET   /reports/ageing                read         yes        yes   yes  yes -
GET   /reports/customers             read         yes        yes   yes  yes -
GET   /export                        read          no        yes   yes  yes -
"""
COLUMNS, *LINES = (line.split() for line in ROWS.strip().splitlines())
TABLE = {(method, path): dict(zip(COLUMNS, answers, strict=True)) for method, path, *answers in LINES}
BY_RIGHT = [(*operation, right, answers["right"]) for operation, answers in TABLE.items() for right in TokenRight]
BY_USER = [
    (*operation, who, answer)
    for operation, answers in TABLE.items()
    for who, answer in answers.items()
    if who != "right" and answer != "-"
]


@pytest.fixture(scope="module")
def filled(migrated_sqlite, tmp_path_factory):
    """A folder with a database that holds an admin, a ledger and an import; it is copied for each test."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copy(migrated_sqlite, folder / "invoices.sqlite3")
    opened = database.open_database(f"sqlite:///{folder}/invoices.sqlite3")
    settings, clock = settings_of(folder), Clock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    with database.connection():
        program = a_program(build(settings, clock), clock, a_user("ann@example.com", Role.ADMIN, "Ann"))
        a_ledger()
        book = workbook(folder, {"Invoices": [HEADERS, ["1", "New", "2026-01-10", "2026-02-09", 100]]})
        program.upload("/imports", book.read_bytes())
        a_worker(settings, clock)()
        for number in (1, 2):
            paid = {**_body("/incoming-payments", number), "reference": f"C{number}-1"}
            program.send("/incoming-payments", {**paid, "provider_payment_id": f"of C{number}"})
    opened.close()
    return folder


@pytest.fixture
def sqlite_url(filled, tmp_path):
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return f"sqlite:///{tmp_path}/invoices.sqlite3"


@pytest.fixture
def user(sqlite):
    return users.find_by_email("ann@example.com")


@pytest.fixture
def asked(program_of):
    """Ask with a new token of somebody, for the records of the first customer or the second."""

    def ask(method, path, role=Role.ADMIN, rights=(), scope=None, record=1):
        owner = a_user("somebody@example.com", role)
        if scope:
            users.set_scope(owner.id, scope)
        program = program_of(owner, *rights)
        return _asked(program, method, path.replace("<import_id:id>", "1"), record)

    return ask


def _asked(program, method, rule, record):
    path = re.sub(r"<\w+:id>", str(record), rule)
    if method == "GET":
        return program.ask(path)
    if method == "PATCH":
        return program.change(path, {}, version=1)
    if path == "/imports":
        return program.upload(path, b"PK")
    return program.send(path, _body(path, record))


def _body(path, record):
    if path == "/invoices":
        days = {"issued_on": "2026-01-01", "due_on": "2026-02-01"}
        return {"number": "new", "customer_id": record, "currency": "USD", "total_cents": 1, "ledger": "2027", **days}
    if path == "/customers":
        return {"code": "new", "name": "New"}
    if path == "/payments":
        return {"paid_on": "2026-01-01", "amounts": [{"invoice_id": record, "amount_cents": 1}]}
    if path == "/incoming-payments":
        money = {"amount_cents": 1_00, "currency": "USD", "paid_on": "2026-03-01"}
        return {"provider": "stripe", "provider_payment_id": "new", **money}
    if path.endswith("/answers"):
        return {"answers": {}}
    if path.endswith("/report-sent"):
        return {"recipient": "ann@example.com"}
    if path.endswith("/sent"):
        return {"period": "2026-W10" if "overdue" in path else "2026-02"}
    return {"reason": "Twice"} if path.endswith("/void") else {}


def _answer(response):
    known = {403: "no", 404: "gone"}
    return known.get(response.status_int) or ("yes" if response.status_int < 500 else "broken")


def test_every_operation_has_a_row(app):
    found = {(route.method, route.rule.removeprefix("/api/v1")) for route in app.routes if "/api/v1/" in route.rule}

    assert found - {("GET", "/openapi.json")} == set(TABLE)


@pytest.mark.parametrize(("method", "path", "right", "needed"), BY_RIGHT)
def test_a_token_does_what_it_has_the_right_to(asked, method, path, right, needed):
    assert _answer(asked(method, path, rights=[right])) == ("yes" if right == needed else "no")


@pytest.mark.parametrize(("method", "path", "who", "answer"), BY_USER)
def test_a_token_does_what_its_user_may(asked, method, path, who, answer):
    scope = Scope(customers=frozenset({1})) if who in {"own", "other"} else None
    role = Role.ACCOUNTANT if scope else Role(who)

    assert _answer(asked(method, path, role, scope=scope, record=2 if who == "other" else 1)) == answer


def test_a_list_holds_only_what_the_scope_of_the_user_covers(program_of, user):
    users.set_scope(user.id, Scope(ledgers=frozenset({"2026"})))

    assert [one["number"] for one in program_of(user).ask("/invoices").json["data"]] == ["C2-1"]


def test_a_token_can_be_narrower_than_its_user(program_of, user):
    program = program_of(user, narrowed_to=Scope(customers=frozenset({1})))

    assert [one["number"] for one in program.ask("/invoices").json["data"]] == ["C1-1"]
    assert program.ask("/invoices/2").status_int == 404
    assert [one["customer_code"] for one in program.ask("/reports/customers").json["data"]] == ["C1"]
    assert program.send("/customers", {"code": "new", "name": "New"}).status_int == 403


def test_what_is_outside_the_scope_is_not_written(program_of, user):
    program = program_of(user, narrowed_to=Scope(customers=frozenset({1})))

    program.send("/payments", _body("/payments", 2))

    assert tables.PaymentModel.select().count() == 4
