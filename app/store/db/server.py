"""What the server of PostgreSQL says about itself."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.store.db import tables

_FIRST_ROLE = 10  # the id of the superuser that every cluster is made with


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`superuser` is the role that the cluster was made with, `size` of the database in bytes, `now` its clock."""

    database: str
    superuser: str
    size: int
    now: datetime


def server_facts() -> ServerFacts:
    """Return them; only on PostgreSQL."""
    found = tables.database.execute_sql(
        "SELECT current_database(), (SELECT rolname FROM pg_roles WHERE oid = %s), "
        "pg_database_size(current_database()), clock_timestamp()",
        (_FIRST_ROLE,),
    )
    database, superuser, size, now = found.fetchone()
    return ServerFacts(database, superuser, size, now.astimezone(UTC))
