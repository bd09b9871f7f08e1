"""All tables, and what triggers keep: what is paid for each invoice, versions of the ledger, an append-only audit.

Triggers add to `invoices.paid_cents` only what changed. Of two payments recorded at the same time, the second waits for
the invoice's row and adds to what the first left there. Code that inserts invoices together with their payments sets
`sums_given` for its own transaction, because it has counted the payments already.

Each 1,024 invoices form a partition with a version of its own, so that cached totals are recomputed only where
something changed. PostgreSQL runs triggers in alphabetical order: `raise_ledger_version` comes first and locks the one
row of `ledger_versions`, so two writers cannot wait for each other on partitions.

References among receivables are deferrable: the rehearsal of an import is rolled back and skips their checks.
"""

import re

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    PostgresqlDatabase,
    TextField,
)

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
    "CREATE INDEX payments_batch_key ON payments (batch_key) WHERE batch_key IS NOT NULL",
)

_KEEP_PAID_POSTGRESQL = (
    """
    CREATE FUNCTION keep_paid_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT sums_given FROM ledger_versions) THEN RETURN NULL; END IF;
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
    CREATE FUNCTION raise_ledger_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE ledger_versions SET version = replace(gen_random_uuid()::text, '-', '');
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
        f"CREATE TRIGGER raise_ledger_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION raise_ledger_version()"
        for table in _MARKED
    ),
)

_KEEP_PAID_SQLITE = (
    """
    CREATE TRIGGER keep_paid_after_insert AFTER INSERT ON payments
    WHEN NEW.voided_at IS NULL AND NOT (SELECT sums_given FROM ledger_versions)
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
        f"CREATE TRIGGER raise_version_of_{table}_after_{what.lower()} AFTER {what} ON {table} "
        "BEGIN UPDATE ledger_versions SET version = lower(hex(randomblob(16))); END"
        for table in _MARKED
        for what in ("INSERT", "UPDATE", "DELETE")
    ),
)


_INVOICES_PER_PARTITION = 1024
_PARTITIONED_BY = {"invoices": "id", "payments": "invoice_id"}
_ROWS = {"insert": ("fresh",), "update": ("fresh", "stale"), "delete": ("stale",)}
_REFERENCES = {
    "insert": "NEW TABLE AS fresh",
    "update": "OLD TABLE AS stale NEW TABLE AS fresh",
    "delete": "OLD TABLE AS stale",
}
_POSTGRESQL_VERSION = "replace(gen_random_uuid()::text, '-', '')"
_SQLITE_VERSION = "lower(hex(randomblob(16)))"


_REFUSAL = "Audit entries are only ever added."

