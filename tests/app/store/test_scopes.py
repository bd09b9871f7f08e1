"""Whoever asks finds only what their scope covers, whatever is asked."""

from datetime import UTC, date, datetime

import pytest
from support.ledgers import close_of
from support.records import LONG_AGO, a_customer, a_payment, a_user, an_invoice

from app.actions import invoices as invoice_actions
from app.actions import payments
from app.domain.invoice import InvoiceFacts
from app.domain.payment_batch import PaymentBatch
from app.domain.permissions import EVERYTHING, Scope
from app.store.access import audit, users
from app.store.db import tables
from app.store.db.current_user import Actor, acting_as, seeing_everything
from app.store.db.transactions import transaction
from app.store.ledger import (
    customer_choice,
    customers,
    history,
    invoice_changes,
    invoices,
    payment_batches,
    payment_list,
    positions,
)
from app.store.ledger.invoices import NEWEST_FIRST, Filter
from app.store.ledger.payment_list import PaymentFilter

TODAY = date(2026, 3, 2)
AS_OF = close_of(TODAY)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def ledger(database):
    """Two customers with an invoice in each of two ledgers, all of them paid in part."""
    for code in ("C1", "C2"):
        owner = a_customer(code, f"Customer {code}")
        for book in ("2025", "2026"):
            invoice = an_invoice(f"{code}-{book}", owner, ledger=book, currency=f"X{code}")
            a_payment(invoice, 10_00, method=f"Cash of {code}")
    return {
        "C1": tables.CustomerModel.get(tables.CustomerModel.code == "C1").id,
        "C2": tables.CustomerModel.get(tables.CustomerModel.code == "C2").id,
    }


@pytest.fixture
def own_customer(ledger):
    with acting_as(Actor(Scope(customers=frozenset({ledger["C1"]})))):
        yield


@pytest.fixture
def own_ledger(ledger):
    with acting_as(Actor(Scope(ledgers=frozenset({"2025"})))):
        yield


def numbers():
    return [line.invoice.number for line in invoices.matching(Filter(), AS_OF, NEWEST_FIRST)]


def invoice_id(number):
    with seeing_everything():
        return tables.InvoiceModel.get(tables.InvoiceModel.number == number).id


def receipt(*numbers, key="k"):
    return PaymentBatch(key, TODAY, {invoice_id(number): 1_00 for number in numbers}, "", "", "")


def facts(number, customer_id, book):
    return InvoiceFacts(
        number=number, customer_id=customer_id, issued_on=TODAY, due_on=TODAY, currency="USD", total_cents=1_00,
        ledger=book, reference="", notes="", draft=False,
    )  # fmt: skip


def test_without_a_scope_everything_is_found(ledger):
    assert numbers() == ["C2-2026", "C2-2025", "C1-2026", "C1-2025"]


def test_of_a_customer_all_ledgers_are_found(own_customer):
    assert numbers() == ["C1-2026", "C1-2025"]


def test_of_a_ledger_all_customers_are_found(own_ledger):
    assert numbers() == ["C2-2025", "C1-2025"]


def test_a_customer_and_a_ledger_are_found_together(ledger):
    with acting_as(Actor(Scope(frozenset({ledger["C1"]}), frozenset({"2025"})))):
        assert numbers() == ["C2-2025", "C1-2026", "C1-2025"]


def test_a_scope_that_covers_nothing_finds_nothing(ledger):
    with acting_as(Actor(Scope())):
        assert (numbers(), customers.exist(), payment_list.matching(PaymentFilter())) == ([], False, [])


def test_totals_are_of_what_is_seen(own_customer):
    (total,) = invoices.totals(Filter(), AS_OF)

    assert (total.currency, total.invoices, total.outstanding_cents) == ("XC1", 2, 180_00)


def test_totals_remembered_for_one_are_not_told_another(ledger):
    everybody = invoices.totals(Filter(), AS_OF)
    with acting_as(Actor(Scope(customers=frozenset({ledger["C1"]})))):
        own = invoices.totals(Filter(), AS_OF)

    assert ([total.currency for total in everybody], [total.currency for total in own]) == (["XC1", "XC2"], ["XC1"])


def test_sums_kept_for_one_are_not_told_another(ledger):
    everybody = positions.by_customer(AS_OF)
    with acting_as(Actor(Scope(ledgers=frozenset({"2025"})))):
        own = positions.by_customer(AS_OF)

    assert [sum(owed.outstanding_cents for owed in found.values()) for found in (everybody, own)] == [360_00, 180_00]


def test_search_does_not_find_another_customers_name(own_customer):
    assert invoices.matching(Filter(text="Customer C2"), AS_OF, NEWEST_FIRST) == []


def test_what_a_filter_offers_is_of_what_is_seen(own_ledger):
    assert invoices.ledgers() == ("2025",)


def test_another_invoice_is_not_there(own_customer):
    assert invoices.get(invoice_id("C2-2025"), AS_OF) is None
    assert invoices.get(invoice_id("C1-2025"), AS_OF).invoice.number == "C1-2025"


