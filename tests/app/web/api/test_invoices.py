"""Invoices as programs ask for them."""

import pytest
from support.records import a_customer, an_invoice

from app.domain.fields import INVOICE as INVOICE_FIELDS
from app.domain.fields import plain
from app.store.db import tables

INVOICE = {
    "number": "1001",
    "customer_id": 1,
    "issued_on": "2026-02-01",
    "due_on": "2026-03-01",
    "currency": "USD",
    "total_cents": 123_45,
    "ledger": "2026",
}


def numbers(answer):
    return [one["number"] for one in answer.json["data"]]


def test_an_invoice_is_told_as_it_stands_today(program, ledger):
    answer = program.ask("/invoices/1")

    expected = {
        "id": 1,
        "number": "C1-1",
        "customer_id": 1,
        "customer_code": "C1",
        "customer_name": "Customer C1",
        "issued_on": "2026-01-01",
        "due_on": "2026-01-31",
        "currency": "USD",
        "total_cents": 100_00,
        "paid_cents": 40_00,
        "balance_cents": 60_00,
        "status": "overdue",
        "days_late": 30,
        "as_of": "2026-03-02",
        "ledger": "2025",
        "own_fields": {},
        "disputed": False,
        "draft": False,
        "voided_at": None,
        "void_reason": "",
        "written_off_at": None,
        "write_off_reason": "",
        "version": 1,
    }
    assert answer.json == expected | {field.name: "" for field in plain(INVOICE_FIELDS)}
    assert answer.headers["ETag"] == '"1"'


def test_an_invoice_is_told_as_it_stood_on_a_day(program, ledger):
    answer = program.ask("/invoices/1?as_of=2026-01-10")

    assert (answer.json["status"], answer.json["paid_cents"]) == ("open", 0)


def test_an_invoice_that_there_is_not_is_not_found(program):
    assert program.ask("/invoices/7").status_int == 404


def test_moments_are_written_in_utc(program, ledger, now):
    tables.InvoiceModel.update(voided_at=now).execute()

    assert program.ask("/invoices/1").json["voided_at"] == "2026-03-02T09:30:00Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=C2", ["C2-1"]),
        ("q=100.00", ["C1-1", "C2-1", "large"]),
        ("status=outstanding", ["C1-1", "C2-1", "large"]),
        ("status=paid", []),
        ("bucket=1-30", ["C1-1", "C2-1", "large"]),
        ("customer_id=2", ["C2-1"]),
        ("ledger=2025", ["C1-1"]),
        ("currency=EUR", ["large"]),
        ("issued_from=2026-01-02", []),
        ("due_to=2026-01-31", ["C1-1", "C2-1", "large"]),
        ("least_cents=10001", ["large"]),
        ("most_cents=10000", ["C1-1", "C2-1"]),
        ("disputed=true", ["large"]),
        ("as_of=2025-12-31", []),
    ],
)
def test_a_list_is_narrowed_by_what_it_is_asked(program, ledger, query, found):
    an_invoice("large", currency="EUR", total_cents=100_000_00, disputed=True, reference="100.00")

    assert numbers(program.ask(f"/invoices?{query}")) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [("field=Salesman&value=Bob", ["1"]), ("field=Salesman", ["1", "2"]), ("value=Bob", ["C1-1", "C2-1", "1", "2"])],
)
def test_a_list_is_narrowed_by_an_own_field(program, ledger, query, found):
    an_invoice("1", own_fields={"Salesman": "Bob"})
    an_invoice("2", own_fields={"Salesman": "Ann"})

    assert numbers(program.ask(f"/invoices?{query}")) == found


def test_a_change_of_own_fields_leaves_those_that_it_does_not_name(program, ledger):
    an_invoice("3", own_fields={"Salesman": "Bob", "District": "North", "Week": "7"})

    answer = program.change(
        "/invoices/3", {"own_fields": {"District": "South", "Week": "", "Own field: Notes": "x"}}, 1
    )

    assert answer.json["own_fields"] == {"Salesman": "Bob", "District": "South", "Notes": "x"}


def test_an_own_field_is_named_in_one_line(program, ledger):
    answer = program.change("/invoices/1", {"own_fields": {"a\nb": "x"}}, 1)

    assert answer.status_int == 422


def test_a_list_comes_in_pages(program, ledger):
    for number in range(3, 6):
        an_invoice(f"{number}")

    first = program.ask("/invoices?limit=2&currency=USD")
    second = program.get(first.json["next"])
    third = program.get(second.json["next"])

    assert [numbers(page) for page in (first, second, third)] == [["C1-1", "C2-1"], ["3", "4"], ["5"]]
    assert third.json["next"] is None


def test_a_page_stays_what_it_is_while_others_enter_invoices(program, ledger):
    an_invoice("3")
    first = program.ask("/invoices?limit=2")

    an_invoice("early", issued_on="2025-01-01")

    assert numbers(program.get(first.json["next"])) == ["3", "early"]


