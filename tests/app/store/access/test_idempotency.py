"""A request that is sent again under its key is done once, and answered as the first time."""

from datetime import timedelta

import pytest
from support.at_once import all_at_once
from support.records import a_customer, a_user

from app.actions import api_tokens as token_actions
from app.domain.permissions import TokenRight
from app.store.access import api_tokens, idempotency
from app.store.access.api_tokens import TokenFacts
from app.store.access.idempotency import KeptAnswer, OtherRequestError, StillAnsweringError
from app.store.db import tables

CREATED = KeptAnswer(201, {"Location": "/1"}, '{"id": 1}')


@pytest.fixture
def token(database, now):
    token_actions.create(TokenFacts("n8n", frozenset(TokenRight), None), a_user(), now)
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


def test_the_same_request_at_the_same_moment_is_told_to_wait(token, now):
    def meanwhile():
        with pytest.raises(StillAnsweringError, match="is being answered at this moment"):
            idempotency.once(token, "k", "hash", now, write)
        return write()

    idempotency.once(token, "k", "hash", now, meanwhile)

    assert customers() == 1


def test_keys_of_two_tokens_have_nothing_to_do_with_each_other(token, now):
    token_actions.create(TokenFacts("other", frozenset(TokenRight), None), api_tokens.of_everybody()[0].user, now)

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


def test_a_request_whose_process_was_stopped_can_be_sent_again_after_five_minutes(token, now):
    tables.ApiRequestModel.create(token=token, key="k", request_hash="hash", asked_at=now)

    with pytest.raises(StillAnsweringError):
        idempotency.once(token, "k", "hash", now + timedelta(minutes=4), write)
    assert idempotency.once(token, "k", "hash", now + timedelta(minutes=5), write) == (CREATED, False)


def test_of_two_who_send_the_same_at_once_one_writes(token, now):
    def send():
        return idempotency.once(token, "k", "hash", now, write)

    raised = all_at_once(send, send)

    assert customers() == 1
    assert all(isinstance(error, StillAnsweringError) for error in raised)