_AUDIT_POSTGRESQL = (
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
_AUDIT_SQLITE = {
    "update": "BEFORE UPDATE ON audit_entries",
    "delete": "BEFORE DELETE ON audit_entries",
    "replace": "BEFORE INSERT ON audit_entries "
    "WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id OR entry_hash = NEW.entry_hash)",
}

_TABLES_BY_DEPENDENCE = (
    "digests",
    "automation",
    "incoming_payment_parts",
    "incoming_payments",
    "invoice_partitions",
    "ledger_versions",
    "firm",
    "link_mails",
    "webhook_deliveries",
    "webhook_endpoints",
    "events",
    "statement_mails",
    "audit_entries",
    "api_requests",
    "api_token_scopes",
    "api_tokens",
    "saved_views",
    "scopes",
    "remembered_answers",
    "column_mappings",
    "imported_rows",
    "payments",
    "invoices",
    "customers",
    "imports",
    "throttles",
    "process_states",
    "passkeys",
    "recovery_codes",
    "one_time_links",
    "logins",
    "users",
)


def up(migrator, db):
    class UserModel(Model):
        email = CharField(unique=True)
        name = CharField(default="")
        password_hash = CharField()
        role = CharField(max_length=20)
        totp_secret = CharField(null=True)
        totp_step = BigIntegerField(null=True)
        active = BooleanField(default=True)
        is_scoped = BooleanField(default=False)
        created_at = DateTimeField()
        oidc_issuer = CharField(null=True)
        oidc_subject = CharField(null=True)

        class Meta:
            database = db
            table_name = "users"
            indexes = ((("oidc_issuer", "oidc_subject"), True),)

    class LoginModel(Model):
        jti = CharField(unique=True, max_length=64)
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        created_at = DateTimeField()
        last_seen_at = DateTimeField()
        expires_at = DateTimeField()
        revoked_at = DateTimeField(null=True)
        stepped_up_at = DateTimeField(null=True)
        address = CharField(default="", max_length=45)
        user_agent = CharField(default="")
        oidc_confirmed_at = DateTimeField(null=True)
        oidc_asked_at = DateTimeField(null=True)
        oidc_tokens = TextField(default="")

        class Meta:
            database = db
            table_name = "logins"

    class OneTimeLinkModel(Model):
        token_hash = CharField(unique=True, max_length=64)
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        purpose = CharField(max_length=10)
        made_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        by_mail = BooleanField(default=False)
        made_at = DateTimeField()
        expires_at = DateTimeField()

        class Meta:
            database = db
            table_name = "one_time_links"

    class RecoveryCodeModel(Model):
        code_hash = CharField(unique=True, max_length=64)
        user = ForeignKeyField(UserModel, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "recovery_codes"

    class PasskeyModel(Model):
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        name = CharField()
        credential_id = CharField(unique=True, max_length=1400)
        public_key = TextField()
        user_handle = CharField(max_length=100)
        sign_count = BigIntegerField(default=0)
        created_at = DateTimeField()
        challenged_at = DateTimeField()
        last_used_at = DateTimeField(null=True)
        revoked_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "passkeys"

    class ThrottleModel(Model):
        name = CharField(unique=True)
        attempts = IntegerField()
        latest_at = DateTimeField()
        is_told = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "throttles"

    class ProcessStateModel(Model):
        name = CharField(unique=True)
        content = TextField()

        class Meta:
            database = db
            table_name = "process_states"

    class ImportModel(Model):
        file_name = CharField()
        sha256 = CharField(max_length=64, index=True)
        size_bytes = BigIntegerField()
        stored_file = CharField()
        state = CharField(max_length=20)
        choices = TextField(default="{}")
        counts = TextField(default="{}")
        control_totals = TextField(default="[]")
        failure = TextField(default="")
        tries = IntegerField(default=0)
        begun_at = DateTimeField(null=True)
        apply_when_clean = BooleanField(default=False)
        uploaded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        uploaded_at = DateTimeField()
        applied_at = DateTimeField(null=True)
        undone_at = DateTimeField(null=True)
        source = CharField(max_length=10, default="")
        sender = CharField(default="")
        request_key = CharField(null=True, unique=True, max_length=64)
        inbox_name = TextField(default="", index=True)
        filed_at = DateTimeField(null=True)
        report_sent_at = DateTimeField(null=True)
        report_recipient = CharField(default="")

        class Meta:
            database = db
            table_name = "imports"

    class CustomerModel(Model):
        origin = ForeignKeyField(ImportModel, column_name="import_id", null=True, deferrable="INITIALLY IMMEDIATE")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(max_length=64, null=True)
        imported_version = IntegerField(null=True)
        code = CharField(unique=True)
        name = CharField(index=True)
        email = CharField(default="")
        phone = CharField(default="")
        address = TextField(default="")
        terms_days = IntegerField(null=True)
        notes = TextField(default="")
        own_fields = TextField(default="{}")
        archived_at = DateTimeField(null=True)
        version = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "customers"

    class InvoiceModel(Model):
        origin = ForeignKeyField(ImportModel, column_name="import_id", null=True, deferrable="INITIALLY IMMEDIATE")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(max_length=64, null=True)
        imported_version = IntegerField(null=True)
        number = CharField()
        number_key = CharField()
        customer = ForeignKeyField(CustomerModel, deferrable="INITIALLY IMMEDIATE")
        issued_on = DateField(index=True)
        due_on = DateField(index=True)
        currency = CharField(max_length=3)
        total_cents = BigIntegerField()
        ledger = CharField()
        reference = CharField(default="")
        notes = TextField(default="")
        own_fields = TextField(default="{}")
        disputed = BooleanField(default=False)
        draft = BooleanField(default=False)
        voided_at = DateTimeField(null=True)
        void_reason = TextField(default="")
        written_off_at = DateTimeField(null=True)
        write_off_reason = TextField(default="")
        paid_cents = BigIntegerField(default=0)
        version = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "invoices"
            indexes = ((("number_key", "customer"), True),)

    class PaymentModel(Model):
        origin = ForeignKeyField(ImportModel, column_name="import_id", null=True, deferrable="INITIALLY IMMEDIATE")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(max_length=64, null=True)
        imported_version = IntegerField(null=True)
        invoice = ForeignKeyField(InvoiceModel, deferrable="INITIALLY IMMEDIATE")
        paid_on = DateField()
        amount_cents = BigIntegerField()
        method = CharField(default="")
        reference = CharField(default="")
        note = TextField(default="")
        batch_key = CharField(null=True, max_length=64)
        idempotency_key = CharField(null=True, unique=True, max_length=64)
        recorded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        recorded_at = DateTimeField()
        voided_at = DateTimeField(null=True)
        void_reason = TextField(default="")
        moves_credit = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "payments"

    class ImportedRowModel(Model):
        origin = ForeignKeyField(ImportModel, column_name="import_id", index=False, deferrable="INITIALLY IMMEDIATE")
        tab = CharField()
        row = IntegerField()
        kind = CharField(max_length=10)
        action = CharField(max_length=10)
        subject = CharField()
        record_id = IntegerField()
        record_version = IntegerField(null=True)
        before = TextField(null=True)

        class Meta:
            database = db
            table_name = "imported_rows"
            indexes = ((("origin", "tab", "row"), False), (("kind", "record_id"), False))

    class ColumnMappingModel(Model):
        header_fingerprint = CharField(unique=True, max_length=64)
        mapping = TextField()
        chosen_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        chosen_at = DateTimeField()

        class Meta:
            database = db
            table_name = "column_mappings"

    class RememberedAnswerModel(Model):
        shape = CharField(unique=True, max_length=200)
        question = TextField()
        answer = CharField()
        answered_at = DateTimeField()

        class Meta:
            database = db
            table_name = "remembered_answers"

    class ScopeModel(Model):
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
        ledger = CharField(null=True)

        class Meta:
            database = db
            table_name = "scopes"

    class SavedViewModel(Model):
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        name = CharField()
        parameters = TextField()
        is_default = BooleanField(default=False)
        locale = CharField(default="en_GB")

        class Meta:
            database = db
            table_name = "saved_views"
            indexes = ((("user", "name"), True),)

    class ApiTokenModel(Model):
        user = ForeignKeyField(UserModel, on_delete="CASCADE")
        name = CharField()
        token_hash = CharField(unique=True, max_length=64)
        rights = CharField()
        is_scoped = BooleanField(default=False)
        created_at = DateTimeField()
        expires_at = DateTimeField(null=True)
        last_used_at = DateTimeField(null=True)
        revoked_at = DateTimeField(null=True)
        minute = IntegerField(default=0)
        uses_in_minute = IntegerField(default=0)

        class Meta:
            database = db
            table_name = "api_tokens"

    class ApiTokenScopeModel(Model):
        token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
        customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
        ledger = CharField(null=True)

        class Meta:
            database = db
            table_name = "api_token_scopes"

    class ApiRequestModel(Model):
        token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
        key = CharField()
        request_hash = CharField(max_length=64)
        asked_at = DateTimeField(index=True)
        status = IntegerField(null=True)
        headers = TextField(default="{}")
        body = TextField(default="")

        class Meta:
            database = db
            table_name = "api_requests"
            indexes = ((("token", "key"), True),)

    class AuditEntryModel(Model):
        at = DateTimeField(index=True)
        user_id = IntegerField(null=True)
        actor = CharField()
        address = CharField(null=True, max_length=45)
        request_id = CharField(null=True, max_length=64)
        program = CharField(null=True)
        action = CharField(max_length=40)
        subject = CharField(index=True)
        before = TextField(default="")
        after = TextField(default="")
        previous_hash = CharField(max_length=64)
        entry_hash = CharField(max_length=64, unique=True)

        class Meta:
            database = db
            table_name = "audit_entries"

    class FirmModel(Model):
        name = CharField(default="")
        address = TextField(default="")
        email = CharField(default="")
        phone = CharField(default="")
        bank_details = TextField(default="")
        currency = CharField(max_length=3)
        zone = CharField(max_length=64)
        version = IntegerField()

        class Meta:
            database = db
            table_name = "firm"

    class StatementMailModel(Model):
        key = CharField(unique=True, max_length=64)
        customer = ForeignKeyField(CustomerModel, on_delete="CASCADE")
        recipient = CharField()
        subject = CharField()
        text = TextField()
        closed_on = DateField()
        file_name = CharField()
        content = BlobField()
        asked_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        asked_at = DateTimeField()
        state = CharField(max_length=10, index=True)
        tries = IntegerField(default=0)
        next_try_at = DateTimeField()
        failure = TextField(default="")

        class Meta:
            database = db
            table_name = "statement_mails"

    class EventModel(Model):
        event_id = CharField(unique=True, max_length=40)
        type = CharField(max_length=40)
        order_key = CharField()
        body = TextField()
        happened_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "events"

    class WebhookEndpointModel(Model):
        url = CharField(max_length=500)
        description = CharField(default="")
        types = CharField()
        secret = CharField(max_length=100)
        old_secret = CharField(default="", max_length=100)
        old_secret_until = DateTimeField(null=True)
        active = BooleanField(default=True)
        off_because = CharField(default="")
        made_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        made_at = DateTimeField()

        class Meta:
            database = db
            table_name = "webhook_endpoints"

    class WebhookDeliveryModel(Model):
        event = ForeignKeyField(EventModel, on_delete="CASCADE", index=False)
        endpoint = ForeignKeyField(WebhookEndpointModel, on_delete="CASCADE")
        order_key = CharField()
        state = CharField(max_length=10)
        tries = IntegerField(default=0)
        next_try_at = DateTimeField()
        answer = TextField(default="")
        delivered_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "webhook_deliveries"
            indexes = (
                (("event", "endpoint"), True),
                (("endpoint", "order_key", "state"), False),
                (("state", "next_try_at"), False),
            )

    class LinkMailModel(Model):
        email = CharField(max_length=320)
        purpose = CharField(max_length=10)
        asked_at = DateTimeField()
        state = CharField(max_length=10)
        tries = IntegerField(default=0)
        next_try_at = DateTimeField()
        failure = TextField(default="")

        class Meta:
            database = db
            table_name = "link_mails"
            indexes = ((("state", "next_try_at"), False),)

    class LedgerMarkModel(Model):
        version = CharField(max_length=32)
        sums_given = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "ledger_versions"

    class LedgerPartModel(Model):
        version = CharField(max_length=32)

        class Meta:
            database = db
            table_name = "invoice_partitions"

    class IncomingPaymentModel(Model):
        provider = CharField(max_length=40)
        provider_payment_id = CharField(max_length=200)
        amount_cents = BigIntegerField()
        currency = CharField(max_length=3)
        paid_on = DateField()
        reference = TextField(default="")
        payer = TextField(default="")
        method = CharField(default="")
        state = CharField(max_length=10, index=True)
        question = TextField(default="")
        dismissal = TextField(default="")
        received_at = DateTimeField()
        received_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
        program = CharField(default="")
        decided_at = DateTimeField(null=True)
        decided_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")

        class Meta:
            database = db
            table_name = "incoming_payments"
            indexes = ((("provider", "provider_payment_id"), True),)

    class IncomingPaymentPartModel(Model):
        incoming_payment = ForeignKeyField(IncomingPaymentModel, on_delete="CASCADE")
        payment = ForeignKeyField(PaymentModel, unique=True, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "incoming_payment_parts"

    class AutomationModel(Model):
        applies_mailed = BooleanField(default=False)
        overdue_digest = BooleanField(default=False)
        weekday = IntegerField()
        hour = IntegerField()
        month_end_digest = BooleanField(default=False)
        recipients = TextField(default="")
        chat_url = TextField(default="")
        version = IntegerField()

        class Meta:
            database = db
            table_name = "automation"

    class DigestModel(Model):
        kind = CharField(max_length=10)
        period = CharField(max_length=10)
        sent_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "digests"
            indexes = ((("kind", "period"), True),)

    db.create_tables(
        [
            UserModel,
            LoginModel,
            OneTimeLinkModel,
            RecoveryCodeModel,
            PasskeyModel,
            ThrottleModel,
            ProcessStateModel,
            ImportModel,
            CustomerModel,
            InvoiceModel,
            PaymentModel,
            ImportedRowModel,
            ColumnMappingModel,
            RememberedAnswerModel,
            ScopeModel,
            SavedViewModel,
            ApiTokenModel,
            ApiTokenScopeModel,
            ApiRequestModel,
            AuditEntryModel,
            FirmModel,
            StatementMailModel,
            EventModel,
            WebhookEndpointModel,
            WebhookDeliveryModel,
            LinkMailModel,
            LedgerMarkModel,
            LedgerPartModel,
            IncomingPaymentModel,
            IncomingPaymentPartModel,
            AutomationModel,
            DigestModel,
        ]
    )
    is_postgresql = isinstance(db, PostgresqlDatabase)
    version = _POSTGRESQL_VERSION if is_postgresql else _SQLITE_VERSION
    db.execute_sql(
        f"INSERT INTO ledger_versions (version, sums_given) VALUES ({version}, {'FALSE' if is_postgresql else '0'})"
    )
    for statement in (*_INDEXES, *(_postgresql() if is_postgresql else _sqlite())):
        db.execute_sql(statement)


def down(migrator, db):
    is_postgresql = isinstance(db, PostgresqlDatabase)
    for table in _TABLES_BY_DEPENDENCE:
        db.execute_sql(f"DROP TABLE {table}")
    for statement in _postgresql() if is_postgresql else ():
        if created := re.search(r"CREATE FUNCTION (\w+)", statement):
            db.execute_sql(f"DROP FUNCTION {created[1]}")


def _postgresql():
    yield from _KEEP_PAID_POSTGRESQL
    yield from _partition_versions_postgresql()
    yield from _AUDIT_POSTGRESQL


def _sqlite():
    yield from _KEEP_PAID_SQLITE
    yield from _partition_versions_sqlite()
    for what, when in _AUDIT_SQLITE.items():
        yield f"CREATE TRIGGER refuse_{what}_of_audit {when} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"


def _partition_versions_postgresql():
    for table, column in _PARTITIONED_BY.items():
        for what, rows in _ROWS.items():
            name = f"raise_partitions_of_{table}_after_{what}"
            parts = " UNION ".join(f"SELECT {column} / {_INVOICES_PER_PARTITION} AS part FROM {row}" for row in rows)
            yield f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO invoice_partitions (id, version)
              SELECT part, {_POSTGRESQL_VERSION} FROM (SELECT DISTINCT part FROM ({parts}) rows ORDER BY part) parts
              ON CONFLICT (id) DO UPDATE SET version = excluded.version;
              RETURN NULL;
            END $$
            """
            yield (
                f"CREATE TRIGGER {name} AFTER {what.upper()} ON {table} "
                f"REFERENCING {_REFERENCES[what]} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
        name = f"raise_partitions_of_{table}_after_truncate"
        yield f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE invoice_partitions SET version = {_POSTGRESQL_VERSION};
          RETURN NULL;
        END $$
        """
        yield f"CREATE TRIGGER {name} AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


def _partition_versions_sqlite():
    for table, column in _PARTITIONED_BY.items():
        for what, rows in _ROWS.items():
            versions = "".join(
                f"INSERT OR REPLACE INTO invoice_partitions (id, version) "
                f"VALUES ({'NEW' if row == 'fresh' else 'OLD'}.{column} / {_INVOICES_PER_PARTITION}, "
                f"{_SQLITE_VERSION}); "
                for row in rows
            )
            yield (
                f"CREATE TRIGGER raise_partitions_of_{table}_after_{what} AFTER {what.upper()} ON {table} "
                f"BEGIN {versions} END"
            )
