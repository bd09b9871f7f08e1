"""Each thousand or so of invoices has a mark of its own, which changes with them and their payments.

Sums over all invoices can then be kept for each part, and only what has changed is added up anew. The triggers come
after `mark_ledger` in the alphabet, in which PostgreSQL runs them: whoever changes the ledger takes the one row of
`ledger_marks` first, so that no two can wait for one another here.
"""

from peewee import PostgresqlDatabase

_INVOICES_A_PART = 1024
_PART_OF = {"invoices": "id", "payments": "invoice_id"}
_ROWS = {"insert": ("fresh",), "update": ("fresh", "stale"), "delete": ("stale",)}
_REFERENCES = {
    "insert": "NEW TABLE AS fresh",
    "update": "OLD TABLE AS stale NEW TABLE AS fresh",
    "delete": "OLD TABLE AS stale",
}
_POSTGRESQL_MARK = "replace(gen_random_uuid()::text, '-', '')"
_SQLITE_MARK = "lower(hex(randomblob(16)))"


def up(migrator, db):
    is_postgresql = isinstance(db, PostgresqlDatabase)
    key = "SERIAL" if is_postgresql else "INTEGER"
    mark = _POSTGRESQL_MARK if is_postgresql else _SQLITE_MARK
    db.execute_sql(f"CREATE TABLE ledger_parts (id {key} NOT NULL PRIMARY KEY, mark VARCHAR(32) NOT NULL)")
    db.execute_sql(
        f"INSERT INTO ledger_parts (id, mark) "
        f"SELECT part, {mark} FROM (SELECT DISTINCT id / {_INVOICES_A_PART} AS part FROM invoices) parts"
    )
    for statement in _postgresql() if is_postgresql else _sqlite():
        db.execute_sql(statement)


def down(migrator, db):
    if isinstance(db, PostgresqlDatabase):
        for table in _PART_OF:
            for what in (*_ROWS, "truncate"):
                db.execute_sql(f"DROP FUNCTION mark_parts_of_{table}_after_{what} CASCADE")
    else:
        for table in _PART_OF:
            for what in _ROWS:
                db.execute_sql(f"DROP TRIGGER mark_parts_of_{table}_after_{what}")
    db.execute_sql("DROP TABLE ledger_parts")


def _postgresql():
    for table, column in _PART_OF.items():
        for what, rows in _ROWS.items():
            name = f"mark_parts_of_{table}_after_{what}"
            parts = " UNION ".join(f"SELECT {column} / {_INVOICES_A_PART} AS part FROM {row}" for row in rows)
            yield f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO ledger_parts (id, mark)
              SELECT part, {_POSTGRESQL_MARK} FROM (SELECT DISTINCT part FROM ({parts}) rows ORDER BY part) parts
              ON CONFLICT (id) DO UPDATE SET mark = excluded.mark;
              RETURN NULL;
            END $$
            """
            yield (
                f"CREATE TRIGGER {name} AFTER {what.upper()} ON {table} "
                f"REFERENCING {_REFERENCES[what]} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
        name = f"mark_parts_of_{table}_after_truncate"
        yield f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE ledger_parts SET mark = {_POSTGRESQL_MARK};
          RETURN NULL;
        END $$
        """
        yield f"CREATE TRIGGER {name} AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


def _sqlite():
    for table, column in _PART_OF.items():
        for what, rows in _ROWS.items():
            marks = "".join(
                f"INSERT OR REPLACE INTO ledger_parts (id, mark) "
                f"VALUES ({'NEW' if row == 'fresh' else 'OLD'}.{column} / {_INVOICES_A_PART}, {_SQLITE_MARK}); "
                for row in rows
            )
            yield (
                f"CREATE TRIGGER mark_parts_of_{table}_after_{what} AFTER {what.upper()} ON {table} BEGIN {marks} END"
            )
