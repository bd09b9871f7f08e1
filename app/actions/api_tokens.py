"""API tokens: made by a user for a program, and revoked."""

import secrets
from datetime import datetime

from app.domain.permissions import Right
from app.store.access import api_tokens, audit
from app.store.access.api_tokens import ApiToken, TokenFacts
from app.store.access.hashes import hash_of
from app.store.access.users import User
from app.store.db.missing_records import MissingError
from app.store.db.transactions import transaction

PREFIX = "invoices_"  # lets secret scanners recognise a leaked token
_RANDOM_BYTES = 32


class OutsideScopeError(Exception):
    """The token's scope would exceed its user's; the message is one sentence."""


def create(facts: TokenFacts, by: User, now: datetime) -> str:
    """Create a token for the user and return it, which cannot be read again; raises OutsideScopeError."""
    if by.scope.within(facts.narrowed_to) != (by.scope if facts.narrowed_to.is_everything else facts.narrowed_to):
        raise OutsideScopeError("A token cannot see more than you do: name customers and ledgers of your own scope.")
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    with transaction():
        token_id = api_tokens.add(by.id, facts, hash_of(token), now)
        after = {"name": facts.name, "rights": " ".join(sorted(facts.rights)), "expires_at": facts.expires_at}
        audit.append(by, "token.created", f"token:{token_id}", after=after, now=now)
    return token


def revoke(token_id: int, by: User, now: datetime) -> str:
    """Revoke a token and return its name; raises MissingError, for non-admins too where it is not theirs."""
    with transaction():
        found = api_tokens.get(token_id)
        if found is None or (found.user.id != by.id and not by.may(Right.ADMINISTER)):
            raise MissingError("There is no such token.")
        if found.revoked_at is None:
            _revoke(found, by, now)
        return found.facts.name


def revoke_all_of(user_id: int, by: User | None, now: datetime) -> int:
    """Revoke the tokens that count, and return how many did; `by` is None for the command line."""
    with transaction():
        good = api_tokens.good_ones_of(user_id, now)
        for token in good:
            _revoke(token, by, now)
        return len(good)


def _revoke(token: ApiToken, by: User | None, now: datetime) -> None:
    api_tokens.revoke(token.id, now)
    audit.append(by, "token.revoked", f"token:{token.id}", after={"name": token.facts.name}, now=now)
