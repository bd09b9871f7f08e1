"""Customers are found with what they owe and how they pay, and changed by one person at a time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ledgers import close_of, closes, ledgers, write
from support.records import a_customer, a_payment, a_user, an_import, an_invoice

from app.actions import customers as customer_actions
from app.actions.customers import StillOpenError
from app.domain.account import Owed
from app.domain.ageing import ageing_by_currency
from app.domain.statement import statement
from app.store.access import audit_entries
from app.store.db import tables
from app.store.ledger import customers, positions
from app.store.ledger.customers import CodeRefusedError, CustomerConflictError, Details

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = close_of(date(2026, 3, 2))
property_test = settings(max_examples=40)


def settled_late(customer, count, days_late):
    for number in range(count):
        paid_on = date.fromordinal(date(2026, 1, 31).toordinal() + days_late)
        a_payment(an_invoice(f"{customer.code}-{number}", customer), 100_00, paid_on=paid_on)


def test_an_account_tells_what_is_owed_and_how_it_is_paid(database):
    acme = a_customer("C1", "Acme", email="pay@acme.example")
    settled_late(acme, 5, 12)
    an_invoice("open", acme, total_cents=250_00)
    a_payment(an_invoice("over", acme, total_cents=1_00), 3_00)

    [found] = customers.accounts(TODAY)

    assert (found.name, found.code, found.currency) == ("Acme", "C1", "USD")
    assert found.position == Owed(open_invoices=1, outstanding_cents=250_00, overdue_cents=250_00, credit_cents=2_00)
    assert found.days_sales_outstanding == 30  # of 751.00 in 90 days
    assert found.average_days_late == 7  # five 12 days late, one 16 days early
    assert (found.habit.settled, found.habit.late, found.habit.median_days_late) == (6, 5, 12)
    assert found.is_likely_late


def test_a_customer_has_an_account_in_each_currency_and_one_without_any_invoice(database):
    acme, bolt = a_customer("C1", "Acme"), a_customer("C2", "Bolt")
    an_invoice("1", acme, currency="USD")
    an_invoice("2", acme, currency="EUR")

    assert [(found.name, found.currency) for found in customers.accounts(TODAY)] == [
        ("Acme", "EUR"),
        ("Acme", "USD"),
        ("Bolt", ""),
    ]
    assert customers.currencies_of(bolt.id) == []


def test_a_day_late_counts_for_the_habit_in_any_currency(database):
    acme = a_customer()
    for number, currency in enumerate(["USD", "USD", "EUR", "EUR", "GBP"]):
        a_payment(an_invoice(str(number), acme, currency=currency), 100_00, paid_on=date(2026, 2, 5))

    assert customers.habit_of(acme.id, TODAY).settled == 5
    assert customers.settled_count(acme.id, TODAY) == 5


def test_four_settled_invoices_are_no_habit_nor_are_those_of_others(database):
    acme, bolt = a_customer("C1", "Acme"), a_customer("C2", "Bolt")
    settled_late(acme, 4, 12)
    settled_late(bolt, 5, 12)

    assert customers.habit_of(acme.id, TODAY) is None
    assert customers.settled_count(acme.id, TODAY) == 4


def test_an_edit_is_recorded_with_what_it_changed_and_makes_another_version(database):
    user, acme = a_user(), a_customer(phone="1")

    customer_actions.edit(acme.id, 1, Details("C1", "Acme", phone="2"), user, NOW)

    found = customers.get(acme.id)
    assert (found.details.phone, found.version) == ("2", 2)
    [entry] = audit_entries.of_subject(f"customer:{acme.id}")
    assert (entry.action, entry.actor, entry.before, entry.after) == (
        "customer.edited", "Ann", {"phone": "1"}, {"phone": "2"},
    )  # fmt: skip


def test_saving_what_is_stored_already_writes_nothing(database):
    user, acme = a_user(), a_customer()

    customer_actions.edit(acme.id, 1, Details("C1", "Acme"), user, NOW)

    assert customers.get(acme.id).version == 1
    assert audit_entries.of_subject(f"customer:{acme.id}") == []


def test_an_edit_of_what_somebody_else_has_changed_is_refused_with_what_is_stored_now(database):
    user, acme = a_user(), a_customer()
    customer_actions.edit(acme.id, 1, Details("C1", "Acme", phone="2"), user, NOW)

    with pytest.raises(CustomerConflictError) as refused:
        customer_actions.edit(acme.id, 1, Details("C1", "Acme", phone="3"), user, NOW)

    assert refused.value.current.details.phone == "2"
    assert customers.get(acme.id).details.phone == "2"


@pytest.mark.parametrize("code", ["C1", "c1", " C1", "c1 "])
def test_a_code_belongs_to_one_customer_however_it_is_written(database, code):
    user = a_user()
    a_customer("C1", "Acme")
    bolt = a_customer("C2", "Bolt")

    with pytest.raises(CodeRefusedError, match="Acme has the code C1 already"):
        customer_actions.create(Details(code, "Other"), user, NOW)
    with pytest.raises(CodeRefusedError, match="Acme has the code C1 already"):
        customer_actions.edit(bolt.id, 1, Details(code, "Bolt"), user, NOW)
    assert tables.AuditEntryModel.select().count() == 0


def test_the_code_by_which_a_workbook_knows_a_customer_is_kept(database):
    user = a_user()
    acme = a_customer("C1", "Acme", origin=an_import())

    with pytest.raises(CodeRefusedError, match="The workbook knows this customer by the code C1"):
        customer_actions.edit(acme.id, 1, Details("C2", "Acme"), user, NOW)

    assert customers.get(acme.id).details.code == "C1"


def test_a_customers_own_code_may_be_written_otherwise(database):
    user, acme = a_user(), a_customer("c1")

    customer_actions.edit(acme.id, 1, Details("C1", "Acme"), user, NOW)

    assert customers.get(acme.id).details.code == "C1"


def test_a_new_customer_is_recorded(database):
    customer_id = customer_actions.create(Details("C1", "Acme", terms_days=0), a_user(), NOW)

    assert customers.get(customer_id).details == Details("C1", "Acme", terms_days=0)
    [entry] = audit_entries.of_subject(f"customer:{customer_id}")
    assert (entry.action, entry.after) == ("customer.created", {"code": "C1", "name": "Acme", "terms_days": 0})


@pytest.mark.parametrize("paid_cents", [40_00, 110_00])
def test_who_owes_or_is_owed_anything_is_not_archived(database, paid_cents):
    user, acme = a_user(), a_customer()
    a_payment(an_invoice("1", acme), paid_cents)

    with pytest.raises(StillOpenError):
        customer_actions.archive(acme.id, user, NOW)

    assert customers.get(acme.id).archived_at is None


def test_archiving_and_taking_back_are_recorded_and_keep_the_version_that_imports_compare(database):
    user, acme = a_user(), a_customer()
    a_payment(an_invoice("1", acme), 100_00)
    an_invoice("2", acme, voided_at=NOW)

    customer_actions.archive(acme.id, user, NOW)
    customer_actions.archive(acme.id, user, NOW)
    assert customers.get(acme.id).archived_at == NOW
    customer_actions.unarchive(acme.id, user, NOW)

    assert (customers.get(acme.id).archived_at, customers.get(acme.id).version) == (None, 1)
    assert [entry.action for entry in audit_entries.of_subject(f"customer:{acme.id}")] == [
        "customer.unarchived",
        "customer.archived",
    ]


@property_test
@given(ledger=ledgers(), as_of=closes)
def test_accounts_add_up_to_what_is_outstanding(sqlite, ledger, as_of):
    write(ledger)
    accounts = customers.accounts(as_of)

    for ageing in ageing_by_currency(positions.by_due_date(as_of), as_of.day):
        own = [found.position for found in accounts if found.currency == ageing.currency]
        assert sum(position.outstanding_cents for position in own) == ageing.outstanding_cents
        assert sum(position.overdue_cents for position in own) == ageing.overdue_cents
        assert sum(position.credit_cents for position in own) == ageing.credit_cents


@property_test
@given(ledger=ledgers(), as_of=closes, length=st.integers(0, 60))
def test_a_statement_closes_with_what_the_database_says_is_owed(sqlite, ledger, as_of, length):
    write(ledger)
    first = date.fromordinal(as_of.day.toordinal() - length)
    customer_id = tables.CustomerModel.get().id

    for currency in customers.currencies_of(customer_id):
        found = statement(customers.ledger_of(customer_id, currency), first, as_of.day, UTC_ZONE)
        for day, cents in ((as_of, found.closing_cents), (close_of(before(first)), found.opening_cents)):
            owed = [row for row in customers.balances_of(customer_id, day) if row.currency == currency]
            assert cents == sum(row.open_cents - row.credit_cents for row in owed)


def before(day):
    return date.fromordinal(day.toordinal() - 1)
