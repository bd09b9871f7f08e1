"""Accounts of programs: they use the API with a token, and nobody signs in as one."""

from app.store.access import users


class ProgramAccountError(Exception):
    """Somebody tried to give a program a password; the message is one sentence."""

    def __init__(self) -> None:
        super().__init__(
            "This is the account of a program, which uses the API and never signs in: invite a user instead."
        )


def refuse_program(user_id: int) -> None:
    if users.existing(user_id).is_program:
        raise ProgramAccountError
