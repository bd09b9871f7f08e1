"""Statements of account: what changed what a customer owes, to read, to print and to send as a workbook."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bottle import HTTPResponse

from app.domain.ageing import ageing_by_currency, nothing_owed
from app.domain.money import decimal_of
from app.domain.periods import months_up_to
from app.domain.statement import Statement, statement
from app.store.ledger import customers
from app.web.http.downloads import export, written_list
from app.web.http.errors import Refusal
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.workbook.writing.listing import Listed

HEADERS = ("Date", "What", "Invoice No", "Due", "Reference", "Amount", "Balance")

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    opened_on: date
    closed_on: date
    currency: str
    currencies: list[str]


@dataclass(frozen=True, slots=True)
class Statements:
    pages: Pages

    def show(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        customer = customers.existing(customer_id)
        fields = Form(context.query)
        wanted = self._wanted(context, fields, customer_id)
        as_of = context.as_of(wanted.closed_on)
        ageings = {
            one.currency: one for one in ageing_by_currency(customers.balances_of(customer_id, as_of), as_of.day)
        }
        parameters = {"from": wanted.opened_on, "to": wanted.closed_on, "currency": wanted.currency}
        return self.pages.show(
            context,
            "customers/statement.html",
            fields=fields,
            customer=customer,
            wanted=wanted,
            options=[(one, one) for one in wanted.currencies],
            statement=_statement(context, customer_id, wanted),
            ageing=ageings.get(wanted.currency) or nothing_owed(wanted.currency, wanted.closed_on),
            as_workbook=address(f"/customers/{customer_id}/statement.xlsx", **parameters),
        )

    def export(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        customer = customers.existing(customer_id)
        fields = Form(context.query)
        wanted = self._wanted(context, fields, customer_id)
        for sentence in fields.errors.values():
            raise Refusal(sentence)
        found = _statement(context, customer_id, wanted)
        content = written_list("xlsx", f"Statement {wanted.currency}", HEADERS, _rows(found))
        name = f"statement-{customer.details.code}-{wanted.closed_on.isoformat()}.xlsx"
        return export(context, f"statement of customer {customer_id}", content, name, len(found.lines))

    def _wanted(self, context: RequestContext, fields: Form, customer_id: int) -> Wanted:
        currencies = customers.currencies_of(customer_id) or [context.firm.currency]
        closed_on = fields.day("to", context.today)
        opened_on = fields.day("from", min(months_up_to(context.today, _MONTHS)[0], closed_on))
        if opened_on > closed_on:
            fields.errors["from"] = "A statement begins on the day on which it ends, or before it."
            opened_on = closed_on
        currency = fields.text("currency", longest=3).upper() or currencies[0]
        if currency not in currencies:
            fields.errors["currency"] = "Please choose one of the list."
            currency = currencies[0]
        return Wanted(opened_on, closed_on, currency, currencies)


def _statement(context: RequestContext, customer_id: int, wanted: Wanted) -> Statement:
    entries = customers.ledger_of(customer_id, wanted.currency)
    return statement(entries, wanted.opened_on, wanted.closed_on, context.locale.zone)


def _rows(found: Statement) -> Iterator[Sequence[Listed]]:
    yield found.opened_on, "Opening balance", None, None, None, None, decimal_of(found.opening_cents)
    for line in found.lines:
        change = line.change
        yield (
            change.day,
            change.kind.value.capitalize(),
            change.invoice.number,
            change.invoice.due_on,
            change.reference,
            decimal_of(change.cents),
            decimal_of(line.balance_cents),
        )
    yield found.closed_on, "Closing balance", None, None, None, None, decimal_of(found.closing_cents)
