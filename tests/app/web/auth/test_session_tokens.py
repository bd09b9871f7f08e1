"""A session token that we did not write, or that is not good now, is worth nothing."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.auth.session_tokens import SessionTokens, TokenClaims
from app.web.http.signing import derived

SECRET = "k" * 40
KEY = derived(SECRET, "session")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=12)
TOKENS = SessionTokens.signed_with(SECRET)
(KID,) = TOKENS.keys
GENUINE = TOKENS.issue(TokenClaims("jti-1", 7), NOW, LATER)
CLAIMS = jwt.decode(GENUINE, options={"verify_signature": False})
HEADER = {"typ": "session+jwt", "kid": KID}


def forged(*, key=KEY, algorithm="HS256", header=None, without=(), **claims):
    claims = {**CLAIMS, **claims}
    return jwt.encode(
        {name: value for name, value in claims.items() if name not in without},
        key,
        algorithm,
        headers={**HEADER, **(header or {})},
    )


def unsigned(header):
    parts = [json.dumps({**HEADER, **header}), json.dumps(CLAIMS)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


def with_header(header):
    """The genuine claims and signature under another header."""
    return ".".join([unsigned(header).split(".")[0], *GENUINE.split(".")[1:]])


def test_a_genuine_token_says_which_login_it_stands_for():
    assert TOKENS.read(GENUINE, NOW) == TokenClaims("jti-1", 7)
    assert TOKENS.read(forged(), NOW) == TokenClaims("jti-1", 7)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="nonsense"),
        pytest.param(unsigned({"alg": "none"}), id="no algorithm"),
        pytest.param(unsigned({"alg": "None"}), id="no algorithm, capitalised"),
        pytest.param(with_header({"alg": "RS256"}), id="an asymmetric algorithm"),
        pytest.param(with_header({"alg": "ES256"}), id="another asymmetric algorithm"),
        pytest.param(forged(algorithm="HS512", key=KEY * 2), id="a longer algorithm"),
        pytest.param(forged(header={"kid": "other"}), id="an unknown key"),
        pytest.param(forged(header={"kid": ""}), id="an empty key id"),
        pytest.param(forged(key=derived(SECRET, "csrf")), id="our key for another purpose"),
        pytest.param(forged(key=b"x" * 32), id="a key of somebody else"),
        pytest.param(forged(header={"typ": "JWT"}), id="another type"),
        pytest.param(forged(header={"typ": "reset+jwt"}), id="a token for another use"),
        pytest.param(forged(iss="other"), id="another issuer"),
        pytest.param(forged(iss="invoice"), id="a part of the issuer"),
        pytest.param(forged(aud="other"), id="another audience"),
        pytest.param(forged(exp=int(NOW.timestamp()) - 6), id="expired"),
        pytest.param(forged(nbf=int(NOW.timestamp()) + 6), id="not yet good"),
        pytest.param(forged(iat=int(NOW.timestamp()) + 6), id="issued in the future"),
        pytest.param(forged(exp="never"), id="an expiry that is no number"),
        pytest.param(forged(sub="ann"), id="a user that is no number"),
        *(
            pytest.param(forged(without=(name,)), id=f"without {name}")
            for name in ("iss", "aud", "sub", "jti", "iat", "nbf", "exp")
        ),
    ],
)
def test_a_token_that_is_not_quite_ours_is_refused(token):
    assert TOKENS.read(token, NOW) is None


@given(st.integers(0, len(GENUINE.replace(".", "")) - 2), st.sampled_from("ABCxyz019-_"))
def test_a_changed_character_makes_the_token_worthless(place, character):
    places = [index for index, sign in enumerate(GENUINE) if sign != "."]
    changed = GENUINE[: places[place]] + character + GENUINE[places[place] + 1 :]

    found = TOKENS.read(changed, NOW)

    assert found is None or changed == GENUINE


def test_keys_named_by_the_token_itself_are_not_fetched():
    assert (
        TOKENS.read(forged(header={"jku": "http://evil.example/", "jwk": {"kty": "oct"}}, key=b"x" * 32), NOW) is None
    )


def test_clocks_may_differ_by_five_seconds():
    assert TOKENS.read(GENUINE, NOW - timedelta(seconds=5)) is not None
    assert TOKENS.read(GENUINE, NOW - timedelta(seconds=6)) is None
    assert TOKENS.read(GENUINE, LATER + timedelta(seconds=4)) is not None
    assert TOKENS.read(GENUINE, LATER + timedelta(seconds=5)) is None


def test_a_new_secret_key_keeps_those_signed_in_whose_key_is_still_known():
    rotated = SessionTokens.signed_with("n" * 40, SECRET)

    assert rotated.read(GENUINE, NOW) == TokenClaims("jti-1", 7)
    assert TOKENS.read(rotated.issue(TokenClaims("jti-2", 7), NOW, LATER), NOW) is None


def test_a_key_that_is_too_short_signs_nothing():
    with pytest.raises(jwt.InvalidKeyError):
        SessionTokens({"short": b"x" * 31}).issue(TokenClaims("jti-1", 7), NOW, LATER)
