"""Passwords are kept as Argon2id and compared with the same work for everybody."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from app.store.access.users import HASH_OF_NONE
from app.web.auth import passwords


@pytest.fixture(autouse=True)
def _password_hasher():
    """The real one, instead of the quick one of other tests."""


def test_a_password_is_hashed_with_argon2id_at_least_as_strong_as_owasp_asks():
    parameters = extract_parameters(passwords.hash_password("correct horse battery"))

    assert parameters == passwords.PARAMETERS
    assert parameters.type is Type.ID
    assert parameters.time_cost >= 3
    assert parameters.memory_cost >= 12_288


def test_a_right_password_is_told_from_a_wrong_one():
    password_hash = passwords.hash_password("correct horse battery")

    assert passwords.verify(password_hash, "correct horse battery")
    assert not passwords.verify(password_hash, "correct horse batterY")


def test_nobody_has_a_right_password():
    assert not passwords.verify(None, "correct horse battery")
    assert not passwords.verify("-", "correct horse battery")
    assert not passwords.verify(HASH_OF_NONE, HASH_OF_NONE)


def test_a_short_password_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^A password must have at least 12 characters\.$"):
        passwords.hash_password("elevenchars")


def test_a_password_of_more_than_a_thousand_characters_is_refused_and_never_cut(monkeypatch):
    with pytest.raises(ValueError, match=r"^A password must have at most \u20681,000\u2069 characters\.$"):
        passwords.hash_password("correct horse" * 77)


@pytest.mark.parametrize(
    "password", ["qwerty123456", "QWERTY123456", "1qaz2wsx3edc", "finalfantasy", "aaaaaaaaaaaa", "121212121212"]
)
def test_a_password_that_is_guessed_first_is_refused(password):
    with pytest.raises(ValueError, match=r"^This password is one of those that are guessed first: please choose"):
        passwords.hash_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "ann.smith@example.com",
        "smith-example-1",
        "ann.smith-2026",
        "Annabelle-2026",
        "invoices-2026",
        "Receivables123",
        "dashboard-smith",
    ],
)
def test_a_password_made_of_what_everybody_knows_is_refused(password):
    with pytest.raises(ValueError, match=r"^This password is little more than your name, your e-mail address or"):
        passwords.hash_password(password, "ann.smith@example.com", "Annabelle Smith")


def test_a_word_that_everybody_knows_does_no_harm_beside_enough_else():
    assert passwords.hash_password("smith under the crooked bridge", "ann.smith@example.com", "Annabelle Smith")


@pytest.mark.parametrize("password", ["twelve chars", "pässwörtchen🔑", "twelve chars" * 83])
def test_long_and_foreign_passwords_are_kept_whole(password):
    password_hash = passwords.hash_password(password)

    assert passwords.verify(password_hash, password)
    assert not passwords.verify(password_hash, password[:-1])


def test_no_password_is_cut_to_the_length_of_the_right_one():
    password_hash = passwords.hash_password("twelve chars" * 83 + "last")

    assert not passwords.verify(password_hash, "twelve chars" * 83 + "last" + "!")


def test_a_hash_of_other_parameters_is_due_to_be_made_anew():
    assert passwords.needs_rehash(PasswordHasher(time_cost=1).hash("correct horse battery"))
    assert not passwords.needs_rehash(passwords.hash_password("correct horse battery"))


def test_somebody_without_a_password_is_answered_after_the_same_work(monkeypatch):
    compared = []
    monkeypatch.setattr("argon2.PasswordHasher.verify", lambda _, kept, typed: compared.append(kept) or True)

    for kept in (None, HASH_OF_NONE):
        assert not passwords.verify(kept, "correct horse battery")

    assert [extract_parameters(kept) for kept in compared] == [passwords.PARAMETERS] * 2


def test_new_passwords_are_long_enough_and_never_the_same():
    made = {passwords.new_password() for _ in range(50)}

    assert len(made) == 50
    assert min(len(password) for password in made) >= 12
