"""Which version of PostgreSQL a server has: it stays until `fab upgrade-database` changes it, whatever is deployed."""

from collections.abc import Mapping

from playbooks.steps.session import RefusedError
from playbooks.steps.stack_settings import ensure_settings, noted
from provisioning.host import Host

NAME = "POSTGRESQL"
NEWEST = "17"  # what a server without a database gets, as docker-compose.yml and the Dockerfiles say by default


def version(host: Host) -> str:
    return noted(host).get(NAME, NEWEST)


def wanted(host: Host, chosen: Mapping[str, str]) -> str:
    """Return the server's version, or for its first deploy the one that was chosen; raises RefusedError."""
    there = noted(host).get(NAME)
    if there and chosen.get(NAME, there) != there:
        raise RefusedError(
            f"server.env: {NAME}={chosen[NAME]}, but the database of {host.name} is of PostgreSQL {there}: take the "
            "line out, and run `fab upgrade-database`."
        )
    return there or chosen.get(NAME, NEWEST)


def note(host: Host, major: str) -> None:
    ensure_settings(host, {**noted(host), NAME: major})
