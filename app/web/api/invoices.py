"""API for invoices: list as of a day, create, edit."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import Field

from app.actions import invoices as invoice_actions
from app.domain.ageing import Bucket
from app.domain.confirmation import Confirmation
from app.domain.invoice import InvoiceFacts, Status
from app.store.ledger import customers, invoices
from app.store.ledger.invoice_changes import SeenVersion
from app.store.ledger.invoices import Filter, ListedInvoice
from app.web.api import shapes
from app.web.api.calls import ROOT, Answer, Call, page
from app.web.api.shapes import (
    CENTS,
    NEXT,
    Asked,
    Cents,
    CentsAsked,
    Currency,
    Day,
    Flag,
    IdAsked,
    Matching,
    Moment,
    ResponseModel,
    Sent,
)
from app.web.http.invoice_search import MEANT_BY
from app.web.http.locales import BRITISH

_StatusAsked = Annotated[
    str,
    Matching(f"^(?:{'|'.join(MEANT_BY)})$", f"Please choose one of {', '.join(MEANT_BY)}."),
    Field(examples=["overdue"]),
]
AS_OF = Field(default=None, description="The day whose end is meant, by default today.")


class DayAsked(Sent):
    as_of: Day | None = AS_OF


class InvoicesAsked(Asked):
    """Omitted filters do not narrow the list, and ranges include both ends."""

    as_of: Day | None = AS_OF
    q: Annotated[shapes.Line, Field(max_length=200)] = Field(
        default="",
        description="Part of a number, a reference, an own field, or a customer's name or code; or an amount: 12.50.",
    )
    status: _StatusAsked | None = Field(
        default=None, description="`outstanding` is all that is open, partial or overdue."
    )
    bucket: Bucket | None = Field(default=None, description="How many days late what is owed is.")
    customer_id: IdAsked | None = None
    ledger: Annotated[shapes.Line, Field(max_length=200)] = ""
    currency: Currency | None = None
    issued_from: Day | None = None
    issued_to: Day | None = None
    due_from: Day | None = None
    due_to: Day | None = None
    least_cents: CentsAsked | None = Field(default=None, description="The least total.")
    most_cents: CentsAsked | None = Field(default=None, description="The largest total.")
    disputed: Flag | None = None
    import_id: IdAsked | None = Field(default=None, description="The import that brought it.")
    field: Annotated[shapes.Line, Field(max_length=200)] = Field(
        default="", description="The name of an own field that it has; with `value`, whose text is exactly that."
    )
    value: Annotated[shapes.Line, Field(max_length=200)] = Field(default="", description="Counts only with `field`.")

    def wanted(self) -> Filter:
        same_names = InvoicesAsked.model_fields.keys() & Filter.__slots__
        same = {name: value for name in same_names if (value := getattr(self, name)) is not None}
        return Filter(
            **same,
            text=self.q,
            text_cents=BRITISH.cents_in(self.q),
            statuses=MEANT_BY.get(self.status or "", frozenset()),
            own_field=self.field,
            own_text=self.value if self.field else "",
        )


REPEAT_NUMBER = Field(default=False, description="Whether the number may be that of another customer's invoice too.")
NEW_CURRENCY = Field(default=False, description="Whether the currency may be one that no invoice has yet.")
CREDIT_NOTE = Field(default=False, description="Whether it is a credit note: a total below zero is refused otherwise.")
FAR_AHEAD = Field(default=False, description="Whether it may be issued on a day more than 31 days ahead.")


class InvoiceEdit(Sent):
    """Changes of an invoice; omitted fields stay as they are. The customer cannot be changed."""

    number: Annotated[shapes.Name, Field(max_length=60)] | None = None
    issued_on: Day | None = None
    due_on: Day | None = None
    currency: Currency | None = None
    total_cents: Cents | None = Field(default=None, description=CENTS)
    ledger: Annotated[shapes.Name, Field(max_length=60)] | None = None
    reference: Annotated[shapes.Line, Field(max_length=200)] | None = None
    notes: Annotated[shapes.Lines, Field(max_length=5_000)] | None = None
    own_fields: shapes.OwnFields | None = Field(default=None, description=shapes.OWN_FIELDS_CHANGED)
    draft: bool | None = None
    repeat_number: bool = REPEAT_NUMBER
    new_currency: bool = NEW_CURRENCY
    credit_note: bool = CREDIT_NOTE
    far_ahead: bool = FAR_AHEAD
    keep_credit: bool = Field(default=False, description="Whether what was paid beyond a lowered total becomes credit.")


class InvoiceEntry(Sent):
    """An invoice to create."""

    number: Annotated[shapes.Name, Field(max_length=60)]
    customer_id: shapes.Id
    issued_on: Day
    due_on: Day
    currency: Currency
    total_cents: Cents = Field(description=CENTS)
    ledger: Annotated[shapes.Name, Field(max_length=60)] = Field(description="The book it stands in.")
    reference: Annotated[shapes.Line, Field(max_length=200)] = ""
    notes: Annotated[shapes.Lines, Field(max_length=5_000)] = ""
    own_fields: shapes.OwnFields = Field(default={}, description=shapes.OWN_FIELDS)
    draft: bool = Field(default=False, description="A draft counts nowhere.")
    repeat_number: bool = REPEAT_NUMBER
    new_currency: bool = NEW_CURRENCY
    credit_note: bool = CREDIT_NOTE
    far_ahead: bool = FAR_AHEAD


class InvoiceAnswer(ResponseModel):
    """An invoice as of the end of a day."""

    id: int
    number: str
    customer_id: int
    customer_code: str
    customer_name: str
    issued_on: date
    due_on: date
    currency: str
    total_cents: int = Field(description=CENTS)
    paid_cents: int = Field(description="What had been paid by the end of the day, refunds taken off.")
    balance_cents: int = Field(description="What was owed then, negative when overpaid.")
    status: Status
    days_late: int = Field(description="0 unless it was overdue.")
    as_of: date
    ledger: str
    reference: str
    notes: str
    own_fields: dict[str, str] = Field(description=shapes.OWN_FIELDS)
    disputed: bool
    draft: bool
    voided_at: Moment | None
    void_reason: str
    written_off_at: Moment | None
    write_off_reason: str
    version: int = Field(description="Grows with each change; the ETag is made of it.")

    @classmethod
    def of(cls, line: ListedInvoice) -> "InvoiceAnswer":
        return cls.filled(line.invoice, line, as_of=line.as_of.day)


class InvoicePage(ResponseModel):
    """Invoices in the order in which they were entered."""

    data: list[InvoiceAnswer]
    next: str | None = NEXT


_CONFIRMATIONS = {one.value for one in Confirmation}


class InvoicesApi:
    def list(self, call: Call, query: InvoicesAsked) -> Answer[InvoicePage]:
        as_of = call.as_of(query.as_of)
        found = invoices.following(query.wanted(), as_of, query.after_id, query.limit + 1)
        return page(InvoicePage, [InvoiceAnswer.of(line) for line in found], query)

    def get(self, call: Call, invoice_id: int, query: DayAsked) -> Answer[InvoiceAnswer]:
        return Answer(_answer(call, invoice_id, query.as_of))

    def create(self, call: Call, body: InvoiceEntry) -> Answer[InvoiceAnswer]:
        own = shapes.own_fields({}, body.own_fields)
        facts = InvoiceFacts(**{**body.model_dump(exclude=_CONFIRMATIONS), "own_fields": own})
        customers.existing(facts.customer_id)
        invoice_id = invoice_actions.create(facts, call.user, call.now, shapes.confirmed(body))
        return Answer(_answer(call, invoice_id), {"Location": f"{ROOT}/invoices/{invoice_id}"})

    def edit(self, call: Call, invoice_id: int, version: int, body: InvoiceEdit) -> Answer[InvoiceAnswer]:
        stored = invoices.facts(invoice_id)
        facts = InvoiceFacts(**{name: getattr(stored, name) for name in InvoiceFacts.__slots__})
        own = shapes.own_fields(stored.own_fields, body.own_fields or {})
        sent = body.model_dump(exclude_none=True, exclude=_CONFIRMATIONS)
        facts = replace(facts, **{**sent, "own_fields": own})
        seen = SeenVersion(invoice_id, version)
        invoice_actions.edit(seen, facts, call.user, call.now, shapes.confirmed(body))
        return Answer(_answer(call, invoice_id))


def _answer(call: Call, invoice_id: int, day: date | None = None) -> InvoiceAnswer:
    return InvoiceAnswer.of(invoices.existing(invoice_id, call.as_of(day)))
