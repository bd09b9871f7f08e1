"""Privileges of the services' PostgreSQL roles: write rows, but change neither tables nor audit entries."""

from app.store.db import tables
from app.store.db.database import MIGRATION_TABLE, AdvisoryLock, is_postgresql
from app.store.db.locks import one_at_a_time
from app.store.db.transactions import transaction

SERVICE_ROLES = ("invoices_app", "invoices_worker")
BACKUP_ROLE = "invoices_backup"  # it reads all and writes nothing

_APPEND_ONLY = tables.AuditEntryModel._meta.table_name
_SETTINGS = (
    tables.FirmModel._meta.table_name,
    tables.AutomationModel._meta.table_name,
    tables.WebhookEndpointModel._meta.table_name,
)
_READ_ONLY = {"invoices_worker": _SETTINGS}  # it writes no settings, and chooses nobody to send to
# But it switches off an endpoint that wants no more.
_COLUMNS = {"invoices_worker": (("active", "off_because"), tables.WebhookEndpointModel._meta.table_name)}


def grant() -> None:
    """Grant each service role on the server what it needs and no more; must be run as the owner."""
    if not is_postgresql():
        return
    with transaction():
        one_at_a_time(AdvisoryLock.MIGRATIONS)
        known = tables.database.execute_sql("SELECT rolname FROM pg_roles WHERE rolname <> CURRENT_USER").fetchall()
        for role in (*SERVICE_ROLES, BACKUP_ROLE):
            if (role,) in known:
                for statement in _reading(role) if role == BACKUP_ROLE else _statements(role):
                    tables.database.execute_sql(statement)


def _statements(role: str) -> tuple[str, ...]:
    # Revoke and grant everything again in one transaction, so that privileges granted by mistake do not remain.
    return (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE ON {_APPEND_ONLY} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {MIGRATION_TABLE} FROM {role}",
        *(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}" for table in _READ_ONLY.get(role, ())),
        *_on_columns(role),
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )


def _on_columns(role: str) -> tuple[str, ...]:
    if role not in _COLUMNS:
        return ()
    columns, table = _COLUMNS[role]
    return (f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {role}",)


def _reading(role: str) -> tuple[str, ...]:
    return (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )
