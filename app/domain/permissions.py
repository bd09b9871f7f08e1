"""What each role may do within a scope: the only place that defines permissions."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    ACCOUNTANT = "accountant"
    VIEWER = "viewer"


class TokenRight(StrEnum):
    """It never exceeds what the token's user may do."""

    READ = "read"
    EDIT = "edit"
    PAYMENTS = "payments"
    IMPORT = "import"


class Right(StrEnum):
    READ = "read"
    EDIT = "edit"
    MATCH_PAYMENTS = "match incoming payments"
    EXPORT = "export"
    EDIT_CUSTOMERS = "edit customers"
    SEE_IMPORTS = "see imports"
    IMPORT = "import"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers (by id) and the ledgers whose invoices a user may see.

    A scope without either covers nothing unless `is_everything` is set: the user's only customer may be deleted, and
    that must not let the user see everything.
    """

    customers: frozenset[int] = frozenset()
    ledgers: frozenset[str] = frozenset()
    is_everything: bool = False

    def covers(self, customer_id: int, ledger: str) -> bool:
        return self.is_everything or customer_id in self.customers or ledger in self.ledgers

    def within(self, other: "Scope") -> "Scope":
        """Return the intersection: never more than either scope covers."""
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
# These rights reach beyond any scope: a customer may have invoices outside it too, a workbook is compared with
# everything that is stored, so is the reference of an incoming payment, and administrators set the scopes themselves.
_REQUIRES_EVERYTHING = frozenset(
    {Right.EDIT_CUSTOMERS, Right.MATCH_PAYMENTS, Right.SEE_IMPORTS, Right.IMPORT, Right.ADMINISTER}
)


def may(role: Role, right: Right, scope: Scope = EVERYTHING) -> bool:
    return right in _RIGHTS[role] and (scope.is_everything or right not in _REQUIRES_EVERYTHING)


def token_may(granted: Collection[TokenRight], needed: TokenRight, role: Role, right: Right, scope: Scope) -> bool:
    return needed in granted and may(role, right, scope)
