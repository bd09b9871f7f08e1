"""Audit entries know from where they came, and are only ever added: neither changed nor removed.

Whoever owns the tables can take the triggers away again; `invoices audit verify` tells what was changed then.
"""

from peewee import CharField, PostgresqlDatabase

_COLUMNS = {
    "address": CharField(null=True, max_length=45),
    "request_id": CharField(null=True, max_length=64),
    "program": CharField(null=True),
}
_REFUSAL = "Audit entries are only ever added."

_POSTGRESQL = (
    f"""
    CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    "CREATE TRIGGER refuse_change_of_audit BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM CURRENT_USER, PUBLIC",
)
# `INSERT OR REPLACE` removes rows without asking the trigger of those who delete, hence the third.
_SQLITE = {
    "update": "BEFORE UPDATE ON audit_entries",
    "delete": "BEFORE DELETE ON audit_entries",
    "replace": "BEFORE INSERT ON audit_entries "
    "WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id OR entry_hash = NEW.entry_hash)",
}


def up(migrator, db):
    migrator.migrate(*(migrator.add_column("audit_entries", name, field) for name, field in _COLUMNS.items()))
    if isinstance(db, PostgresqlDatabase):
        for statement in _POSTGRESQL:
            db.execute_sql(statement)
        return
    for what, when in _SQLITE.items():
        db.execute_sql(f"CREATE TRIGGER refuse_{what}_of_audit {when} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def down(migrator, db):
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("DROP FUNCTION refuse_change_of_audit CASCADE")
        db.execute_sql("GRANT UPDATE, DELETE, TRUNCATE ON audit_entries TO CURRENT_USER")
    else:
        for what in _SQLITE:
            db.execute_sql(f"DROP TRIGGER refuse_{what}_of_audit")
    migrator.migrate(*(migrator.drop_column("audit_entries", name) for name in _COLUMNS))
