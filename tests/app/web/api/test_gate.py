"""What every request of a program passes: its token, how often it asks, its rights, and what it sends."""

import psycopg
import pytest
from support.browser import Browser
from support.records import a_user
from webtest import TestApp

from app.actions import api_tokens as token_actions
from app.domain.permissions import Role, TokenRight
from app.store.access import users
from app.store.access.idempotency import StillAnsweringError
from app.store.db import tables

INVOICE = {
    "number": "1001",
    "customer_id": 1,
    "issued_on": "2026-02-01",
    "due_on": "2026-03-01",
    "currency": "USD",
    "total_cents": 100_00,
    "ledger": "2026",
}


def problem(answer):
    assert answer.content_type == "application/problem+json"
    return answer.status_int, answer.json["type"], answer.json["detail"]


def test_without_a_token_the_answer_says_how_to_send_one(app, ledger):
    answer = TestApp(app).get("/api/v1/invoices", expect_errors=True)

    assert problem(answer) == (
        401,
        "/api#unauthorized",
        "Send a token in the header: Authorization: Bearer invoices_…",
    )
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="invoices"'


@pytest.mark.parametrize("header", ["Bearer invoices_nothing", "Basic YW5uOmFubg==", "Bearer", "invoices_x"])
def test_what_is_no_token_is_refused(app, user, header):
    answer = TestApp(app).get("/api/v1/invoices", headers={"Authorization": header}, expect_errors=True)

    assert answer.status_int == 401


def test_a_revoked_token_is_refused(program, user, clock):
    assert program.ask("/invoices").status_int == 200

    token_actions.revoke(1, user, clock())

    assert program.ask("/invoices").status_int == 401


def test_no_cookie_counts(app, user):
    browser = Browser(app)
    browser.sign_in()

    assert browser.get("/").status_int == 200
    assert browser.get("/api/v1/invoices", expect_errors=True).status_int == 401


def test_the_api_sets_no_cookie_and_opens_itself_to_no_other_site(program):
    answer = program.ask("/invoices", Origin="https://elsewhere.example")

    assert "Set-Cookie" not in answer.headers
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_each_answer_says_how_often_the_token_may_still_ask(program):
    answer = program.ask("/invoices")

    assert answer.headers["RateLimit-Policy"] == '"minute";q=100;w=60'
    assert answer.headers["RateLimit"] == '"minute";r=99;t=60'


def test_who_asks_too_often_is_told_when_to_go_on(program, clock):
    clock.advance(seconds=20)
    for _ in range(100):
        program.ask("/reports/ageing")

    answer = program.ask("/invoices")

    assert problem(answer) == (
        429,
        "/api#too-many-requests",
        "A token may ask 100 times a minute: go on in 40 seconds.",
    )
    assert answer.headers["Retry-After"] == "40"
    clock.advance(seconds=40)
    assert program.ask("/invoices").status_int == 200


def test_a_token_asks_only_what_it_was_given(program_of, user):
    program = program_of(user, TokenRight.READ)

    assert program.ask("/invoices").status_int == 200
    assert problem(program.send("/invoices", INVOICE)) == (
        403,
        "/api#forbidden",
        "This needs the right to edit, of the token and of its user.",
    )


def test_a_token_asks_only_what_its_user_may(program_of, user):
    program = program_of(a_user("viewer@example.com", Role.VIEWER))

    assert program.ask("/invoices").status_int == 200
    assert program.send("/invoices", INVOICE).status_int == 403
    assert program.ask("/export").status_int == 403


def test_a_user_who_is_kept_out_takes_the_tokens_along(program, user):
    users.set_active(user.id, active=False)

    assert program.ask("/invoices").status_int == 401


def test_a_field_that_there_is_not_is_refused(program, ledger):
    answer = program.send("/invoices", {**INVOICE, "paid_cents": 100_00})

    assert problem(answer)[0] == 422
    assert answer.json["errors"] == [{"field": "paid_cents", "sentence": "There is no such field here."}]
    assert tables.InvoiceModel.select().count() == 2


def test_a_parameter_that_there_is_not_is_refused(program):
    answer = program.ask("/invoices?costumer_id=1")

    assert answer.status_int == 422
    assert answer.json["errors"] == [{"field": "costumer_id", "sentence": "There is no such field here."}]


def test_a_parameter_that_is_said_twice_is_refused(program):
    answer = program.ask("/invoices?ledger=2025&ledger=2026")

    assert answer.json["errors"] == [{"field": "ledger", "sentence": "This is said twice."}]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=0", "Input should be greater than or equal to 1."),
        ("limit=ten", "Please write a whole number."),
        ("issued_from=0", "Please write a day like 2026-12-31."),
        ("issued_from=2026-02-30", "Please write a day like 2026-12-31."),
        ("issued_from=1800-01-01", "Please choose a day between 1900 and 2999."),
        ("disputed=yes", "Please write true or false."),
        ("cursor=nothing", "This is none of the cursors that a list's `next` holds."),
        ("currency=usd", "Please write the three letters of a currency, such as USD."),
    ],
)
def test_a_parameter_that_cannot_be_read_gets_one_sentence(program, query, sentence):
    answer = program.ask(f"/invoices?{query}")

    assert answer.status_int == 422
    assert answer.json["errors"] == [{"field": query.partition("=")[0], "sentence": sentence}]


