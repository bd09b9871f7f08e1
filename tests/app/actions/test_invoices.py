"""Changes of invoices are recorded, and refused when somebody else was faster."""

from datetime import UTC, date, datetime

import pytest
from support.at_once import all_at_once
from support.records import LONG_AGO, a_customer, a_payment, a_user, an_invoice

from app.actions import invoices as invoice_actions
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.invoice import InvoiceFacts
from app.domain.invoice_changes import StatusChange
from app.domain.permissions import Scope
from app.domain.sentences import plain
from app.store.access import audit_entries
from app.store.db import current_user, tables
from app.store.db import database as store_database
from app.store.db.current_user import Actor
from app.store.ledger import invoice_changes
from app.store.ledger.invoice_changes import SeenVersion

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def facts(customer, number="1001", **values):
    said = {"issued_on": date(2026, 1, 1), "due_on": date(2026, 1, 31), "currency": "USD", "total_cents": 100_00}
    return InvoiceFacts(number=number, customer_id=customer.id, ledger="Invoices", **{**said, **values})


def say(change, invoice, reason="because", version=1):
    invoice_actions.change_status(
        change, reason, SeenVersion(invoice.id, version), a_user(f"{change}@example.com"), NOW
    )
    return tables.InvoiceModel.get_by_id(invoice.id)


def test_an_invoice_is_created_with_what_was_said(database):
    invoice_id = invoice_actions.create(facts(a_customer(), notes="by phone"), a_user(), NOW)

    row = tables.InvoiceModel.get_by_id(invoice_id)
    assert (row.number, row.number_key, row.total_cents, row.notes, row.origin) == (
        "1001", "1001", 100_00, "by phone", None,
    )  # fmt: skip


def test_a_number_of_another_customer_is_used_again_only_when_that_is_said(database):
    an_invoice("1001", a_customer("C2", "Juniper Printing"))
    own = facts(a_customer())

    with pytest.raises(UnconfirmedError) as raised:
        invoice_actions.create(own, a_user(), NOW)

    assert [question.confirmation for question in raised.value.questions] == [Confirmation.REPEAT_NUMBER]
    assert invoice_actions.create(own, a_user("bob@example.com"), NOW, {Confirmation.REPEAT_NUMBER})


def test_all_that_is_doubtful_is_asked_at_once(database):
    an_invoice("1001", a_customer("C2", "Juniper Printing"))
    doubtful = facts(a_customer(), currency="EUR", total_cents=-1, issued_on=date(2027, 1, 1), due_on=date(2027, 1, 1))

    with pytest.raises(UnconfirmedError) as raised:
        invoice_actions.create(doubtful, a_user(), NOW)

    assert [question.confirmation for question in raised.value.questions] == [
        "repeat_number", "far_ahead", "new_currency", "credit_note",
    ]  # fmt: skip


def test_an_edit_to_a_number_of_another_customer_is_asked_about(database):
    an_invoice("1002", a_customer("C2", "Juniper Printing"))
    customer = a_customer()
    invoice = an_invoice("1001", customer)

    with pytest.raises(UnconfirmedError):
        invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer, "1002"), a_user(), NOW)

    assert tables.InvoiceModel.get_by_id(invoice.id).number == "1001"


def test_who_does_not_see_the_other_customer_is_told_nothing_of_its_numbers(database):
    an_invoice("1001", a_customer("C2", "Juniper Printing"))
    own = a_customer()
    ann = a_user()

    with current_user.acting_as(Actor(Scope(frozenset({own.id})))):
        assert invoice_actions.create(facts(own), ann, NOW)


def test_a_customer_has_a_number_once(database):
    customer = a_customer()
    first = invoice_actions.create(facts(customer, "A-1"), a_user(), NOW)

    with pytest.raises(invoice_changes.NumberTakenError) as raised:
        invoice_actions.create(facts(customer, "a-1"), a_user("bob@example.com"), NOW)

    assert raised.value.invoice_id == first