def test_an_entered_invoice_is_answered_with_its_address(program, ledger):
    answer = program.send("/invoices", INVOICE)

    assert answer.status_int == 201
    assert answer.headers["Location"] == "/api/v1/invoices/3"
    assert (answer.json["number"], answer.json["total_cents"], answer.json["status"]) == ("1001", 123_45, "overdue")


def test_an_invoice_of_a_customer_that_there_is_not_is_refused(program):
    answer = program.send("/invoices", INVOICE)

    assert (answer.status_int, answer.json["detail"]) == (404, "There is no such customer.")


def test_a_number_that_is_taken_is_refused(program, ledger):
    answer = program.send("/invoices", {**INVOICE, "number": "C1-1"})

    assert answer.status_int == 409
    assert answer.json["errors"] == [
        {"field": "number", "sentence": "This customer has an invoice with this number already."}
    ]


@pytest.mark.parametrize(
    ("said", "field", "confirmation"),
    [
        ({"number": "C2-1"}, "number", "repeat_number"),
        ({"currency": "EUR"}, "currency", "new_currency"),
        ({"total_cents": -3_00}, "total_cents", "credit_note"),
        ({"issued_on": "2026-12-01", "due_on": "2026-12-31"}, "issued_on", "far_ahead"),
    ],
)
def test_what_is_seldom_right_is_entered_only_with_its_confirmation(program, ledger, said, field, confirmation):
    answer = program.send("/invoices", {**INVOICE, **said})

    (error,) = answer.json["errors"]
    assert (answer.status_int, error["field"]) == (409, field)
    assert error["sentence"].endswith(f"Send {confirmation} as true to go on.")
    assert program.send("/invoices", {**INVOICE, **said, confirmation: True}).status_int == 201


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"issued_on": "1900-01-01"}, "issued_on"),
        ({"due_on": "2199-01-01"}, "due_on"),
        ({"due_on": "2026-01-31"}, "due_on"),
        ({"currency": "XYZ"}, "currency"),
        ({"total_cents": 0}, "total_cents"),
    ],
)
def test_what_can_never_be_right_is_refused_at_its_field(program, ledger, said, field):
    answer = program.send("/invoices", {**INVOICE, **said})

    assert (answer.status_int, answer.json["errors"][0]["field"]) == (409, field)


def test_a_total_below_what_was_paid_is_changed_only_if_the_rest_is_to_become_credit(program, ledger):
    refused = program.change("/invoices/1", {"total_cents": 30_00}, version=1)

    assert (refused.status_int, refused.json["errors"][0]["field"]) == (409, "total_cents")
    answer = program.change("/invoices/1", {"total_cents": 30_00, "keep_credit": True}, version=1)
    assert answer.json["balance_cents"] == -10_00


@pytest.mark.parametrize("cents", [100.5, "100", None, 10**12])
def test_an_amount_is_whole_cents(program, ledger, cents):
    answer = program.send("/invoices", {**INVOICE, "total_cents": cents})

    assert answer.status_int == 422
    assert answer.json["errors"][0]["field"] == "total_cents"


def test_a_change_leaves_what_it_does_not_name(program, ledger):
    answer = program.change("/invoices/1", {"notes": "Called."}, version=1)

    assert (answer.json["notes"], answer.json["total_cents"], answer.json["version"]) == ("Called.", 100_00, 2)
    assert answer.headers["ETag"] == '"2"'


def test_a_change_says_which_version_it_saw(program, ledger):
    answer = program.change("/invoices/1", {"notes": "Called."})

    assert (answer.status_int, answer.json["type"]) == (428, "/api#version-required")


def test_a_change_of_what_somebody_else_changed_is_refused(program, ledger):
    program.change("/invoices/1", {"notes": "First."}, version=1)

    answer = program.change("/invoices/1", {"notes": "Second."}, version=1)

    assert (answer.status_int, answer.json["type"]) == (412, "/api#stale")
    assert tables.InvoiceModel.get_by_id(1).notes == "First."


@pytest.mark.parametrize("seen", ["*", '"1", "2"', 'W/"1"', "1"])
def test_a_change_names_the_one_version_it_saw(program, ledger, seen):
    answer = program.change("/invoices/1", {"notes": "Called."}, If_Match=seen)

    assert (answer.status_int, answer.json["type"]) == (400, "/api#malformed")


def test_an_invoice_keeps_its_customer(program, ledger):
    a_customer("C3")

    answer = program.change("/invoices/1", {"customer_id": 3}, version=1)

    assert answer.json["errors"] == [{"field": "customer_id", "sentence": "There is no such field here."}]


def test_what_is_against_a_rule_is_a_conflict(program, ledger):
    answer = program.change("/invoices/1", {"currency": "EUR"}, version=1)

    assert answer.status_int == 409
    assert answer.json["detail"] == "Payments in USD were recorded for it: void them before its currency is changed."