def test_a_query_prepared_for_one_is_not_asked_for_another(ledger):
    number = invoice_id("C2-2025")
    before = invoices.get(number, AS_OF)
    with acting_as(Actor(Scope(customers=frozenset({ledger["C1"]})))):
        own = invoices.get(number, AS_OF)

    assert (before.invoice.number, own) == ("C2-2025", None)


def test_payments_are_those_of_invoices_that_are_seen(own_customer):
    assert {line.number for line in payment_list.matching(PaymentFilter())} == {"C1-2025", "C1-2026"}
    assert payment_list.methods() == ("Cash of C1",)


def test_customers_are_those_with_an_invoice_that_is_seen(own_customer, ledger):
    assert [choice.code for choice in customer_choice.all_choices()] == ["C1"]
    assert customers.get(ledger["C2"]) is None


def test_customers_of_a_ledger_are_those_who_stand_in_it(own_ledger):
    assert [choice.code for choice in customer_choice.all_choices()] == ["C1", "C2"]


def test_a_payment_of_another_invoice_cannot_be_recorded(own_customer):
    ann = a_user()

    with pytest.raises(LookupError):
        payments.record(receipt("C2-2025"), ann, NOW, TODAY)


def test_a_payment_of_another_invoice_cannot_be_voided(own_customer):
    with seeing_everything():
        paid = tables.PaymentModel.get(tables.PaymentModel.invoice == invoice_id("C2-2025"))

    with pytest.raises(LookupError):
        payments.void(paid.id, "a mistake", a_user(), NOW)


def test_credit_cannot_be_moved_to_another_invoice(own_ledger):
    amounts = {invoice_id("C1-2025"): -1_00, invoice_id("C1-2026"): 1_00}

    with pytest.raises(LookupError):
        payments.move_credit(PaymentBatch("k", TODAY, amounts, "", "", ""), a_user(), NOW, TODAY)


def test_a_receipt_that_is_seen_in_part_cannot_be_voided(ledger):
    ann = a_user()
    recorded = payments.record(receipt("C1-2025", "C1-2026"), ann, NOW, TODAY)

    with acting_as(Actor(Scope(ledgers=frozenset({"2025"})))), pytest.raises(payments.PaymentRefusedError) as refused:
        payments.void(recorded.payment_ids[0], "a mistake", ann, NOW)

    assert str(refused.value) == "It was recorded together with payments of invoices that you may not see."


def test_a_key_that_another_user_sent_is_used(ledger):
    ann = a_user()
    payments.record(receipt("C2-2025"), ann, NOW, TODAY)

    with acting_as(Actor(Scope(customers=frozenset({ledger["C1"]})))), pytest.raises(payment_batches.KeyUsedError):
        payments.record(receipt("C1-2025"), ann, NOW, TODAY)


def test_an_invoice_outside_the_scope_cannot_be_entered(own_customer, ledger):
    with pytest.raises(LookupError):
        invoice_actions.create(facts("1", ledger["C2"], "2025"), a_user(), NOW)


def test_an_invoice_cannot_be_moved_out_of_the_scope(own_ledger, ledger):
    seen = invoice_changes.SeenVersion(invoice_id("C1-2025"), 1)

    with pytest.raises(LookupError):
        invoice_actions.edit(seen, facts("C1-2025", ledger["C1"], "2026"), a_user(), NOW)


def test_a_number_that_is_taken_where_it_is_not_seen_is_taken(own_ledger, ledger):
    with pytest.raises(invoice_changes.NumberTakenError) as taken:
        invoice_actions.create(facts("C1-2026", ledger["C1"], "2025"), a_user(), NOW)

    assert taken.value.invoice_id is None


def test_recent_deeds_are_of_what_is_seen(own_customer):
    ann = a_user()
    with transaction():
        for number in ("C1-2025", "C2-2025"):
            audit.append(ann, "invoice.edited", f"invoice:{invoice_id(number)}", before={}, after={}, now=LONG_AGO)

    assert [deed.label for deed in history.latest(10, AS_OF)] == ["C1-2025"]


def test_a_user_is_found_with_their_scope(ledger):
    ann = a_user()

    users.set_scope(ann.id, Scope(frozenset({ledger["C1"]}), frozenset({"2025", "2026"})))

    assert users.get(ann.id).scope == Scope(frozenset({ledger["C1"]}), frozenset({"2025", "2026"}))


def test_a_scope_can_be_taken_away(ledger):
    ann = a_user()
    users.set_scope(ann.id, Scope(ledgers=frozenset({"2025"})))

    users.set_scope(ann.id, EVERYTHING)

    assert users.get(ann.id).scope == EVERYTHING


def test_whose_customers_are_all_gone_sees_nothing(database):
    ann, customer = a_user(), a_customer()
    users.set_scope(ann.id, Scope(customers=frozenset({customer.id})))

    customer.delete_instance()

    assert not users.get(ann.id).scope.covers(customer.id, "2025")
