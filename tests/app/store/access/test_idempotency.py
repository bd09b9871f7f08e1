"""A request that is sent again under its key is done once, and answered as the first time."""

from datetime import timedelta

import pytest
from support.at_once import all_at_once
from support.records import a_customer, a_user

from app.actions import api_tokens as token_actions
from app.domain.permissions import API_RIGHTS
from app.store.access import api_tokens, idempotency
from app.store.access.api_tokens import TokenFacts
from app.store.access.idempotency import KeptAnswer, OtherRequestError
from app.store.db import tables
from app.store.db.database import is_postgresql

CREATED = KeptAnswer(201, {"Location": "/1"}, '{"id": 1}')
STILL_ANSWERING = "The same request is being answered at this moment: send it again in a second."


@pytest.fixture
def token(database, now):
    token_actions.create(TokenFacts("n8n", API_RIGHTS, None), a_user(), now)
    return 1


def write():
    a_customer(f"C{tables.CustomerModel.select().count()}")
    return CREATED


def customers():
    return tables.CustomerModel.select().count()


def test_the_same_request_is_done_once(token, now):
    assert idempotency.once(token, "k", "hash", now, write) == (CREATED, False)
    assert idempotency.once(token, "k", "hash", now, write) == (CREATED, True)
    assert customers() == 1


def test_another_request_under_the_key_is_refused(token, now):
    idempotency.once(token, "k", "hash", now, write)

    with pytest.raises(OtherRequestError, match="came with another request before"):
        idempotency.once(token, "k", "other", now, write)


def test_keys_of_two_tokens_have_nothing_to_do_with_each_other(token, now):
    token_actions.create(TokenFacts("other", API_RIGHTS, None), api_tokens.of_everybody()[0].user, now)

    idempotency.once(1, "k", "hash", now, write)
    idempotency.once(2, "k", "other", now, write)

    assert customers() == 2


def test_a_key_is_kept_for_a_day(token, now):
    idempotency.once(token, "k", "hash", now, write)

    assert idempotency.once(token, "k", "hash", now + timedelta(hours=23), write)[1]
    assert not idempotency.once(token, "k", "hash", now + timedelta(hours=24), write)[1]


def test_what_breaks_leaves_nothing_and_frees_the_key(token, now):
    def broken():
        write()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        idempotency.once(token, "k", "hash", now, broken)

    assert customers() == 0
    assert idempotency.once(token, "k", "hash", now, write) == (CREATED, False)


def test_a_database_that_goes_away_in_between_leaves_nothing_and_the_key_free(token, now, database):
    def cut_off():
        write()
        database.connection().close()
        return CREATED

    raised = all_at_once(lambda: idempotency.once(token, "k", "hash", now, cut_off))

    assert len(raised) == 1
    assert customers() == 0
    assert idempotency.once(token, "k", "hash", now, write) == (CREATED, False)


def test_of_two_who_send_the_same_at_once_one_writes_and_both_get_its_answer(token, now):
    answers = []

    def send():
        answers.append(idempotency.once(token, "k", "hash", now, write))

    raised = all_at_once(send, send)

    assert raised == []
    assert sorted(again for _, again in answers) == [False, True]
    assert customers() == 1


# On PostgreSQL only: SQLite waits as its transaction begins, for anything that is written.
def test_who_waited_in_vain_for_the_same_request_is_asked_to_send_it_again(postgresql, now, monkeypatch):
    monkeypatch.setattr(idempotency, "_LONGEST_WAIT_SECONDS", 1)
    token_actions.create(TokenFacts("n8n", API_RIGHTS, None), a_user(), now)

    def meanwhile():
        raised = all_at_once(lambda: idempotency.once(1, "k", "hash", now, write))
        assert [str(error) for error in raised] == [STILL_ANSWERING]
        return write()

    idempotency.once(1, "k", "hash", now, meanwhile)

    assert customers() == 1


def test_an_action_waits_for_locks_as_long_as_any_other_statement(token, now):
    def wait_of_statements():
        return tables.database.execute_sql("SHOW lock_timeout").fetchone() if is_postgresql() else None

    usual, within = wait_of_statements(), []

    def answer():
        within.append(wait_of_statements())
        return CREATED

    idempotency.once(token, "k", "hash", now, answer)

    assert within == [usual]
