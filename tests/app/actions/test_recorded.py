"""What each action records: who did it, to what, and the values before and after."""

from datetime import date

import pytest
from support.records import a_customer, a_user, an_invoice

from app.actions import invoices, passwords, second_factors, users
from app.actions.users import UserFacts
from app.domain.invoice import InvoiceFacts
from app.domain.invoice_changes import StatusChange
from app.domain.permissions import Role, Scope
from app.store.access import audit_entries, one_time_links
from app.store.access.one_time_links import Purpose
from app.store.db import tables
from app.store.ledger.invoice_changes import SeenVersion


@pytest.fixture
def ann(sqlite):
    return a_user("ann@example.com", Role.ADMIN, "Ann")


@pytest.fixture
def bob(ann):
    return a_user("bob@example.com", Role.VIEWER, "Bob")


def recorded(subject):
    """Return the newest entry about it: who, what, before, after."""
    entry = next(iter(audit_entries.of_subject(subject)))
    return entry.actor, entry.action, entry.before, entry.after


def facts(customer, **values):
    said = {
        "customer_id": customer.id,
        "number": "1001",
        "currency": "USD",
        "total_cents": 100_00,
        "ledger": "Invoices",
    }
    days = {"issued_on": date(2026, 1, 1), "due_on": date(2026, 1, 31)}
    return InvoiceFacts(**{**said, **days, **values})


def test_a_new_invoice_is_recorded_with_what_was_filled_in(ann, now):
    acme = a_customer()

    invoice_id = invoices.create(facts(acme, notes="by phone"), ann, now)

    assert recorded(f"invoice:{invoice_id}") == (
        "Ann",
        "invoice.created",
        {},
        {
            "number": "1001",
            "customer_id": acme.id,
            "issued_on": "2026-01-01",
            "due_on": "2026-01-31",
            "currency": "USD",
            "total_cents": 100_00,
            "ledger": "Invoices",
            "notes": "by phone",
        },
    )


@pytest.mark.parametrize(
    ("change", "action"),
    [(StatusChange.VOID, "invoice.void"), (StatusChange.WRITE_OFF, "invoice.write_off")],
)
def test_a_change_of_status_is_recorded_with_its_reason(ann, now, change, action):
    invoice = an_invoice()

    invoices.change_status(change, "sent by mistake", SeenVersion(invoice.id, 1), ann, now)

    assert recorded(f"invoice:{invoice.id}") == ("Ann", action, {}, {"reason": "sent by mistake"})


@pytest.mark.parametrize("change", [StatusChange.VOID, StatusChange.WRITE_OFF])
def test_a_reinstated_invoice_is_recorded_with_the_reason_that_no_longer_counts(ann, now, change):
    invoice = an_invoice()
    invoices.change_status(change, "sent by mistake", SeenVersion(invoice.id, 1), ann, now)

    invoices.change_status(StatusChange.REINSTATE, "", SeenVersion(invoice.id, 2), ann, now)

    assert recorded(f"invoice:{invoice.id}") == ("Ann", "invoice.reinstate", {"reason": "sent by mistake"}, {})


def test_a_settled_dispute_has_no_reason_of_before(ann, now):
    invoice = an_invoice()
    invoices.change_status(StatusChange.DISPUTE, "wrong price", SeenVersion(invoice.id, 1), ann, now)

    invoices.change_status(StatusChange.SETTLE_DISPUTE, "", SeenVersion(invoice.id, 2), ann, now)

    assert recorded(f"invoice:{invoice.id}") == ("Ann", "invoice.settle_dispute", {}, {})


def test_an_edited_invoice_is_recorded_by_who_edited_it(ann, now):
    acme = a_customer()
    invoice_id = invoices.create(facts(acme), None, now)

    invoices.edit(SeenVersion(invoice_id, 1), facts(acme, notes="by phone"), ann, now)

    assert recorded(f"invoice:{invoice_id}") == ("Ann", "invoice.edited", {"notes": ""}, {"notes": "by phone"})


def test_an_invited_user_is_recorded_with_address_role_and_scope(ann, now):
    acme = a_customer()

    eve = users.invite("eve@example.com", UserFacts("Eve", Role.VIEWER, Scope(frozenset({acme.id}))), ann, now)

    after = {"email": "eve@example.com", "name": "Eve", "role": "viewer", "customers": [acme.id]}
    assert recorded(f"user:{eve.id}") == ("Ann", "user.created", {}, {**after, "sees": "", "ledgers": []})


def test_a_changed_name_is_recorded_by_its_name(ann, bob, now):
    assert users.change(bob.id, UserFacts("Robert", Role.VIEWER), ann, now)

    assert recorded(f"user:{bob.id}") == ("Ann", "user.edited", {"name": "Bob"}, {"name": "Robert"})


def test_deactivating_and_reactivating_a_user_are_recorded_and_say_whether_anything_changed(ann, bob, now):
    assert users.deactivate(bob.id, ann, now)
    assert recorded(f"user:{bob.id}")[:2] == ("Ann", "user.deactivated")
    assert not users.deactivate(bob.id, ann, now)

    assert users.activate(bob.id, ann, now)
    assert recorded(f"user:{bob.id}")[:2] == ("Ann", "user.activated")
    assert not users.activate(bob.id, ann, now)


def test_second_factors_are_recorded_as_they_are_set_up_renewed_and_removed(ann, bob, now):
    second_factors.enable(bob, "SECRET", 100, [], now)
    assert recorded(f"user:{bob.id}")[:2] == ("Bob", "second_factor.enabled")

    second_factors.renew_recovery_codes(bob, ["AAAA-BBBB"], now)
    assert recorded(f"user:{bob.id}")[:2] == ("Bob", "recovery_codes.renewed")

    second_factors.reset(bob.id, ann, now)
    assert recorded(f"user:{bob.id}")[:2] == ("Ann", "second_factor.removed")


def test_a_link_is_recorded_by_who_made_it_and_for_what(ann, bob, now):
    passwords.make_link(bob.id, Purpose.INVITE, ann, now)

    assert recorded(f"user:{bob.id}") == ("Ann", "link.made", {}, {"purpose": "invite"})
    assert tables.OneTimeLinkModel.get().made_by_id == ann.id


def test_a_password_chosen_by_a_link_is_recorded_by_its_user(ann, bob, now):
    token = passwords.make_link(bob.id, Purpose.RESET, ann, now)

    passwords.change_by_link(token, one_time_links.find(token, now), "hash", now)

    actor, action, _, after = recorded(f"user:{bob.id}")
    assert (actor, action, after["link"]) == ("Bob", "password.changed", "reset")
