"""A prepared query answers as peewee would, with the values of each time."""

from datetime import UTC, datetime, timedelta

from support.records import LONG_AGO, a_customer, a_payment, an_invoice

from app.store.db import tables
from app.store.db.compiled_queries import Slot, compiled


@compiled
def payments_before(recorded_at: Slot, least_cents: Slot):
    payment = tables.PaymentModel
    earlier = payment.recorded_at < recorded_at.of(payment.recorded_at)
    return (
        payment.select(payment.paid_on, payment.recorded_at, payment.amount_cents)
        .where(earlier, payment.amount_cents >= least_cents.value, payment.method == "Card")
        .order_by(payment.id)
    )


def test_values_are_filled_in_each_time(database):
    invoice = an_invoice()
    a_payment(invoice, 10_00, method="Card")
    a_payment(invoice, 20_00, method="Card")
    a_payment(invoice, 30_00, method="Cash")
    later = LONG_AGO + timedelta(days=1)

    assert [cents for _, _, cents in payments_before(later, 0)] == [10_00, 20_00]
    assert [cents for _, _, cents in payments_before(later, 15_00)] == [20_00]
    assert payments_before(LONG_AGO, 0) == []


def test_what_is_found_is_converted_as_by_peewee(database):
    payment = a_payment(an_invoice(), 10_00, method="Card")

    ((paid_on, recorded_at, cents),) = payments_before(datetime(2027, 1, 1, tzinfo=UTC), 0)

    assert (paid_on, recorded_at, cents) == (payment.paid_on, LONG_AGO, 10_00)


@compiled
def names(code: Slot):
    return tables.CustomerModel.select(tables.CustomerModel.name).where(tables.CustomerModel.code == code.value)


def test_a_value_is_never_part_of_the_statement(database):
    a_customer("C1", "Acme")

    assert names("C1") == [("Acme",)]
    assert names("' OR '1'='1") == []
