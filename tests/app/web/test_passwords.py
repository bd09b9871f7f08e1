"""Passwords are kept as Argon2id and compared with the same work for everybody."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from app.web import passwords


def test_a_password_is_hashed_with_argon2id_at_least_as_strong_as_owasp_asks():
    parameters = extract_parameters(passwords.hash_password("correct horse battery"))

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


def test_a_short_password_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^A password must have at least 12 characters\.$"):
        passwords.hash_password("elevenchars")


@pytest.mark.parametrize("password", ["twelve chars", "pässwörtchen🔑", "x" * 500])
def test_long_and_foreign_passwords_are_kept_whole(password):
    password_hash = passwords.hash_password(password)

    assert passwords.verify(password_hash, password)
    assert not passwords.verify(password_hash, password[:-1])


def test_a_hash_of_other_parameters_is_due_to_be_made_anew():
    assert passwords.needs_rehash(PasswordHasher(time_cost=1).hash("correct horse battery"))
    assert not passwords.needs_rehash(passwords.hash_password("correct horse battery"))


def test_new_passwords_are_long_enough_and_never_the_same():
    made = {passwords.new_password() for _ in range(50)}

    assert len(made) == 50
    assert min(len(password) for password in made) >= 12
