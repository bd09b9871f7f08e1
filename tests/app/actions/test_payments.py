"""Payments are recorded once, voided with a reason, and never leave an invoice with more refunded than paid."""

from datetime import UTC, date, datetime
from secrets import token_hex

import pytest
from support.at_once import all_at_once
from support.records import a_customer, a_payment, a_user, an_import, an_invoice

from app.actions import payments
from app.domain.advance_payment import AdvancePayment
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.payment_batch import PaymentBatch
from app.domain.sentences import plain
from app.store.access import audit_entries
from app.store.db import database as store_database
from app.store.db import tables
from app.store.db.transactions import exclusive_transaction
from app.store.ledger import payment_batches

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def record(database):
    ann = a_user()

    def recorded(amounts, key="key", *confirmed, paid_on=TODAY):
        by_id = {invoice.id: cents for invoice, cents in amounts.items()}
        return payments.record(PaymentBatch(key, paid_on, by_id), ann, NOW, TODAY, confirmed)

    return recorded


def paid(invoice):
    return tables.InvoiceModel.get_by_id(invoice.id).paid_cents


def test_a_payment_counts_for_its_invoice(record):
    invoice = an_invoice(total_cents=100_00)

    record({invoice: 40_00})

    assert paid(invoice) == 40_00


def test_a_form_that_is_sent_twice_records_once(record):
    invoice = an_invoice(total_cents=100_00)

    first, second = record({invoice: 40_00}), record({invoice: 40_00})

    assert (paid(invoice), second.again, second.payment_ids) == (40_00, True, first.payment_ids)


def test_a_form_that_is_sent_again_with_another_amount_is_refused(record):
    invoice = an_invoice(total_cents=100_00)
    record({invoice: 40_00})

    with pytest.raises(payment_batches.KeyUsedError):
        record({invoice: 50_00})

    assert paid(invoice) == 40_00


def test_a_form_that_is_sent_again_with_another_reference_is_refused(record):
    invoice = an_invoice(total_cents=100_00)
    record({invoice: 40_00})
    mended = PaymentBatch("key", TODAY, {invoice.id: 40_00}, reference="R 7")

    with pytest.raises(payment_batches.KeyUsedError):
        payments.record(mended, a_user("bob@example.com"), NOW, TODAY)


def test_a_form_whose_payment_was_voided_since_is_not_said_to_be_recorded(record):
    invoice = an_invoice(total_cents=100_00)
    (payment_id,) = record({invoice: 40_00}).payment_ids
    payments.void(payment_id, "mistake", a_user("bob@example.com"), NOW)

    with pytest.raises(payment_batches.KeyUsedError) as raised:
        record({invoice: 40_00})

    assert str(raised.value) == "This form was sent before, and what it recorded has been voided since."


def test_one_receipt_pays_several_invoices(record):
    first, second = an_invoice("1"), an_invoice("2")

    record({first: 100_00, second: 30_00})

    assert (paid(first), paid(second)) == (100_00, 30_00)


def test_more_than_is_open_is_asked_about(record):
    invoice = an_invoice(total_cents=100_00)

    with pytest.raises(UnconfirmedError) as raised:
        record({invoice: 120_00})

    assert [question.confirmation for question in raised.value.questions] == [Confirmation.KEEP_CREDIT]
    assert plain(str(raised.value)) == "Only 100.00 is open. Correct the amount, or keep the extra 20.00 as credit."
    assert paid(invoice) == 0


def test_more_than_is_open_is_kept_as_credit_when_that_is_said(record):
    invoice = an_invoice(total_cents=100_00)

    record({invoice: 120_00}, "key", Confirmation.KEEP_CREDIT)

    assert paid(invoice) == 120_00


def test_the_same_payment_from_another_form_is_asked_about(record):
    customer = a_customer()
    first, second = an_invoice("1", customer), an_invoice("2", customer)
    record({first: 40_00})

    with pytest.raises(UnconfirmedError) as raised:
        record({first: 30_00, second: 10_00}, "another form")

    assert [question.confirmation for question in raised.value.questions] == [Confirmation.REPEAT_PAYMENT]
    assert (paid(first), paid(second)) == (40_00, 0)


