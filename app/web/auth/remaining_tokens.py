"""Tokens that still act for a user whose logins a new password or a change of the second factor has ended."""

from datetime import datetime

from app.domain.sentences import agreeing, counted
from app.store.access import api_tokens


def those_that_count(user_id: int, now: datetime, what_to_do: str) -> str:
    """Return a sentence that ends with what to do about them; empty if there are none."""
    count = len(api_tokens.good_ones_of(user_id, now))
    if not count:
        return ""
    return f"{counted(count, 'token', 'tokens')} still {agreeing(count, 'counts', 'count')}: {what_to_do}"
