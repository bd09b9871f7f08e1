"""API tokens: credentials of programs, limited to what the user who created them may do at the time of a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from peewee import Case

from app.domain.permissions import EVERYTHING, Right, Scope, TokenRight, token_may
from app.store.access import users
from app.store.access.hashes import hash_of
from app.store.access.users import User
from app.store.db import tables
from app.store.db.database import unless_hindered

_Token, _Scope = tables.ApiTokenModel, tables.ApiTokenScopeModel


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The values of a token that a user enters: its name, rights, expiry (None for never) and scope."""

    name: str
    rights: frozenset[TokenRight]
    expires_at: datetime | None
    narrowed_to: Scope = EVERYTHING


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as stored: everything except the token itself, of which only the hash is stored."""

    id: int
    user: User
    facts: TokenFacts
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def scope(self) -> Scope:
        """Return the effective scope: the intersection of the token's scope and its user's current one."""
        return self.user.scope.within(self.facts.narrowed_to)

    def may(self, needed: TokenRight, right: Right) -> bool:
        return token_may(self.facts.rights, needed, self.user.role, right, self.scope)

    def is_active(self, now: datetime) -> bool:
        return self.user.active and self.is_good(now)

    def is_good(self, now: datetime) -> bool:
        """Return whether it would count if its user may sign in."""
        expires_at = self.facts.expires_at
        return self.revoked_at is None and (expires_at is None or now < expires_at)


def add(user_id: int, facts: TokenFacts, token_hash: str, now: datetime) -> int:
    row = _Token.create(
        user=user_id,
        name=facts.name,
        token_hash=token_hash,
        rights=" ".join(sorted(facts.rights)),
        is_scoped=not facts.narrowed_to.is_everything,
        created_at=now,
        expires_at=facts.expires_at,
    )
    for customer_id in sorted(facts.narrowed_to.customers):
        _Scope.create(token=row, customer=customer_id)
    for ledger in sorted(facts.narrowed_to.ledgers):
        _Scope.create(token=row, ledger=ledger)
    return row.id


def find_active(token: str, now: datetime) -> ApiToken | None:
    """Return the token, or None if it is unknown, revoked or expired, or its user may no longer sign in."""
    found = find_by_hash(hash_of(token))
    return found if found and found.is_active(now) else None


def find_by_hash(token_hash: str) -> ApiToken | None:
    """Return the token, whether or not it counts."""
    return next(iter(_found(_Token.token_hash == token_hash)), None)


def of_user(user_id: int) -> list[ApiToken]:
    """Return the user's tokens, newest first."""
    return _found(_Token.user == user_id)


def good_ones_of(user_id: int, now: datetime) -> list[ApiToken]:
    """Return the tokens that count, or would if the user may sign in, newest first."""
    return [token for token in of_user(user_id) if token.is_good(now)]


def of_everybody() -> list[ApiToken]:
    """Return all tokens, newest first."""
    return _found(_Token.id > 0)


def get(token_id: int) -> ApiToken | None:
    return next(iter(_found(_Token.id == token_id)), None)


def revoke(token_id: int, now: datetime) -> None:
    _Token.update(revoked_at=now).where(_Token.id == token_id).execute()


def count_use(token_id: int, now: datetime) -> int:
    """Count a use of the token and return the number of uses in this minute, across all processes."""
    minute = int(now.timestamp()) // 60
    again = Case(None, [(_Token.minute == minute, _Token.uses_in_minute + 1)], 1)
    # Do not wait for an import's transaction to end; on SQLite, some uses then go uncounted.
    with unless_hindered():
        _Token.update(minute=minute, uses_in_minute=again, last_used_at=now).where(_Token.id == token_id).execute()
    used: Any = _Token.select(_Token.minute, _Token.uses_in_minute).where(_Token.id == token_id).tuples().first()
    return used[1] if used and used[0] == minute else 1


def _found(which: Any) -> list[ApiToken]:
    rows: Any = list(_Token.select().where(which).order_by(_Token.id.desc()).dicts())
    narrowed = _narrowed(row["id"] for row in rows if row["is_scoped"])
    owners = {user_id: users.get(user_id) for user_id in {row["user"] for row in rows}}
    return [_token(row, owner, narrowed) for row in rows if (owner := owners[row["user"]])]


def _narrowed(token_ids: Iterable[int]) -> dict[int, Scope]:
    """Return the scopes of the tokens by their ids; those that lost all they were narrowed to are missing."""
    rows: Any = _Scope.select(_Scope.token, _Scope.customer, _Scope.ledger).where(_Scope.token.in_(sorted(token_ids)))
    own_rows = groupby(rows.order_by(_Scope.token).tuples(), key=itemgetter(0))
    return {token_id: users.scope_in(own) for token_id, own in own_rows}


def _token(row: dict[str, Any], owner: User, narrowed: dict[int, Scope]) -> ApiToken:
    rights = frozenset(TokenRight(right) for right in row["rights"].split())
    scope = narrowed.get(row["id"], Scope()) if row["is_scoped"] else EVERYTHING
    facts = TokenFacts(row["name"], rights, row["expires_at"], scope)
    return ApiToken(row["id"], owner, facts, row["created_at"], row["last_used_at"], row["revoked_at"])
