"""Access policy: allowed networks, idle time of sessions, and which roles need a second factor."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.permissions import Role
from app.store.access.users import User
from app.web.http.client_ip import Networks, is_within
from app.web.http.errors import ForbiddenError

SECOND_FACTOR = "/account/second-factor"


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """`automation` has the networks of our own programs, which may use the API whatever `networks` says.

    Users of the `roles_by_provider` sign in by the provider only.
    """

    networks: Networks
    idle: timedelta
    roles_with_second_factor: frozenset[Role]
    automation: Networks = ()
    roles_by_provider: frozenset[Role] = frozenset()

    def check_address(self, address: str) -> None:
        """Raise ForbiddenError if only some networks are allowed and the client's address is in none of them."""
        if self.networks and not (address and is_within(address, self.networks)):
            raise ForbiddenError(
                f"This site can only be used from certain networks, and your address, {address or 'unknown'}, is in "
                "none of them: ask an admin to allow yours."
            )

    def check_address_of_program(self, address: str) -> None:
        """Raise ForbiddenError as `check_address` does, except for our own programs."""
        if not (address and is_within(address, self.automation)):
            self.check_address(address)

    def must_use_provider(self, user: User) -> bool:
        return user.role in self.roles_by_provider

    def has_to_enrol(self, user: User) -> bool:
        return user.role in self.roles_with_second_factor and not user.has_second_factor