def test_the_same_payment_is_recorded_again_when_that_is_said(record):
    invoice = an_invoice(total_cents=100_00)
    record({invoice: 40_00})

    record({invoice: 40_00}, "another form", Confirmation.REPEAT_PAYMENT)

    assert paid(invoice) == 80_00


def test_a_payment_that_was_voided_or_came_on_another_day_is_no_other_of_the_same(record):
    invoice = an_invoice(total_cents=100_00)
    (voided,) = record({invoice: 40_00}).payment_ids
    payments.void(voided, "wrong day", a_user("bob@example.com"), NOW)
    record({invoice: 40_00}, "another day", paid_on=date(2026, 3, 1))

    record({invoice: 40_00}, "another form")

    assert paid(invoice) == 80_00


@pytest.mark.parametrize("reference", ["ÜBERWEISUNG 7", "Überweisung 7"])
def test_references_are_compared_as_people_read_them(record, reference):
    invoice = an_invoice()
    a_payment(invoice, 40_00, paid_on=TODAY, reference="Überweisung 7")
    again = PaymentBatch("key", TODAY, {invoice.id: 40_00}, reference=reference)

    with pytest.raises(UnconfirmedError):
        payments.record(again, a_user("bob@example.com"), NOW, TODAY)


def test_a_payment_with_another_reference_is_another_payment(record):
    invoice = an_invoice()
    a_payment(invoice, 40_00, paid_on=TODAY, reference="R 7")

    record({invoice: 40_00})

    assert paid(invoice) == 80_00


def test_a_payment_that_was_imported_is_noticed_too(record):
    invoice = an_invoice(origin=an_import())
    a_payment(invoice, 40_00, paid_on=TODAY, origin=invoice.origin)

    with pytest.raises(UnconfirmedError):
        record({invoice: 40_00})


def test_money_is_refunded_as_a_negative_payment(record):
    invoice = an_invoice(total_cents=100_00)
    record({invoice: 100_00})

    record({invoice: -30_00}, key="refund")

    assert paid(invoice) == 70_00


def test_a_payment_for_an_invoice_that_does_not_exist_is_not_recorded(record):
    invoice = an_invoice()
    tables.InvoiceModel.delete().execute()

    with pytest.raises(LookupError):
        record({invoice: 1_00})


def test_a_voided_payment_no_longer_counts_and_keeps_its_reason(record):
    invoice = an_invoice()
    (payment_id,) = record({invoice: 40_00}).payment_ids

    payments.void(payment_id, "wrong invoice", a_user("bob@example.com"), NOW)

    assert paid(invoice) == 0
    assert tables.PaymentModel.get().void_reason == "wrong invoice"


def test_payments_that_were_recorded_together_are_voided_together(record):
    first, second = an_invoice("1"), an_invoice("2")
    payment_id, _ = record({first: 100_00, second: 30_00}).payment_ids

    voided = payments.void(payment_id, "another customer's", a_user("bob@example.com"), NOW)

    assert (paid(first), paid(second), voided) == (0, 0, (first.id, second.id))


def test_voiding_twice_keeps_the_first_reason(record):
    bob = a_user("bob@example.com")
    (payment_id,) = record({an_invoice(): 40_00}).payment_ids
    payments.void(payment_id, "first", bob, NOW)

    payments.void(payment_id, "second", bob, NOW)

    assert tables.PaymentModel.get().void_reason == "first"


def test_a_payment_cannot_be_voided_below_its_refund(record):
    invoice = an_invoice()
    (payment_id,) = record({invoice: 100_00}).payment_ids
    record({invoice: -30_00}, key="refund")

    with pytest.raises(payments.PaymentRefusedError) as raised:
        payments.void(payment_id, "mistake", a_user("bob@example.com"), NOW)

    assert str(raised.value) == "Part of it was refunded or moved away from invoice 1001: void that first."
    assert paid(invoice) == 70_00


def test_credit_moves_from_one_invoice_to_another(database):
    customer = a_customer()
    overpaid, owed = an_invoice("1", customer), an_invoice("2", customer)
    a_payment(overpaid, 120_00)

    payments.move_credit(PaymentBatch("key", TODAY, {overpaid.id: -20_00, owed.id: 20_00}), a_user(), NOW, TODAY)

    assert (paid(overpaid), paid(owed)) == (100_00, 20_00)


