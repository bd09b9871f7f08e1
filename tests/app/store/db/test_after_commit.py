"""What others are told of a deed is told once it is committed, and never of one that was taken back."""

import pytest

from app.store.db.after_commit import after_commit, after_commit_once
from app.store.db.rehearsal import rehearse
from app.store.db.transactions import transaction


@pytest.fixture
def told():
    return []


def test_it_is_told_when_the_outermost_transaction_has_ended(database, told):
    with transaction():
        with transaction():
            after_commit(lambda: told.append(database.in_transaction()))
        assert told == []

    assert told == [False]


def test_without_a_transaction_it_is_told_at_once(database, told):
    after_commit(lambda: told.append("deed"))

    assert told == ["deed"]


def test_of_a_deed_that_was_taken_back_nothing_is_told(database, told):
    def fail():
        with transaction():
            after_commit(lambda: told.append("taken back"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction():
        after_commit(lambda: told.append("done"))

    assert told == ["done"]


def test_of_a_part_that_was_rolled_back_nothing_is_told(database, told):
    def fail():
        with transaction():
            after_commit(lambda: told.append("taken back"))
            raise ZeroDivisionError

    with transaction():
        after_commit(lambda: told.append("done"))
        with pytest.raises(ZeroDivisionError):
            fail()

    assert told == ["done"]


def test_of_a_rehearsal_nothing_is_told(database, told):
    rehearse(lambda: after_commit(lambda: told.append("rehearsed")))

    assert told == []


def test_what_is_told_once_is_told_once_though_asked_for_twice(database, told):
    note = _noting(told)

    with transaction():
        after_commit_once(note)
        with transaction():
            after_commit_once(note)

    assert told == ["told"]


def test_what_is_told_once_is_told_though_the_part_that_asked_first_was_rolled_back(database, told):
    note = _noting(told)

    def fail():
        with transaction():
            after_commit_once(note)
            raise ZeroDivisionError

    with transaction():
        with pytest.raises(ZeroDivisionError):
            fail()
        after_commit_once(note)

    assert told == ["told"]


def _noting(told):
    return lambda: told.append("told")
