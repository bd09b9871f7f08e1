"""The models. Balance, status and age are derived from them; only `InvoiceModel.paid_cents` is stored, by triggers."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
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
    """Stored in UTC without a zone and returned with the zone UTC."""

    def db_value(self, value: datetime | None) -> datetime | None:
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def python_value(self, value: Any) -> datetime | None:
        moment: datetime | None = super().python_value(value)  # type: ignore[no-untyped-call]  # bare in the stubs
        return None if moment is None else moment.replace(tzinfo=UTC)


class OwnFieldsField(TextField):
    """Texts by name, stored as JSON in their order."""

    def db_value(self, value: Mapping[str, str]) -> str:
        """Leave non-ASCII letters unescaped, so that SQL can search them."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value: str) -> dict[str, str]:
        return {} if value == "{}" else json.loads(value)

    def contains(self, rhs: str) -> Any:
        """Search the JSON as text; Peewee would search for a JSON value instead."""
        return self.cast("TEXT").contains(rhs)


def table_name(model: type[Model]) -> str:
    """Return the plural of the model's name: `imported_rows` for ImportedRowModel."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__.removesuffix("Model")).lower() + "s"


class BaseModel(Model):
    id = AutoField()

    class Meta:
        database = database
        table_function = table_name


class UserModel(BaseModel):
    """`totp_step` is the latest TOTP time step whose code was used; `oidc_…` is the user's account at a provider."""

    email = CharField(unique=True)
    name = CharField(default="")
    password_hash = CharField()
    role = CharField(max_length=20)
    totp_secret = CharField(null=True)
    totp_step = BigIntegerField(null=True)
    active = BooleanField(default=True)
    is_scoped = BooleanField(default=False)
    created_at = MomentField()
    oidc_issuer = CharField(null=True)
    oidc_subject = CharField(null=True)

    class Meta:
        indexes = ((("oidc_issuer", "oidc_subject"), True),)


class LoginModel(BaseModel):
    """The `jti` is in the browser's cookie and looked up on every request.

    The last three are of a login by a provider: when the provider last confirmed the user, when it was last asked, and
    its tokens, sealed.
    """

    jti = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    created_at = MomentField()
    last_seen_at = MomentField()
    expires_at = MomentField()
    revoked_at = MomentField(null=True)
    stepped_up_at = MomentField(null=True)
    address = CharField(default="", max_length=45)
    user_agent = CharField(default="")
    oidc_confirmed_at = MomentField(null=True)
    oidc_asked_at = MomentField(null=True)
    oidc_tokens = TextField(default="")


class OneTimeLinkModel(BaseModel):
    """A link with which a user may choose a password once; deleted on use."""

    token_hash = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    purpose = CharField(max_length=10)
    made_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    by_mail = BooleanField(default=False)
    made_at = MomentField()
    expires_at = MomentField()


class RecoveryCodeModel(BaseModel):
    """Replaces a lost second factor once; deleted on use."""

    code_hash = CharField(unique=True, max_length=64)
    user = ForeignKeyField(UserModel, on_delete="CASCADE")


class PasskeyModel(BaseModel):
    """A public key that signs a user in; `challenged_at` is when the latest challenge that it signed was made.

    `credential_id`, `public_key` and `user_handle` are base64url.
    """

    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    name = CharField()
    credential_id = CharField(unique=True, max_length=1400)
    public_key = TextField()
    user_handle = CharField(max_length=100)
    sign_count = BigIntegerField(default=0)
    created_at = MomentField()
    challenged_at = MomentField()
    last_used_at = MomentField(null=True)
    revoked_at = MomentField(null=True)


class ThrottleModel(BaseModel):
    """The number of failed attempts under a name; `is_told` once an attempt was refused because of them."""

    name = CharField(unique=True)
    attempts = IntegerField()
    latest_at = MomentField()
    is_told = BooleanField(default=False)


