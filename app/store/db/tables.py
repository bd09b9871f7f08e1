"""The tables; balance, status and age follow from these rows, and one sum is kept by the database: what is paid."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DatabaseProxy,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from app.domain import permissions
from app.store.db import current_user

database: DatabaseProxy = DatabaseProxy()


class MomentField(DateTimeField):
    """A moment, kept in UTC without a zone and handed out with it."""

    def db_value(self, value: datetime | None) -> datetime | None:
        """Return the moment in UTC as the database keeps it."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def python_value(self, value: Any) -> datetime | None:
        """Return the moment with its zone."""
        moment: datetime | None = super().python_value(value)  # type: ignore[no-untyped-call]  # bare in the stubs
        return None if moment is None else moment.replace(tzinfo=UTC)


class OwnFieldsField(TextField):
    """Texts by name, kept as JSON in their order."""

    def db_value(self, value: Mapping[str, str]) -> str:
        """Return the JSON; letters of any language stay as they are, for SQL to find them."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value: str) -> dict[str, str]:
        """Return the texts by name."""
        return {} if value == "{}" else json.loads(value)

    def contains(self, rhs: str) -> Any:
        """Select what holds the text in its JSON: a text, where peewee would look for JSON."""
        return self.cast("TEXT").contains(rhs)


class BaseModel(Model):
    """What all tables share."""

    id = AutoField()

    class Meta:
        """Bound to whichever database is opened."""

        database = database
        legacy_table_names = False


class UserModel(BaseModel):
    """Somebody who may sign in; `totp_step` is the latest step of time whose code was used."""

    email = CharField(unique=True)
    name = CharField(default="")
    password_hash = CharField()
    role = CharField(max_length=20)
    totp_secret = CharField(null=True)
    totp_step = BigIntegerField(null=True)
    active = BooleanField(default=True)
    is_scoped = BooleanField(default=False)
    created_at = MomentField()

    class Meta:
        """Named in the plural."""

        table_name = "users"


class LoginModel(BaseModel):
    """One signed-in browser; its `jti` stands in the cookie and is looked up on every request."""

    jti = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    created_at = MomentField()
    last_seen_at = MomentField()
    expires_at = MomentField()
    revoked_at = MomentField(null=True)
    address = CharField(default="", max_length=45)
    user_agent = CharField(default="")

    class Meta:
        """Named in the plural."""

        table_name = "logins"


class OneTimeLinkModel(BaseModel):
    """A link by which a user may choose a password, once; gone when it was used."""

    token_hash = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    purpose = CharField(max_length=10)
    made_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    made_at = MomentField()
    expires_at = MomentField()

    class Meta:
        """Named in the plural."""

        table_name = "one_time_links"


class RecoveryCodeModel(BaseModel):
    """What stands in for a second factor that was lost, once; gone when it was used."""

    code_hash = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")

    class Meta:
        """Named in the plural."""

        table_name = "recovery_codes"


class ThrottleModel(BaseModel):
    """How often something was tried in vain under a name; `is_told` once somebody was told to wait."""

    name = CharField(unique=True)
    attempts = IntegerField()
    latest_at = MomentField()
    is_told = BooleanField(default=False)

    class Meta:
        """Named in the plural."""

        table_name = "throttles"


class ImportModel(BaseModel):
    """One uploaded workbook and what became of it."""

    file_name = CharField()
    sha256 = CharField(max_length=64, index=True)
    size_bytes = BigIntegerField()
    stored_file = CharField()
    state = CharField(max_length=20)
    choices = TextField(default="{}")
    counts = TextField(default="{}")
    control_totals = TextField(default="[]")
    failure = TextField(default="")
    apply_when_clean = BooleanField(default=False)
    uploaded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    uploaded_at = MomentField()
    applied_at = MomentField(null=True)
    undone_at = MomentField(null=True)

    class Meta:
        """Named in the plural."""

        table_name = "imports"


class ImportedModel(BaseModel):
    """A record that a workbook may have brought: where it stood, the fingerprint of what stood there.

    `imported_version` is the record's version right after its import: a higher one was edited in the app since.
    """

    origin = ForeignKeyField(ImportModel, column_name="import_id", null=True)
    import_tab = CharField(null=True)
    import_row = IntegerField(null=True)
    fingerprint = CharField(max_length=64, null=True)
    imported_version = IntegerField(null=True)


class ScopedModel(ImportedModel):
    """A record of which whoever asks finds only what their scope covers, whatever the query is for.

    That holds for the table that a query selects from. One that joins further invoices to it, or reads an alias, says
    itself whose they are.
    """

    @classmethod
    def select(cls, *columns: Any) -> Any:
        """Return the query for what whoever asks may see."""
        query: Any = super().select(*columns)
        scope = current_user.scope()
        return query if scope.is_everything else query.where(cls.is_within(scope))

    @classmethod
    def is_within(cls, _scope: permissions.Scope) -> Any:
        """Select the records that the scope covers: none, until a table says which."""
        return cls.id.is_null()


class CustomerModel(ScopedModel):
    """Who owes; `code` is the id that the workbook uses."""

    code = CharField(unique=True)
    name = CharField(index=True)
    email = CharField(default="")
    phone = CharField(default="")
    address = TextField(default="")
    terms_days = IntegerField(null=True)
    notes = TextField(default="")
    own_fields = OwnFieldsField(default=dict)
    archived_at = MomentField(null=True)
    version = IntegerField(default=1)

    class Meta:
        """Named in the plural."""

        table_name = "customers"

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        """Select the customers of the scope, and those with an invoice in one of its ledgers."""
        invoice = InvoiceModel.alias("in_ledger")
        invoiced = invoice.select(invoice.customer).where(invoice.ledger.in_(sorted(scope.ledgers)))
        return cls.id.in_(sorted(scope.customers)) | cls.id.in_(invoiced)


class InvoiceModel(ScopedModel):
    """What is owed; `number_key` is the number as it is compared.

    `paid_cents` is what all payments that are not voided add up to, whatever their day: triggers keep it, nobody else.
    """

    number = CharField()
    number_key = CharField()
    customer = ForeignKeyField(CustomerModel)
    issued_on = DateField(index=True)
    due_on = DateField(index=True)
    currency = CharField(max_length=3)
    total_cents = BigIntegerField()
    ledger = CharField()
    reference = CharField(default="")
    notes = TextField(default="")
    own_fields = OwnFieldsField(default=dict)
    disputed = BooleanField(default=False)
    draft = BooleanField(default=False)
    voided_at = MomentField(null=True)
    void_reason = TextField(default="")
    written_off_at = MomentField(null=True)
    write_off_reason = TextField(default="")
    paid_cents = BigIntegerField(default=0)
    version = IntegerField(default=1)

    class Meta:
        """A number may repeat among customers, never for one of them."""

        table_name = "invoices"
        indexes = ((("number_key", "customer"), True),)

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        """Select the invoices of the scope; the SQL of `Scope.covers`."""
        return within(cls, scope)


def within(invoices: Any, scope: permissions.Scope) -> Any:
    """Select, of the table of invoices or an alias of it, those that the scope covers."""
    if scope.is_everything:
        return invoices.id.is_null(is_null=False)
    return invoices.customer.in_(sorted(scope.customers)) | invoices.ledger.in_(sorted(scope.ledgers))


class PaymentModel(ScopedModel):
    """What was received for an invoice; a refund is negative. Never edited: voided and recorded anew.

    Payments that were recorded together share a `receipt`; the first of them holds the key of the form they came from.
    """

    invoice = ForeignKeyField(InvoiceModel)
    paid_on = DateField()
    amount_cents = BigIntegerField()
    method = CharField(default="")
    reference = CharField(default="")
    note = TextField(default="")
    receipt = CharField(null=True, max_length=64)
    idempotency_key = CharField(null=True, unique=True, max_length=64)
    recorded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    recorded_at = MomentField()
    voided_at = MomentField(null=True)
    void_reason = TextField(default="")

    class Meta:
        """Named in the plural."""

        table_name = "payments"

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        """Select the payments of invoices that the scope covers."""
        invoice = InvoiceModel.alias("seen")
        return cls.invoice.in_(invoice.select(invoice.id).where(within(invoice, scope)))


class ImportedRowModel(BaseModel):
    """What one row of a workbook did to one record, and what the record was before: provenance and undo."""

    origin = ForeignKeyField(ImportModel, column_name="import_id", index=False)
    tab = CharField()
    row = IntegerField()
    kind = CharField(max_length=10)
    action = CharField(max_length=10)
    subject = CharField()
    record_id = IntegerField()
    record_version = IntegerField(null=True)
    before = TextField(null=True)

    class Meta:
        """Found from the import and from the record."""

        table_name = "imported_rows"
        indexes = ((("origin", "tab", "row"), False), (("kind", "record_id"), False))


class ColumnMappingModel(BaseModel):
    """A mapping that a person chose for a header, used again whenever the same header comes."""

    header_fingerprint = CharField(unique=True, max_length=64)
    mapping = TextField()
    chosen_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    chosen_at = MomentField()

    class Meta:
        """Named in the plural."""

        table_name = "column_mappings"


class RememberedAnswerModel(BaseModel):
    """An answer to what an import asked, used again whenever a workbook of that shape asks it."""

    shape = CharField(unique=True, max_length=200)
    question = TextField()
    answer = CharField()
    answered_at = MomentField()

    class Meta:
        """Named in the plural."""

        table_name = "remembered_answers"


class ScopeModel(BaseModel):
    """A customer or a ledger that a user may see who is scoped; a scoped user without any sees nothing."""

    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
    ledger = CharField(null=True)

    class Meta:
        """Named in the plural."""

        table_name = "scopes"


class SavedViewModel(BaseModel):
    """A user's named filter: its parameters, not its rows."""

    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    name = CharField()
    parameters = TextField()
    is_default = BooleanField(default=False)

    class Meta:
        """A user's names are unique."""

        table_name = "saved_views"
        indexes = ((("user", "name"), True),)


class ApiTokenModel(BaseModel):
    """A program's key: shown once, kept as a hash; `minute`, counted since 1970, is when it was used so often."""

    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    name = CharField()
    token_hash = CharField(unique=True, max_length=64)
    rights = CharField()
    is_scoped = BooleanField(default=False)
    created_at = MomentField()
    expires_at = MomentField(null=True)
    last_used_at = MomentField(null=True)
    revoked_at = MomentField(null=True)
    minute = IntegerField(default=0)
    uses_in_minute = IntegerField(default=0)

    class Meta:
        """Named in the plural."""

        table_name = "api_tokens"


class ApiTokenScopeModel(BaseModel):
    """A customer or a ledger that a token is narrowed to; a scoped token without any sees nothing."""

    token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
    customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
    ledger = CharField(null=True)

    class Meta:
        """Named in the plural."""

        table_name = "api_token_scopes"


class ApiRequestModel(BaseModel):
    """A request that a program sent under a key, and what was answered; no status until it is."""

    token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
    key = CharField()
    request_hash = CharField(max_length=64)
    asked_at = MomentField(index=True)
    status = IntegerField(null=True)
    headers = TextField(default="{}")
    body = TextField(default="")

    class Meta:
        """A token's keys are unique."""

        table_name = "api_requests"
        indexes = ((("token", "key"), True),)


class AuditEntryModel(BaseModel):
    """Who did what, when, from where; append-only, each entry holding the hash of the one before.

    `address`, `request_id` and `program` are null in entries that are older than these columns.
    """

    at = MomentField(index=True)
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
        """Named in the plural."""

        table_name = "audit_entries"


class LedgerVersionModel(BaseModel):
    """One row: a random version that triggers replace with every change to customers, invoices or payments.

    `sums_given` is true only inside a transaction that inserts invoices together with their payments.
    """

    version = CharField(max_length=32)
    sums_given = BooleanField(default=False)

    class Meta:
        """Named in the plural."""

        table_name = "ledger_versions"


class PartitionModel(BaseModel):
    """1,024 invoices, numbered by `id`; triggers replace its version with every change to them or their payments."""

    version = CharField(max_length=32)

    class Meta:
        """Named in the plural."""

        table_name = "invoice_partitions"


ALL: tuple[type[BaseModel], ...] = (
    UserModel,
    LoginModel,
    OneTimeLinkModel,
    RecoveryCodeModel,
    ThrottleModel,
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
    LedgerVersionModel,
    PartitionModel,
)
