"""Audit entries are only ever added; whoever owns the tables can do more, as tests do and as an intruder might."""

from contextlib import contextmanager

from peewee import PostgresqlDatabase

from app.store.db.transactions import transaction


@contextmanager
def audit_entries_removable(database):
    """Let the block, one transaction, change and remove audit entries."""
    with transaction():
        if isinstance(database, PostgresqlDatabase):
            _run(database, "GRANT UPDATE, DELETE, TRUNCATE ON audit_entries TO CURRENT_USER")
            _run(database, "ALTER TABLE audit_entries DISABLE TRIGGER USER")
            yield
            _run(database, "ALTER TABLE audit_entries ENABLE TRIGGER USER")
            _run(database, "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM CURRENT_USER")
            return
        named = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries'"
        triggers = database.execute_sql(named).fetchall()
        for name, _ in triggers:
            _run(database, f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            _run(database, sql)


def _run(database, statement):
    database.execute_sql(statement)
