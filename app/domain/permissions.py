"""What each role may do."""

from enum import StrEnum


class Role(StrEnum):
    """A user's role."""

    ADMIN = "admin"
    ACCOUNTANT = "accountant"
    VIEWER = "viewer"


class Right(StrEnum):
    """Something that not every role may do."""

    READ = "read"
    EDIT = "edit"
    IMPORT = "import"
    EXPORT = "export"


_RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.ACCOUNTANT: frozenset({Right.READ, Right.EDIT, Right.IMPORT, Right.EXPORT}),
    Role.VIEWER: frozenset({Right.READ}),
}


def may(role: Role, right: Right) -> bool:
    """Tell whether the role has the right."""
    return right in _RIGHTS[role]