class ProcessStateModel(BaseModel):
    """What processes let one another know where they are several copies, and what the worker notes, as JSON."""

    name = CharField(unique=True)
    content = TextField()

    class Meta:
        table_name = "process_states"


class ImportModel(BaseModel):
    """`source` is how it came: by mail (of `sender`) or by the inbox folder, else by a person or program.

    `stored_file` is the random name that its files are kept under.
    `inbox_name` is the percent-encoded name of its file in the inbox folder, from where it is moved at `filed_at`.
    """

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
    begun_at = MomentField(null=True)
    apply_when_clean = BooleanField(default=False)
    uploaded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    uploaded_at = MomentField()
    applied_at = MomentField(null=True)
    undone_at = MomentField(null=True)
    source = CharField(max_length=10, default="")
    sender = CharField(default="")
    request_key = CharField(null=True, unique=True, max_length=64)
    inbox_name = TextField(default="", index=True)
    filed_at = MomentField(null=True)
    report_sent_at = MomentField(null=True)
    report_recipient = CharField(default="")


class ImportedModel(BaseModel):
    """`imported_version` is the version right after the import; a higher `version` was edited in the app since."""

    origin = ForeignKeyField(ImportModel, column_name="import_id", null=True)
    import_tab = CharField(null=True)
    import_row = IntegerField(null=True)
    fingerprint = CharField(max_length=64, null=True)
    imported_version = IntegerField(null=True)


class ScopedModel(ImportedModel):
    """Limits queries to the current user's scope.

    Only the selected table is filtered: for joined tables and aliases, add the condition yourself.
    """

    @classmethod
    def select(cls, *columns: Any) -> Any:
        query: Any = super().select(*columns)
        scope = current_user.scope()
        return query if scope.is_everything else query.where(cls.is_within(scope))

    @classmethod
    def is_within(cls, _scope: permissions.Scope) -> Any:
        """Select none unless overridden."""
        return cls.id.is_null()


class CustomerModel(ScopedModel):
    """`code` is the id that the workbook uses."""

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

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        """Select the customers of the scope, and those with an invoice in one of its ledgers."""
        invoice = InvoiceModel.alias("in_ledger")
        invoiced = invoice.select(invoice.customer).where(invoice.ledger.in_(sorted(scope.ledgers)))
        return cls.id.in_(sorted(scope.customers)) | cls.id.in_(invoiced)


class InvoiceModel(ScopedModel):
    """`number_key` is the number normalised for comparison.

    `paid_cents` is the sum of all payments that are not voided, of any date; only triggers update it.
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
        indexes = ((("number_key", "customer"), True),)

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        """Write `Scope.covers` as SQL."""
        return within(cls, scope)


def within(invoices: Any, scope: permissions.Scope) -> Any:
    if scope.is_everything:
        return invoices.id.is_null(is_null=False)
    return invoices.customer.in_(sorted(scope.customers)) | invoices.ledger.in_(sorted(scope.ledgers))


class PaymentModel(ScopedModel):
    """A refund is negative. Never edited: to correct a payment, void it and record another.

    Payments of one batch share a `batch_key`; the first of them has the batch's key as its `idempotency_key`. With
    `moves_credit` no money came or went: credit was moved from one invoice to another.
    """

    invoice = ForeignKeyField(InvoiceModel)
    paid_on = DateField()
    amount_cents = BigIntegerField()
    method = CharField(default="")
    reference = CharField(default="")
    note = TextField(default="")
    batch_key = CharField(null=True, max_length=64)
    idempotency_key = CharField(null=True, unique=True, max_length=64)
    recorded_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    recorded_at = MomentField()
    voided_at = MomentField(null=True)
    void_reason = TextField(default="")
    moves_credit = BooleanField(default=False)

    @classmethod
    def is_within(cls, scope: permissions.Scope) -> Any:
        invoice = InvoiceModel.alias("seen")
        return cls.invoice.in_(invoice.select(invoice.id).where(within(invoice, scope)))


class ImportedRowModel(BaseModel):
    """What one row of a workbook did to one record, with the record's old values: for provenance and undo."""

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
        indexes = ((("origin", "tab", "row"), False), (("kind", "record_id"), False))


class ColumnMappingModel(BaseModel):
    """A column mapping that a user chose for a header; reused for the same header."""

    header_fingerprint = CharField(unique=True, max_length=64)
    mapping = TextField()
    chosen_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    chosen_at = MomentField()


class RememberedAnswerModel(BaseModel):
    """A user's answer to an import's question; reused for questions of the same shape."""

    shape = CharField(unique=True, max_length=200)
    question = TextField()
    answer = CharField()
    answered_at = MomentField()


class ScopeModel(BaseModel):
    """A user with `is_scoped` and no rows here sees nothing."""

    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
    ledger = CharField(null=True)


class SavedViewModel(BaseModel):
    user = ForeignKeyField(UserModel, on_delete="CASCADE")
    name = CharField()
    parameters = TextField()
    is_default = BooleanField(default=False)
    locale = CharField(default="en_GB")

    class Meta:
        indexes = ((("user", "name"), True),)


class ApiTokenModel(BaseModel):
    """`uses_in_minute` counts the token's uses in `minute` (minutes since 1970, UTC)."""

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


class ApiTokenScopeModel(BaseModel):
    """A token with `is_scoped` and no rows here sees nothing."""

    token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
    customer = ForeignKeyField(CustomerModel, null=True, on_delete="CASCADE")
    ledger = CharField(null=True)


class ApiRequestModel(BaseModel):
    """A request with an idempotency key, and its response; `status` is null only within its own transaction."""

    token = ForeignKeyField(ApiTokenModel, on_delete="CASCADE")
    key = CharField()
    request_hash = CharField(max_length=64)
    asked_at = MomentField(index=True)
    status = IntegerField(null=True)
    headers = TextField(default="{}")
    body = TextField(default="")

    class Meta:
        indexes = ((("token", "key"), True),)


class AuditEntryModel(BaseModel):
    """Append-only, each entry includes the hash of the one before.

    `address`, `request_id` and `program` are null in entries older than these columns.
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
        table_name = "audit_entries"


class FirmModel(BaseModel):
    """One row, once the firm's data were saved; `zone` is the name of a time zone."""

    name = CharField(default="")
    address = TextField(default="")
    email = CharField(default="")
    phone = CharField(default="")
    bank_details = TextField(default="")
    currency = CharField(max_length=3)
    zone = CharField(max_length=64)
    version = IntegerField()

    class Meta:
        table_name = "firm"


class StatementMailModel(BaseModel):
    """A statement of account that was sent, or is to be, by mail; `state` is app/domain/statement_mail.py's.

    `key` is the idempotency key of the form. At `next_try_at` a mail that waits is tried, and one that is on its way
    given up.
    """

    key = CharField(unique=True, max_length=64)
    customer = ForeignKeyField(CustomerModel, on_delete="CASCADE")
    recipient = CharField()
    subject = CharField()
    text = TextField()
    closed_on = DateField()
    file_name = CharField()
    content = BlobField()
    asked_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    asked_at = MomentField()
    state = CharField(max_length=10, index=True)
    tries = IntegerField(default=0)
    next_try_at = MomentField()
    failure = TextField(default="")


class LedgerVersionModel(BaseModel):
    """One row: a random version that triggers replace with every change to customers, invoices or payments.

    `sums_given` is true only while a transaction inserts payments for new invoices whose `paid_cents` includes them.
    """

    version = CharField(max_length=32)
    sums_given = BooleanField(default=False)


class PartitionModel(BaseModel):
    """A partition of 1,024 invoices, by invoice id; triggers replace its version with every change to it."""

    version = CharField(max_length=32)

    class Meta:
        table_name = "invoice_partitions"


