"""Own fields are found by their values, on SQLite and on PostgreSQL alike, whatever stands in them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.ledgers import close_of
from support.records import a_customer, a_user, an_invoice

from app.actions import customers as customer_actions
from app.actions import invoices as invoice_actions
from app.domain.invoice import InvoiceFacts
from app.store.access import audit_entries
from app.store.db import tables
from app.store.ledger import customers, invoices
from app.store.ledger.customers import Details
from app.store.ledger.invoice_changes import SeenVersion
from app.store.ledger.invoices import Filter

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = close_of(date(2026, 3, 2))
HOSTILE = [
    '"',
    "\\",
    "%",
    "_",
    "a\nb",
    '","x":"',
    "{",
    "''",
    "Müller",
    "日本",
    "\U0001f600",
    "\\u0041",
    "100%",
    "a\\_b",
    ":",
    "?",
]


def numbers(**wanted):
    return [line.invoice.number for line in invoices.matching(Filter(**wanted), TODAY, invoices.LONGEST_DUE_FIRST)]


@pytest.mark.parametrize("text", ["Bob", "bob", "ob S"])
def test_an_invoice_is_found_by_a_part_of_an_own_field_in_any_case(database, text):
    an_invoice("1", own_fields={"District": "North", "Salesman": "Bob Smith"})
    an_invoice("2", own_fields={"Salesman": "Ann"})

    assert numbers(text=text) == ["1"]


def test_the_heading_of_an_own_field_is_not_searched(database):
    an_invoice("1", own_fields={"Salesman": "Bob"})

    assert numbers(text="Salesman") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_any_sign_is_searched_as_it_stands(database, text):
    an_invoice("1", own_fields={"Remark": f"x{text}y"})
    an_invoice("2", own_fields={text: "xy", "Other": "ab"})
    an_invoice("3", own_fields={"Remark": "Muller A"})

    assert numbers(text=text) == ["1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_own_field_is_filtered_by_its_name_and_its_whole_value(database, text):
    an_invoice("1", own_fields={"First": "x", text: text})
    an_invoice("2", own_fields={text: f"{text}x"})
    an_invoice("3", own_fields={f"x{text}": text})

    assert numbers(own_field=text, own_text=text) == ["1"]
    assert numbers(own_field=text) == ["1", "2"]


def test_own_fields_are_kept_in_the_order_of_their_columns(database):
    customer = a_customer(own_fields={"b": "1", "a": "2"})

    assert list(customers.get(customer.id).details.own_fields.items()) == [("b", "1"), ("a", "2")]


def test_customers_are_found_by_their_own_fields(database):
    a_customer("C1", "Acme", own_fields={"District": "North"})
    a_customer("C2", "Bolt", own_fields={"District": "South"})

    assert [one.details.code for one in customers.following("north", 0, 10, archived=False)] == ["C1"]
    assert customers.with_own_field("north") == {1}


def test_an_edit_of_one_own_field_leaves_the_others_and_records_only_that_one(database):
    customer = a_customer("C1", "Acme", own_fields={"District": "North", "Zone": "1"})

    customer_actions.edit(1, 1, Details("C1", "Acme", own_fields={"District": "South", "Zone": "1"}), a_user(), NOW)

    assert customers.get(customer.id).details.own_fields == {"District": "South", "Zone": "1"}
    (entry,) = audit_entries.of_subject("customer:1")
    assert (entry.before, entry.after) == ({"own_fields": {"District": "North"}}, {"own_fields": {"District": "South"}})


def test_an_edit_of_an_invoice_records_only_the_own_fields_that_differ(database):
    invoice = an_invoice(own_fields={"District": "North", "Zone": "1"})
    facts = InvoiceFacts(**{name: getattr(invoices.facts(1), name) for name in InvoiceFacts.__slots__})

    invoice_actions.edit(SeenVersion(1, 1), replace(facts, own_fields={"Zone": "1"}), a_user(), NOW)

    assert tables.InvoiceModel.get_by_id(invoice.id).own_fields == {"Zone": "1"}
    (entry,) = audit_entries.of_subject("invoice:1")
    assert (entry.before, entry.after) == ({"own_fields": {"District": "North"}}, {"own_fields": {"District": ""}})
