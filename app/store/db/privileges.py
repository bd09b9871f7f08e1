"""What the roles of the running services may do on PostgreSQL: write rows, but change neither tables nor the record."""

from app.store.db import tables
from app.store.db.database import MIGRATION_LOCK, MIGRATION_TABLE, is_postgresql, one_at_a_time, transaction

SERVICE_ROLES = ("invoices_app", "invoices_worker")

_ONLY_ADDED_TO = tables.AuditEntryModel._meta.table_name


def grant() -> None:
    """Give each role of a service what it needs and no more, where the server has such roles; only the owner can."""
    if not is_postgresql():
        return
    with transaction():
        one_at_a_time(MIGRATION_LOCK)
        for role in _roles_to_grant():
            for statement in _statements(role):
                tables.database.execute_sql(statement)


def _roles_to_grant() -> list[str]:
    known = tables.database.execute_sql("SELECT rolname FROM pg_roles WHERE rolname <> CURRENT_USER").fetchall()
    return [role for role in SERVICE_ROLES if (role,) in known]


def _statements(role: str) -> tuple[str, ...]:
    # All is taken and given anew, in one transaction: what a table once had by mistake does not stay.
    return (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE ON {_ONLY_ADDED_TO} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {MIGRATION_TABLE} FROM {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )
