"""All tables of the first release."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class User(Model):
        email = CharField(unique=True)
        name = CharField(default="")
        password_hash = CharField()
        role = CharField(max_length=20)
        totp_secret = CharField(null=True)
        active = BooleanField(default=True)
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "users"

    db.create_tables([User])

    class ApiToken(Model):
        name = CharField()
        token_hash = CharField(unique=True, max_length=64)
        rights = CharField()
        created_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
        created_at = DateTimeField()
        expires_at = DateTimeField(null=True)
        last_used_at = DateTimeField(null=True)
        revoked_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "api_tokens"

    db.create_tables([ApiToken])

    class AuditEntry(Model):
        at = DateTimeField(index=True)
        user_id = IntegerField(null=True)
        actor = CharField()
        action = CharField(max_length=40)
        subject = CharField()
        before = TextField(default="")
        after = TextField(default="")
        previous_hash = CharField(max_length=64)
        entry_hash = CharField(unique=True, max_length=64)

        class Meta:
            database = db
            table_name = "audit_entries"

    db.create_tables([AuditEntry])

    class ColumnMapping(Model):
        header_fingerprint = CharField(unique=True, max_length=64)
        mapping = TextField()
        chosen_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
        chosen_at = DateTimeField()

        class Meta:
            database = db
            table_name = "column_mappings"

    db.create_tables([ColumnMapping])

    class Import(Model):
        file_name = CharField()
        sha256 = CharField(index=True, max_length=64)
        size_bytes = BigIntegerField()
        stored_file = CharField()
        state = CharField(max_length=20)
        choices = TextField(default="{}")
        counts = TextField(default="{}")
        control_totals = TextField(default="[]")
        failure = TextField(default="")
        uploaded_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
        uploaded_at = DateTimeField()
        applied_at = DateTimeField(null=True)
        undone_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "imports"

    db.create_tables([Import])

    class Customer(Model):
        origin = ForeignKeyField(Import, field=Import.id, null=True, column_name="import_id")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(null=True, max_length=64)
        imported_version = IntegerField(null=True)
        code = CharField(unique=True)
        name = CharField(index=True)
        email = CharField(default="")
        phone = CharField(default="")
        address = TextField(default="")
        terms_days = IntegerField(null=True)
        notes = TextField(default="")
        archived_at = DateTimeField(null=True)
        version = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "customers"

    db.create_tables([Customer])

    class ImportedRow(Model):
        origin = ForeignKeyField(Import, column_name="import_id")
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

    db.create_tables([ImportedRow])

    class Invoice(Model):
        origin = ForeignKeyField(Import, field=Import.id, null=True, column_name="import_id")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(null=True, max_length=64)
        imported_version = IntegerField(null=True)
        number = CharField()
        number_key = CharField()
        customer = ForeignKeyField(Customer)
        issued_on = DateField(index=True)
        due_on = DateField(index=True)
        currency = CharField(max_length=3)
        total_cents = BigIntegerField()
        ledger = CharField()
        reference = CharField(default="")
        notes = TextField(default="")
        disputed = BooleanField(default=False)
        draft = BooleanField(default=False)
        voided_at = DateTimeField(null=True)
        void_reason = TextField(default="")
        written_off_at = DateTimeField(null=True)
        write_off_reason = TextField(default="")
        version = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "invoices"
            indexes = ((("number_key", "customer"), True),)

    db.create_tables([Invoice])

    class Login(Model):
        jti = CharField(unique=True, max_length=64)
        user = ForeignKeyField(User, on_delete="CASCADE")
        created_at = DateTimeField()
        last_seen_at = DateTimeField()
        expires_at = DateTimeField()
        revoked_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "logins"

    db.create_tables([Login])

    class Payment(Model):
        origin = ForeignKeyField(Import, field=Import.id, null=True, column_name="import_id")
        import_tab = CharField(null=True)
        import_row = IntegerField(null=True)
        fingerprint = CharField(null=True, max_length=64)
        imported_version = IntegerField(null=True)
        invoice = ForeignKeyField(Invoice)
        paid_on = DateField()
        amount_cents = BigIntegerField()
        method = CharField(default="")
        reference = CharField(default="")
        note = TextField(default="")
        idempotency_key = CharField(unique=True, null=True, max_length=64)
        recorded_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
        recorded_at = DateTimeField()
        voided_at = DateTimeField(null=True)
        void_reason = TextField(default="")

        class Meta:
            database = db
            table_name = "payments"

    db.create_tables([Payment])

    class SavedView(Model):
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = CharField()
        parameters = TextField()
        is_default = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "saved_views"
            indexes = ((("user", "name"), True),)

    db.create_tables([SavedView])

    class Scope(Model):
        user = ForeignKeyField(User, on_delete="CASCADE")
        customer = ForeignKeyField(Customer, null=True, on_delete="CASCADE")
        ledger = CharField(null=True)

        class Meta:
            database = db
            table_name = "scopes"

    db.create_tables([Scope])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("scopes"))
    migrator.migrate(migrator.drop_table("saved_views"))
    migrator.migrate(migrator.drop_table("payments"))
    migrator.migrate(migrator.drop_table("logins"))
    migrator.migrate(migrator.drop_table("invoices"))
    migrator.migrate(migrator.drop_table("imported_rows"))
    migrator.migrate(migrator.drop_table("customers"))
    migrator.migrate(migrator.drop_table("imports"))
    migrator.migrate(migrator.drop_table("column_mappings"))
    migrator.migrate(migrator.drop_table("audit_entries"))
    migrator.migrate(migrator.drop_table("api_tokens"))
    migrator.migrate(migrator.drop_table("users"))