def test_undecodable_parameters_are_refused(program):
    assert problem(program.ask("/invoices?q=%ff%fe"))[0] == 400


def test_what_is_no_json_is_refused(program):
    answer = program.post(
        "/api/v1/invoices",
        "{",
        headers={"Content-Type": "application/json", "Idempotency-Key": "k"},
        expect_errors=True,
    )

    assert problem(answer)[:2] == (400, "/api#malformed")


def test_another_media_type_is_refused(program):
    answer = program.send("/invoices", INVOICE, Content_Type="text/plain")

    assert problem(answer) == (
        415,
        "/api#unsupported-type",
        "The header Content-Type must say application/json.",
    )


def test_more_than_is_read_is_refused(program):
    answer = program.send("/invoices", {**INVOICE, "notes": "x" * 100_000})

    assert problem(answer) == (413, "/api#too-large", "At most 100,000 bytes can be sent here.")


def test_a_body_of_unsaid_size_is_refused(program):
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = program.request(
        "/api/v1/invoices", method="POST", headers=headers, environ={"CONTENT_LENGTH": ""}, expect_errors=True
    )

    assert problem(answer)[0] == 411


def test_a_method_that_an_address_does_not_know_names_those_it_does(program):
    answer = program.delete("/api/v1/invoices", expect_errors=True)

    assert problem(answer)[:2] == (405, "/api#method-not-allowed")
    assert answer.headers["Allow"] == "GET,POST"


def test_an_address_that_there_is_not_is_told_as_a_problem(program):
    assert problem(program.ask("/nothing"))[:2] == (404, "/api#not-found")


def test_a_failure_is_told_by_its_id_alone(program, monkeypatch, caplog):
    monkeypatch.setattr("app.store.ledger.positions.by_due_date", lambda _: 1 / 0)

    answer = program.ask("/reports/ageing")

    assert answer.status_int == 500
    assert answer.json["failure_id"] == answer.headers["X-Request-Id"]
    assert "division" not in answer.text
    assert "division" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection refused"),
        psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
        psycopg.errors.DeadlockDetected("deadlock detected"),
    ],
    ids=["away", "locked", "deadlock"],
)
def test_a_database_that_cannot_be_used_just_now_is_told_with_how_long_to_wait(program, monkeypatch, error):
    def fail(_day):
        raise error

    monkeypatch.setattr("app.store.ledger.positions.by_due_date", fail)

    answer = program.ask("/reports/ageing")

    assert problem(answer)[:2] == (503, "/api#unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_post_without_a_key_is_refused(program, ledger):
    headers = {"Content-Type": "application/json"}
    answer = program.post_json("/api/v1/invoices", INVOICE, headers=headers, expect_errors=True)

    assert problem(answer)[:2] == (400, "/api#malformed")
    assert tables.InvoiceModel.select().count() == 2


def test_the_same_request_under_the_same_key_is_done_once(program, ledger):
    first, again = (program.send("/invoices", INVOICE, key="k") for _ in range(2))

    assert (first.status_int, again.status_int) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"] == "/api/v1/invoices/3"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert tables.InvoiceModel.select().count() == 3


def test_another_request_under_the_same_key_is_refused(program, ledger):
    program.send("/invoices", INVOICE, key="k")

    answer = program.send("/invoices", {**INVOICE, "number": "1002"}, key="k")

    assert problem(answer)[0] == 422
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert tables.InvoiceModel.select().count() == 3


def test_a_request_that_is_being_answered_is_not_begun_again(program, monkeypatch):
    def still_answering(*_words):
        raise StillAnsweringError("The same request is being answered at this moment: ask again in a second.")

    monkeypatch.setattr("app.store.access.idempotency.once", still_answering)

    answer = program.send("/invoices", INVOICE, key="k")

    assert problem(answer)[0] == 409
    assert answer.headers["Retry-After"] == "1"


def test_what_was_refused_frees_its_key(program, ledger):
    program.send("/invoices", {**INVOICE, "due_on": "2026-01-01"}, key="k")

    assert program.send("/invoices", INVOICE, key="k").status_int == 201


def test_a_deed_of_a_program_is_recorded_with_its_user_and_its_name(program, ledger):
    program.send("/invoices", INVOICE)

    entry = tables.AuditEntryModel.select().order_by(tables.AuditEntryModel.id.desc()).get()
    assert (entry.action, entry.actor, entry.program) == ("invoice.created", "Ann", "n8n")