def test_moved_credit_is_told_from_refunds_and_payments_also_in_the_audit(database):
    customer = a_customer()
    overpaid, owed = an_invoice("1", customer), an_invoice("2", customer)
    a_payment(overpaid, 120_00)

    payments.move_credit(PaymentBatch("key", TODAY, {overpaid.id: -20_00, owed.id: 20_00}), a_user(), NOW, TODAY)

    assert [row.moves_credit for row in tables.PaymentModel.select()] == [False, True, True]
    (entry,) = audit_entries.of_subject(f"invoice:{owed.id}")
    assert entry.after["moves_credit"] is True


def test_recording_and_voiding_are_on_record(record):
    invoice = an_invoice()
    (payment_id,) = record({invoice: 40_00}).payment_ids
    payments.void(payment_id, "mistake", a_user("bob@example.com", name="Bob"), NOW)

    voided, recorded = audit_entries.of_subject(f"invoice:{invoice.id}")

    assert (recorded.actor, recorded.action, recorded.after["amount_cents"]) == ("Ann", "payment.recorded", 40_00)
    assert (voided.actor, voided.action, voided.after["reason"]) == ("Bob", "payment.voided", "mistake")


def test_a_form_that_is_sent_many_times_at_once_records_once(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        ann = a_user()
        invoice = an_invoice(total_cents=100_00)
    outcomes = []

    def send():
        receipt = PaymentBatch("key", TODAY, {invoice.id: 40_00})
        outcomes.append(payments.record(receipt, ann, NOW, TODAY).again)

    assert all_at_once(*[send] * 6) == []

    with store_database.connection():
        assert paid(invoice) == 40_00
    assert sorted(outcomes) == [False, True, True, True, True, True]
    getattr(opened, "close_all", opened.close)()


def test_of_a_form_that_is_sent_at_once_for_different_invoices_one_is_recorded(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        ann = a_user()
        invoices = [an_invoice(str(number), total_cents=100_00) for number in range(4)]

    def pay(invoice):
        receipt = PaymentBatch("key", TODAY, {invoice.id: 40_00})
        return lambda: payments.record(receipt, ann, NOW, TODAY)

    refused = all_at_once(*map(pay, invoices))

    with store_database.connection():
        assert sorted(map(paid, invoices)) == [0, 0, 0, 40_00]
    assert [type(error) for error in refused] == [payment_batches.KeyUsedError] * 3
    getattr(opened, "close_all", opened.close)()


def record_advance(customer, cents, by, key="key", **values):
    values = {"ledger": "Invoices", "currency": "USD", "paid_on": TODAY} | values
    advance = AdvancePayment(key=key, customer_id=customer.id, cents=cents, **values)
    return payments.record_advance(advance, by, NOW, TODAY)


def test_an_advance_payment_is_credit_that_can_be_used_for_the_invoice_that_follows(database):
    customer, ann = a_customer(), a_user()

    record_advance(customer, 150_00, ann)
    entry = tables.InvoiceModel.get()
    invoice = an_invoice("1001", customer, total_cents=100_00)
    payments.move_credit(PaymentBatch("use", TODAY, {entry.id: -100_00, invoice.id: 100_00}), ann, NOW, TODAY)

    assert (entry.number, entry.total_cents, paid(entry), paid(invoice)) == ("Advance 2026-03-02", 0, 50_00, 100_00)


def test_each_advance_payment_of_a_day_has_a_number_of_its_own(database):
    customer, ann = a_customer(), a_user()

    for key in "ab":
        record_advance(customer, 150_00, ann, key, reference=key)

    numbers = [invoice.number for invoice in tables.InvoiceModel.select().order_by(tables.InvoiceModel.id)]
    assert numbers == ["Advance 2026-03-02", "Advance 2026-03-02 (2)"]


def test_an_advance_payment_that_is_sent_twice_is_recorded_once(database):
    customer, ann = a_customer(), a_user()

    first, second = record_advance(customer, 150_00, ann), record_advance(customer, 150_00, ann)

    assert (first.again, second.again, second.payment_ids) == (False, True, first.payment_ids)
    assert tables.InvoiceModel.select().count() == 1


def test_an_advance_payment_is_asked_about_if_it_seems_to_be_recorded_already(database):
    customer, ann = a_customer(), a_user()
    record_advance(customer, 150_00, ann, reference="BANK-778")

    with pytest.raises(UnconfirmedError):
        record_advance(customer, 150_00, ann, "another", reference="BANK-778")

    assert tables.InvoiceModel.select().count() == 1


def test_a_voided_advance_payment_leaves_no_entry_that_counts(database):
    customer, ann = a_customer(), a_user()
    (payment_id,) = record_advance(customer, 150_00, ann).payment_ids

    payments.void(payment_id, "slip", ann, NOW)

    entry = tables.InvoiceModel.get()
    assert (entry.paid_cents, entry.voided_at, entry.void_reason) == (0, NOW, "slip")


def test_an_imported_invoice_of_zero_stays_when_its_payment_is_voided(database):
    invoice = an_invoice(total_cents=0, origin=an_import())
    payment = a_payment(invoice, 150_00)

    payments.void(payment.id, "slip", a_user(), NOW)

    assert tables.InvoiceModel.get().voided_at is None


def test_an_advance_payment_that_is_sent_many_times_at_once_is_recorded_once(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        customer, ann = a_customer(), a_user()

    assert all_at_once(*[lambda: record_advance(customer, 150_00, ann)] * 6) == []

    with store_database.connection():
        assert [invoice.paid_cents for invoice in tables.InvoiceModel.select()] == [150_00]
    getattr(opened, "close_all", opened.close)()


def test_a_form_that_another_overtakes_with_the_same_key_is_refused_for_the_key(postgresql_url, monkeypatch):
    opened = store_database.open_database(postgresql_url)
    with store_database.connection():
        ann = a_user()
        customer = a_customer()
        slow, quick = (an_invoice(number, customer, total_cents=100_00) for number in "12")
    with_key, ways = payment_batches.with_key, []

    def pay(invoice):
        payments.record(PaymentBatch("key", TODAY, {invoice.id: 40_00}), ann, NOW, TODAY)

    def overtaken(key):
        found = with_key(key)
        if not ways:
            ways.append("overtaken")
            assert all_at_once(lambda: pay(quick)) == []
        return found

    monkeypatch.setattr(payment_batches, "with_key", overtaken)

    with store_database.connection(), pytest.raises(payment_batches.KeyUsedError):
        pay(slow)

    with store_database.connection():
        assert (paid(slow), paid(quick)) == (0, 40_00)
    opened.close_all()


def test_payments_and_imports_never_wait_for_one_another_in_a_circle(database_url):
    opened = store_database.open_database(database_url)
    with store_database.connection():
        ann = a_user()
        invoices = [an_invoice(str(number), total_cents=100_00) for number in range(3)]

    def pay():
        for _ in range(8):
            receipt = PaymentBatch(token_hex(), TODAY, {invoice.id: 1 for invoice in invoices})
            payments.record(receipt, ann, NOW, TODAY, {Confirmation.REPEAT_PAYMENT})

    def change_all():
        for _ in range(8):
            with exclusive_transaction():
                for invoice in invoices:
                    tables.InvoiceModel.update(notes="imported").where(tables.InvoiceModel.id == invoice.id).execute()

    assert all_at_once(pay, pay, change_all, change_all) == []

    with store_database.connection():
        assert [paid(invoice) for invoice in invoices] == [16, 16, 16]
    getattr(opened, "close_all", opened.close)()


def test_undoing_voids_what_one_user_recorded_at_one_moment_and_never_an_import(sqlite):
    ann, bob = a_user("ann@example.com"), a_user("bob@example.com")
    moment, other = datetime(2026, 3, 2, 9, 30, tzinfo=UTC), datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
    invoice = an_invoice(total_cents=1_000_00)
    first, _, later, of_bob, imported = (
        a_payment(invoice, 10_00, recorded_by=user.id if user else None, recorded_at=at)
        for user, at in ((ann, moment), (ann, moment), (ann, other), (bob, moment), (None, moment))
    )

    assert payments.undo(first.id, "slip", ann, other) == 2
    assert payments.undo(first.id, "slip", ann, other) == 0
    assert payments.undo(imported.id, "slip", ann, other) == 0
    payment = tables.PaymentModel
    left = payment.select(payment.id).where(payment.voided_at.is_null()).order_by(payment.id)
    assert [row.id for row in left] == [later.id, of_bob.id, imported.id]
