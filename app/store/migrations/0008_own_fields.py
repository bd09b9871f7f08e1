"""Customers and invoices keep the columns of a workbook that are not known, as JSON: texts by heading."""

_TABLES = ("customers", "invoices")


def up(migrator, db):
    for table in _TABLES:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN own_fields TEXT NOT NULL DEFAULT '{{}}'")


def down(migrator, db):
    # Not the migrator's: on SQLite that makes the table anew, without its triggers.
    for table in _TABLES:
        db.execute_sql(f"ALTER TABLE {table} DROP COLUMN own_fields")
