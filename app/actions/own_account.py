"""What users do to their own account only on its page, where an open browser is not enough."""

from app.store.access.users import User


class OwnAccountError(Exception):
    """An admin tried to go round the account page; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__("Your own password and two-step sign-in are changed on your account page: go to /account.")


def refuse_own(user_id: int, by: User | None) -> None:
    """Raise OwnAccountError if the user is the one who acts."""
    if by is not None and by.id == user_id:
        raise OwnAccountError
