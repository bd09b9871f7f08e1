"""A statement is sent once per form, to a customer whom the user may see."""

from dataclasses import replace
from datetime import date

import pytest
from support.records import a_customer, a_user

from app.actions import statement_mails as actions
from app.domain.permissions import Scope
from app.domain.statement_mail import StatementMail
from app.store.access import audit_entries
from app.store.db.current_user import Actor, acting_as
from app.store.db.missing_records import MissingError
from app.store.ledger.statements import mails as statement_mails


@pytest.fixture
def mail(sqlite):
    return StatementMail(
        "k", a_customer().id, "books@acme.example", "Statement", "Hello", date(2026, 3, 2), "statement.pdf", b"%PDF"
    )


@pytest.fixture
def ann(sqlite):
    return a_user()


def test_what_was_asked_for_is_recorded_with_its_day_and_address(mail, ann, now):
    actions.ask(mail, ann, now)

    [entry] = audit_entries.of_subject("customer:1")
    assert (entry.actor, entry.action) == ("Ann", "statement.asked")
    assert entry.after == {"closed_on": "2026-03-02", "recipient": "books@acme.example"}


def test_a_form_that_is_sent_twice_is_one_mail(mail, ann, now):
    first = actions.ask(mail, ann, now)

    assert actions.ask(replace(mail, content=b"%PDF made again"), ann, now) is None
    assert [one.id for one in statement_mails.of_customer(1)] == [first]
    assert len(audit_entries.of_subject("customer:1")) == 1


@pytest.mark.parametrize("changed", [{"recipient": "x@acme.example"}, {"subject": "Another"}, {"text": "Another"}])
def test_a_form_that_is_sent_again_with_something_else_is_refused(mail, ann, now, changed):
    actions.ask(mail, ann, now)

    with pytest.raises(actions.SentBeforeError, match=r"sent before, to books@acme\.example: open it again"):
        actions.ask(replace(mail, **changed), ann, now)


def test_nobody_sends_to_a_customer_whom_they_may_not_see(mail, ann, now):
    with acting_as(Actor(scope=Scope())), pytest.raises(MissingError):
        actions.ask(mail, ann, now)


def test_a_mail_is_begun_by_one_worker(mail, ann, now):
    mail_id = actions.ask(mail, ann, now)

    assert actions.begin(mail_id, now).mail == mail
    assert actions.begin(mail_id, now) is None
