"""Bcrypt hashes by libcrypt, held against ones that others made."""

import pytest

from app.cli import bcrypt

# From the test vectors of OpenBSD's bcrypt, as in John the Ripper and crypt_blowfish ("U*U", "U*U*").
KNOWN = [
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
]


@pytest.mark.parametrize(("password", "known"), KNOWN)
def test_a_hash_is_the_one_that_others_make(password, known):
    assert bcrypt.matches(password, known.replace("$2a$", "$2b$"))


def test_another_password_does_not_match():
    assert not bcrypt.matches("U*U*", KNOWN[0][1].replace("$2a$", "$2b$"))


def test_each_hash_of_a_password_has_a_salt_of_its_own():
    first, second = bcrypt.hashed("correct horse"), bcrypt.hashed("correct horse")

    assert first != second
    assert bcrypt.matches("correct horse", first)
    assert bcrypt.matches("correct horse", second)


def test_a_password_that_would_be_cut_off_is_refused():
    with pytest.raises(ValueError, match="72 bytes"):
        bcrypt.hashed("x" * 73)


@pytest.mark.parametrize(
    "text", ["", "!", "$argon2id$v=19$", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"]
)
def test_what_is_no_hash_of_ours_matches_nothing(text):
    assert not bcrypt.matches("U*U", text)