class IncomingPaymentModel(BaseModel):
    """What a payment provider says was paid; `state` is app/domain/incoming_payment.py's.

    `question` says why it is one, `program` which API token brought it in.
    """

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
    received_at = MomentField()
    received_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    program = CharField(default="")
    decided_at = MomentField(null=True)
    decided_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("provider", "provider_payment_id"), True),)


class IncomingPaymentPartModel(BaseModel):
    """A payment that an incoming payment became, voided or not."""

    incoming_payment = ForeignKeyField(IncomingPaymentModel, on_delete="CASCADE")
    payment = ForeignKeyField(PaymentModel, unique=True, on_delete="CASCADE")


class EventModel(BaseModel):
    """What happened, as it is sent to webhooks: `event_id` is the message's id, `body` what is signed.

    Deliveries with the same `order_key` are sent to an endpoint one after the other.
    """

    event_id = CharField(unique=True, max_length=40)
    type = CharField(max_length=40)
    order_key = CharField()
    body = TextField()
    happened_at = MomentField(index=True)

    class Meta:
        table_name = "events"


class WebhookEndpointModel(BaseModel):
    """`types` are separated by blanks. Until `old_secret_until` messages are signed by `old_secret` too."""

    url = CharField(max_length=500)
    description = CharField(default="")
    types = CharField()
    secret = CharField(max_length=100)
    old_secret = CharField(default="", max_length=100)
    old_secret_until = MomentField(null=True)
    active = BooleanField(default=True)
    off_because = CharField(default="")
    made_by = ForeignKeyField(UserModel, null=True, on_delete="SET NULL")
    made_at = MomentField()

    class Meta:
        table_name = "webhook_endpoints"


class WebhookDeliveryModel(BaseModel):
    """An event on its way to an endpoint; `state` is app/domain/webhooks.py's.

    At `next_try_at` a delivery that waits is tried, and so is one that the worker was stopped at.
    """

    event = ForeignKeyField(EventModel, on_delete="CASCADE", index=False)
    endpoint = ForeignKeyField(WebhookEndpointModel, on_delete="CASCADE")
    order_key = CharField()
    state = CharField(max_length=10)
    tries = IntegerField(default=0)
    next_try_at = MomentField()
    answer = TextField(default="")
    delivered_at = MomentField(null=True)

    class Meta:
        table_name = "webhook_deliveries"
        indexes = (
            (("event", "endpoint"), True),
            (("endpoint", "order_key", "state"), False),
            (("state", "next_try_at"), False),
        )


class LinkMailModel(BaseModel):
    """A mail with a link that was asked for; the worker makes the link as it sends the mail.

    `state` is a MailState of app/domain/statement_mail.py. `email` is as it was typed: it may be that of no user.
    """

    email = CharField(max_length=320)
    purpose = CharField(max_length=10)
    asked_at = MomentField()
    state = CharField(max_length=10)
    tries = IntegerField(default=0)
    next_try_at = MomentField()
    failure = TextField(default="")

    class Meta:
        table_name = "link_mails"
        indexes = ((("state", "next_try_at"), False),)


class AutomationModel(BaseModel):
    """One row, once it was saved; `weekday` is 1 for Monday, `recipients` has an address on each line."""

    applies_mailed = BooleanField(default=False)
    overdue_digest = BooleanField(default=False)
    weekday = IntegerField()
    hour = IntegerField()
    month_end_digest = BooleanField(default=False)
    recipients = TextField(default="")
    chat_url = TextField(default="")
    version = IntegerField()

    class Meta:
        table_name = "automation"


class DigestModel(BaseModel):
    """A digest of one period, such as 2026-W48; `sent_at` is null where it was asked for again."""

    kind = CharField(max_length=10)
    period = CharField(max_length=10)
    sent_at = MomentField(null=True)

    class Meta:
        indexes = ((("kind", "period"), True),)