def test_of_many_who_enter_the_same_number_at_once_one_does(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        customer, ann = a_customer(), a_user()

    refused = all_at_once(*[lambda: invoice_actions.create(facts(customer), ann, NOW)] * 5)

    assert [type(error) for error in refused] == [invoice_changes.NumberTakenError] * 4
    getattr(opened, "close_all", opened.close)()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"currency": "EUR"}, "Payments in USD were recorded for it: void them before its currency is changed."),
        ({"draft": True}, "Payments of 40.00 USD count for it, and a draft counts nowhere."),
    ],
)
def test_an_edit_does_not_change_what_came_in(database, said, sentence):
    customer = a_customer()
    invoice = an_invoice(customer=customer)
    a_payment(invoice, 40_00)

    with pytest.raises(invoice_actions.InvoiceRefusedError) as raised:
        invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer, **said), a_user(), NOW)

    assert plain(str(raised.value)) == sentence
    assert (tables.InvoiceModel.get().currency, tables.InvoiceModel.get().draft) == ("USD", False)


def test_an_edit_tells_imports_that_the_app_had_the_last_word(database):
    customer = a_customer()
    invoice = an_invoice(customer=customer, imported_version=1)

    assert invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer, total_cents=120_00), a_user(), NOW)

    row = tables.InvoiceModel.get()
    assert (row.total_cents, row.version, row.imported_version) == (120_00, 2, 1)


def test_an_edit_that_changes_nothing_writes_nothing(database):
    customer = a_customer()
    invoice = an_invoice(customer=customer)

    assert not invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer), a_user(), NOW)
    assert (tables.InvoiceModel.get().version, audit_entries.latest(1, LATER)) == (1, [])


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(database):
    customer = a_customer()
    invoice = an_invoice(customer=customer)
    invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer, notes="first"), a_user(), NOW)

    with pytest.raises(invoice_changes.InvoiceConflictError) as raised:
        invoice_actions.edit(
            SeenVersion(invoice.id, 1), facts(customer, notes="second"), a_user("bob@example.com"), NOW
        )

    assert (raised.value.invoice.notes, tables.InvoiceModel.get().notes) == ("first", "first")


def test_an_edit_is_on_record_with_what_it_changed(database):
    customer = a_customer()
    invoice = an_invoice(customer=customer)

    invoice_actions.edit(SeenVersion(invoice.id, 1), facts(customer, due_on=date(2026, 2, 28)), a_user(), NOW)

    (entry,) = audit_entries.of_subject(f"invoice:{invoice.id}")
    assert (entry.action, entry.before, entry.after) == (
        "invoice.edited", {"due_on": "2026-01-31"}, {"due_on": "2026-02-28"},
    )  # fmt: skip


def test_a_void_has_its_moment_and_reason(database):
    row = say(StatusChange.VOID, an_invoice(), "sent twice")

    assert (row.voided_at, row.void_reason, row.version) == (NOW, "sent twice", 2)


def test_a_write_off_has_its_moment_and_reason(database):
    row = say(StatusChange.WRITE_OFF, an_invoice(), "bankrupt")

    assert (row.written_off_at, row.write_off_reason) == (NOW, "bankrupt")


def test_a_void_invoice_can_be_reinstated(database):
    row = say(StatusChange.REINSTATE, an_invoice(voided_at=LONG_AGO, void_reason="mistake"))

    assert (row.voided_at, row.void_reason) == (None, "")


def test_a_dispute_can_be_raised_and_settled(database):
    invoice = an_invoice()

    assert say(StatusChange.DISPUTE, invoice).disputed
    assert not say(StatusChange.SETTLE_DISPUTE, invoice, version=2).disputed


@pytest.mark.parametrize(
    ("change", "values", "paid", "sentence"),
    [
        (StatusChange.VOID, {}, 40_00, "Payments of 40.00 USD count for it: void or refund them first."),
        (StatusChange.VOID, {"voided_at": LONG_AGO}, 0, "It is void already."),
        (StatusChange.WRITE_OFF, {}, 100_00, "Nothing is owed on it that could be written off."),
        (StatusChange.WRITE_OFF, {"draft": True}, 0, "Nothing is owed on it that could be written off."),
        (StatusChange.REINSTATE, {}, 0, "It is neither void nor written off."),
        (StatusChange.DISPUTE, {"disputed": True}, 0, "It is disputed already."),
        (StatusChange.SETTLE_DISPUTE, {}, 0, "It is not disputed."),
    ],
)
def test_what_cannot_be_said_of_an_invoice_is_refused(database, change, values, paid, sentence):
    invoice = an_invoice(total_cents=100_00, **values)
    if paid:
        a_payment(invoice, paid)

    with pytest.raises(invoice_actions.InvoiceRefusedError) as raised:
        say(change, invoice)

    assert plain(str(raised.value)) == sentence
