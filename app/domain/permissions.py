"""What each role may do, and with a scope, to what: the one place that says so."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A user's role."""

    ADMIN = "admin"
    ACCOUNTANT = "accountant"
    VIEWER = "viewer"


class TokenRight(StrEnum):
    """Something that a program may do with a token, as far as the user whose token it is may do it."""

    READ = "read"
    EDIT = "edit"
    PAYMENTS = "payments"
    IMPORT = "import"


class Right(StrEnum):
    """Something that not everybody may do."""

    READ = "read"
    EDIT = "edit"
    EXPORT = "export"
    EDIT_CUSTOMERS = "edit customers"
    SEE_IMPORTS = "see imports"
    IMPORT = "import"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers, by id, and the ledgers whose invoices a user may see.

    One that names neither covers nothing, unless it is said to be everything: a customer may be deleted.
    """

    customers: frozenset[int] = frozenset()
    ledgers: frozenset[str] = frozenset()
    is_everything: bool = False

    def covers(self, customer_id: int, ledger: str) -> bool:
        """Tell whether an invoice of the customer in the ledger may be seen."""
        return self.is_everything or customer_id in self.customers or ledger in self.ledgers

    def within(self, other: "Scope") -> "Scope":
        """Return what both scopes name: never more than either of them covers."""
        if self.is_everything:
            return other
        if other.is_everything:
            return self
        return Scope(self.customers & other.customers, self.ledgers & other.ledgers)


EVERYTHING = Scope(is_everything=True)

_RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.ACCOUNTANT: frozenset(Right) - {Right.ADMINISTER},
    Role.VIEWER: frozenset({Right.READ, Right.SEE_IMPORTS}),
}
# What concerns everybody's receivables: a customer that others invoice too, a workbook that is compared with all that
# is stored, and the scopes themselves.
_OF_THE_WHOLE = frozenset({Right.EDIT_CUSTOMERS, Right.SEE_IMPORTS, Right.IMPORT, Right.ADMINISTER})


def may(role: Role, right: Right, scope: Scope = EVERYTHING) -> bool:
    """Tell whether the role has the right within the scope."""
    return right in _RIGHTS[role] and (scope.is_everything or right not in _OF_THE_WHOLE)


def token_may(granted: Collection[TokenRight], needed: TokenRight, role: Role, right: Right, scope: Scope) -> bool:
    """Tell whether a token may do what needs both a right of its own and one of its user's, within the scope."""
    return needed in granted and may(role, right, scope)
