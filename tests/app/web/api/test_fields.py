"""Every described field is answered to programs, and taken of them where people enter it."""

from datetime import date

import pytest
from support.fields import TABLES, every_field, is_entered, is_entered_day
from support.records import an_invoice

ENTRIES = {
    "customer": {"code": "C9", "name": "Cork"},
    "invoice": {
        "number": "1001",
        "customer_id": 1,
        "issued_on": "2025-12-01",
        "due_on": "2026-03-01",
        "currency": "USD",
        "total_cents": 100_00,
        "ledger": "2026",
    },
}
NAMES = ("kind", "field", "before", "after")


@pytest.fixture
def ledger(ledger):
    """One more invoice, in the currency that another is changed to."""
    an_invoice("C1-9", currency="EUR")


def sent(value):
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", "payment"))
def test_every_field_is_answered(program, ledger, kind, field, before, after):
    table = TABLES[kind]
    table.update(before).where(table.id == 1).execute()
    earlier = program.ask(f"/{kind}s/1").json
    table.update(after).where(table.id == 1).execute()

    assert program.ask(f"/{kind}s/1").json[field.name] != earlier[field.name]


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=lambda field: field.is_entered))
def test_every_field_that_people_enter_is_taken_of_a_program(program, ledger, kind, field, before, after):
    value = sent(after[field.column])

    answer = program.send(f"/{kind}s", {**ENTRIES[kind], field.name: value})

    assert (answer.status_int, answer.json.get(field.name)) == (201, value)


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_entered))
def test_every_field_that_people_enter_is_changed_by_a_program(program, ledger, kind, field, before, after):
    TABLES["payment"].delete().execute()
    value = sent(after[field.column])

    answer = program.change(f"/{kind}s/1", {field.name: value}, version=1)

    assert (answer.status_int, answer.json.get(field.name)) == (200, value)


@pytest.mark.parametrize(NAMES, every_field("customer", "invoice", is_wanted=is_entered_day))
@pytest.mark.parametrize("day", ["1949-12-31", "2101-01-01"])
def test_no_day_of_another_age_is_taken_of_a_program(program, ledger, kind, field, before, after, day):
    entered = program.send(f"/{kind}s", {**ENTRIES[kind], field.name: day})
    changed = program.change(f"/{kind}s/1", {field.name: day}, version=1)

    assert [answer.json["errors"][0]["field"] for answer in (entered, changed)] == [field.name, field.name]
