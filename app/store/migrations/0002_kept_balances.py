"""What is paid is kept by the database, a mark changes with every change of the ledger, payments know their receipt.

The triggers add what changed instead of adding everything up again: of two payments that are recorded at once, the
second waits for the row of the invoice and then adds to what the first has left there. Whoever writes invoices together
with what is paid for them says so in `sums_given`, for its own transaction: adding up again would write them twice.
"""

from peewee import PostgresqlDatabase

_PAYMENT_COLUMNS = "amount_cents, voided_at, invoice_id"
_MARKED = ("customers", "invoices", "payments")

_OPEN = "paid_cents <> total_cents AND NOT draft AND voided_at IS NULL AND written_off_at IS NULL"

_INDEXES = (
    f"CREATE INDEX invoices_open ON invoices (currency, due_on, customer_id, issued_on, total_cents, paid_cents) "
    f"WHERE {_OPEN}",
    "CREATE INDEX invoices_voided_at ON invoices (voided_at) WHERE voided_at IS NOT NULL",
    "CREATE INDEX invoices_written_off_at ON invoices (written_off_at) WHERE written_off_at IS NOT NULL",
    "CREATE INDEX payments_paid_on ON payments (paid_on, invoice_id, amount_cents) WHERE voided_at IS NULL",
    "CREATE INDEX payments_voided_at ON payments (voided_at) WHERE voided_at IS NOT NULL",
    "CREATE INDEX payments_receipt ON payments (receipt) WHERE receipt IS NOT NULL",
    "CREATE INDEX auditentry_subject ON audit_entries (subject)",
)

_POSTGRESQL = (
    """
    CREATE FUNCTION keep_paid_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT sums_given FROM ledger_marks) THEN RETURN NULL; END IF;
      UPDATE invoices SET paid_cents = invoices.paid_cents + change.cents
      FROM (SELECT invoice_id, SUM(amount_cents) AS cents FROM fresh WHERE voided_at IS NULL GROUP BY invoice_id) change
      WHERE invoices.id = change.invoice_id AND change.cents <> 0;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION keep_paid_after_delete() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE invoices SET paid_cents = invoices.paid_cents - change.cents
      FROM (SELECT invoice_id, SUM(amount_cents) AS cents FROM stale WHERE voided_at IS NULL GROUP BY invoice_id) change
      WHERE invoices.id = change.invoice_id AND change.cents <> 0;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION keep_paid_after_update() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE invoices SET paid_cents = invoices.paid_cents + change.cents
      FROM (
        SELECT invoice_id, SUM(cents) AS cents FROM (
          SELECT invoice_id, amount_cents AS cents FROM fresh WHERE voided_at IS NULL
          UNION ALL
          SELECT invoice_id, -amount_cents FROM stale WHERE voided_at IS NULL
        ) both_sides GROUP BY invoice_id
      ) change
      WHERE invoices.id = change.invoice_id AND change.cents <> 0;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION keep_paid_after_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE invoices SET paid_cents = 0 WHERE paid_cents <> 0;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION mark_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE ledger_marks SET mark = replace(gen_random_uuid()::text, '-', '');
      RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER keep_paid_after_insert AFTER INSERT ON payments "
    "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_paid_after_insert()",
    "CREATE TRIGGER keep_paid_after_delete AFTER DELETE ON payments "
    "REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION keep_paid_after_delete()",
    "CREATE TRIGGER keep_paid_after_update AFTER UPDATE ON payments "
    "REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_paid_after_update()",
    "CREATE TRIGGER keep_paid_after_truncate AFTER TRUNCATE ON payments "
    "FOR EACH STATEMENT EXECUTE FUNCTION keep_paid_after_truncate()",
    *(
        f"CREATE TRIGGER mark_ledger AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mark_ledger()"
        for table in _MARKED
    ),
)

_SQLITE = (
    """
    CREATE TRIGGER keep_paid_after_insert AFTER INSERT ON payments
    WHEN NEW.voided_at IS NULL AND NOT (SELECT sums_given FROM ledger_marks)
    BEGIN
      UPDATE invoices SET paid_cents = paid_cents + NEW.amount_cents WHERE id = NEW.invoice_id;
    END
    """,
    """
    CREATE TRIGGER keep_paid_after_delete AFTER DELETE ON payments WHEN OLD.voided_at IS NULL
    BEGIN
      UPDATE invoices SET paid_cents = paid_cents - OLD.amount_cents WHERE id = OLD.invoice_id;
    END
    """,
    f"""
    CREATE TRIGGER keep_paid_after_update AFTER UPDATE OF {_PAYMENT_COLUMNS} ON payments
    BEGIN
      UPDATE invoices SET paid_cents = paid_cents - OLD.amount_cents
      WHERE id = OLD.invoice_id AND OLD.voided_at IS NULL;
      UPDATE invoices SET paid_cents = paid_cents + NEW.amount_cents
      WHERE id = NEW.invoice_id AND NEW.voided_at IS NULL;
    END
    """,
    *(
        f"CREATE TRIGGER mark_{table}_after_{what.lower()} AFTER {what} ON {table} "
        "BEGIN UPDATE ledger_marks SET mark = lower(hex(randomblob(16))); END"
        for table in _MARKED
        for what in ("INSERT", "UPDATE", "DELETE")
    ),
)


def up(migrator, db):
    is_postgresql = isinstance(db, PostgresqlDatabase)
    db.execute_sql("ALTER TABLE invoices ADD COLUMN paid_cents BIGINT NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE payments ADD COLUMN receipt VARCHAR(64)")
    db.execute_sql(
        "UPDATE invoices SET paid_cents = "
        "(SELECT COALESCE(SUM(amount_cents), 0) FROM payments WHERE invoice_id = invoices.id AND voided_at IS NULL)"
    )
    key = "SERIAL" if is_postgresql else "INTEGER"
    no = "FALSE" if is_postgresql else "0"
    db.execute_sql(
        f"CREATE TABLE ledger_marks (id {key} NOT NULL PRIMARY KEY, mark VARCHAR(32) NOT NULL, "
        f"sums_given {'BOOLEAN' if is_postgresql else 'SMALLINT'} NOT NULL DEFAULT {no})"
    )
    mark = "replace(gen_random_uuid()::text, '-', '')" if is_postgresql else "lower(hex(randomblob(16)))"
    db.execute_sql(f"INSERT INTO ledger_marks (mark) VALUES ({mark})")
    for statement in _INDEXES + (_POSTGRESQL if is_postgresql else _SQLITE):
        db.execute_sql(statement)


def down(migrator, db):
    is_postgresql = isinstance(db, PostgresqlDatabase)
    if is_postgresql:
        for name in ("insert", "delete", "update", "truncate"):
            db.execute_sql(f"DROP FUNCTION keep_paid_after_{name} CASCADE")
        db.execute_sql("DROP FUNCTION mark_ledger CASCADE")
    else:
        for name in ("insert", "delete", "update"):
            db.execute_sql(f"DROP TRIGGER keep_paid_after_{name}")
        for table in _MARKED:
            for what in ("insert", "update", "delete"):
                db.execute_sql(f"DROP TRIGGER mark_{table}_after_{what}")
    for statement in _INDEXES:
        db.execute_sql(f"DROP INDEX {statement.split()[2]}")
    db.execute_sql("DROP TABLE ledger_marks")
    db.execute_sql("ALTER TABLE payments DROP COLUMN receipt")
    db.execute_sql("ALTER TABLE invoices DROP COLUMN paid_cents")
