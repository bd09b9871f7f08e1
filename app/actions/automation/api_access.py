"""The user and the token with which n8n asks the API."""

from dataclasses import dataclass
from datetime import datetime

from app.actions import api_tokens, users
from app.actions.users import UserFacts
from app.domain.permissions import Role, TokenRight
from app.store.access import api_tokens as stored_tokens
from app.store.access import audit
from app.store.access import users as stored_users
from app.store.access.api_tokens import TokenFacts
from app.store.access.users import AUTOMATION_EMAIL, HASH_OF_NONE, User
from app.store.db.transactions import transaction

TOKEN_NAME = "n8n"  # noqa: S105  # what the token is called
_RIGHTS = frozenset({TokenRight.READ, TokenRight.PAYMENTS, TokenRight.IMPORT})


class AutomationRefusedError(Exception):
    """Automation cannot be enabled as things are; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Enabled:
    made_user: bool
    made_token: bool


def enable(token_hash: str, now: datetime) -> Enabled:
    """Let n8n use the API with the token of that hash, and no older one; a second call changes nothing.

    Raises AutomationRefusedError for a token that was revoked, and for a user who was deactivated.
    """
    with transaction():
        found = stored_users.find_by_email(AUTOMATION_EMAIL)
        user = found or users.create(
            AUTOMATION_EMAIL, UserFacts("Automation", Role.ACCOUNTANT), HASH_OF_NONE, None, now
        )
        if not user.active:
            raise AutomationRefusedError(
                "An admin deactivated the user Automation: reactivate it on the page Users first."
            )
        token = stored_tokens.find_by_hash(token_hash)
        if token is not None and not token.is_good(now):
            raise AutomationRefusedError(
                "The token of n8n was revoked, and does not count again: make another with "
                "`invoices secrets --rotate automation-token` first."
            )
        if token is None:
            api_tokens.revoke_all_of(user.id, None, now)
            _add(user, token_hash, now)
        return Enabled(made_user=found is None, made_token=token is None)


def disable(now: datetime) -> int:
    """Revoke the tokens of n8n and return how many counted; its user stays, for the history."""
    user = stored_users.find_by_email(AUTOMATION_EMAIL)
    return api_tokens.revoke_all_of(user.id, None, now) if user else 0


def _add(user: User, token_hash: str, now: datetime) -> None:
    token_id = stored_tokens.add(user.id, TokenFacts(TOKEN_NAME, _RIGHTS, expires_at=None), token_hash, now)
    after = {"name": TOKEN_NAME, "rights": " ".join(sorted(_RIGHTS)), "expires_at": None}
    audit.append(None, "token.created", f"token:{token_id}", after=after, now=now)
