"""API for customers: list, create, edit."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from app.actions import customers as customer_actions
from app.store.ledger import customers
from app.store.ledger.customers import Customer as Stored
from app.store.ledger.customers import Details
from app.web.api import shapes
from app.web.api.calls import ROOT, Answer, Call, page
from app.web.api.shapes import NEXT, Asked, Flag, Moment, ResponseModel, Sent

_Short = Annotated[shapes.Line, Field(max_length=255)]
_Called = Annotated[shapes.Name, Field(max_length=255)]
_Long = Annotated[shapes.Lines, Field(max_length=10_000)]
_Email = Annotated[shapes.Email, Field(max_length=255)]
_Terms = Annotated[int, Field(ge=0, le=730), shapes.INTEGRAL]
_TERMS = "Days from the invoice to when it is due."


class CustomersAsked(Asked):
    q: Annotated[shapes.Line, Field(max_length=200)] = Field(
        default="", description="Part of a name, a code, an e-mail address or an own field."
    )
    archived: Flag = Field(default=False, description="Whether the archived ones are listed too.")


class CustomerEntry(Sent):
    """A customer to create."""

    code: _Called = Field(description="What the workbook knows the customer by.")
    name: _Called
    email: _Email = ""
    phone: _Short = ""
    address: _Long = ""
    terms_days: _Terms | None = Field(default=None, description=_TERMS)
    notes: _Long = ""
    own_fields: shapes.OwnFields = Field(default={}, description=shapes.OWN_FIELDS)


class CustomerEdit(Sent):
    """Changes of a customer; omitted fields stay as they are. `terms_days` may be null: no terms are agreed."""

    code: _Called | None = None
    name: _Called | None = None
    email: _Email | None = None
    phone: _Short | None = None
    address: _Long | None = None
    terms_days: _Terms | None = Field(default=None, description=_TERMS)
    notes: _Long | None = None
    own_fields: shapes.OwnFields | None = Field(default=None, description=shapes.OWN_FIELDS_CHANGED)


class CustomerAnswer(ResponseModel):
    """A stored customer; /reports/customers has what each owes."""

    id: int
    code: str
    name: str
    email: str
    phone: str
    address: str
    terms_days: int | None = Field(description=_TERMS)
    notes: str
    own_fields: dict[str, str] = Field(description=shapes.OWN_FIELDS)
    archived_at: Moment | None
    version: int = Field(description="Grows with each change; the ETag is made of it.")

    @classmethod
    def of(cls, stored: Stored) -> "CustomerAnswer":
        return cls.filled(stored.details, stored)


class CustomerPage(ResponseModel):
    """Customers in the order in which they were entered."""

    data: list[CustomerAnswer]
    next: str | None = NEXT


class CustomersApi:
    def list(self, _call: Call, query: CustomersAsked) -> Answer[CustomerPage]:
        found = customers.following(query.q, query.after_id, query.limit + 1, archived=query.archived)
        return page(CustomerPage, [CustomerAnswer.of(one) for one in found], query)

    def get(self, _call: Call, customer_id: int) -> Answer[CustomerAnswer]:
        return Answer(CustomerAnswer.of(customers.existing(customer_id)))

    def create(self, call: Call, body: CustomerEntry) -> Answer[CustomerAnswer]:
        details = Details(**{**dict(body), "own_fields": shapes.own_fields({}, body.own_fields)})
        customer_id = customer_actions.create(_tidied(details), call.user, call.now)
        answer = CustomerAnswer.of(customers.existing(customer_id))
        return Answer(answer, {"Location": f"{ROOT}/customers/{customer_id}"})

    def edit(self, call: Call, customer_id: int, version: int, body: CustomerEdit) -> Answer[CustomerAnswer]:
        sent = body.model_dump(exclude_unset=True)
        changed = {name: value for name, value in sent.items() if value is not None or name == "terms_days"}
        stored = customers.existing(customer_id).details
        own = shapes.own_fields(stored.own_fields, body.own_fields or {})
        details = _tidied(replace(stored, **{**changed, "own_fields": own}))
        customer_actions.edit(customer_id, version, details, call.user, call.now)
        return Answer(CustomerAnswer.of(customers.existing(customer_id)))


def _tidied(details: Details) -> Details:
    return replace(details, code=" ".join(details.code.split()), name=" ".join(details.name.split()))
