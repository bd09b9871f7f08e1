"""Advance payments: money that came in and pays no invoice yet, recorded as credit of the customer."""

import secrets
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import payments
from app.domain.advance_payment import AdvancePayment
from app.domain.confirmation import UnconfirmedError
from app.store.db.missing_records import existing_or_raise
from app.store.ledger import customer_choice, invoices, payment_batches, payment_list
from app.store.ledger.customer_choice import Choice
from app.web.http.errors import ConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class AdvancePayments:
    pages: Pages

    def new(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        if not fields.id("customer"):
            return self.pages.redirect(context, "/payments/new")
        return self._form(context, fields, _customer(fields))

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        customer = _customer(fields)
        advance = self._advance(fields, context, customer.id)
        if fields.errors:
            return self._form(context, fields, customer)
        try:
            recorded = payments.record_advance(advance, context.user, context.now, context.today, fields.confirmed())
        except payment_batches.KeyUsedError as error:
            raise ConflictError(f"{error} Open the form again to record something else.") from error
        except payments.PaymentRefusedError as refused:
            fields.errors["paid_on" if refused.refusal.field == "paid_on" else "amount"] = str(refused)
        except UnconfirmedError as unconfirmed:
            for question in unconfirmed.questions:
                fields.ask(question.confirmation, "amount", question.sentence)
        else:
            flash = f"Recorded {context.locale.money(advance.cents)} {advance.currency} as credit of {customer.name}."
            shown = address(f"/customers/{customer.id}", recorded=recorded.payment_ids[0])
            return self.pages.redirect(context, shown, flash=flash)
        return self._form(context, fields, customer)

    def _form(self, context: RequestContext, fields: Form, customer: Choice) -> HTTPResponse:
        return self.pages.show(
            context,
            "payments/advance.html",
            fields=fields,
            customer=customer,
            currencies=[(one, one) for one in _currencies(context)],
            ledgers=[(one, one) for one in _ledgers(context, customer.id)],
            key=fields.typed.get("key") or secrets.token_urlsafe(24),
            methods=payment_list.methods(),
        )

    def _advance(self, fields: Form, context: RequestContext, customer_id: int) -> AdvancePayment:
        """Return what was typed; where the form has errors, it is not to be recorded."""
        ledgers, currencies = _ledgers(context, customer_id), _currencies(context)
        ledger = fields.text("ledger") or ledgers[0]
        if ledger not in ledgers:
            fields.errors["ledger"] = "There is no such ledger: choose one of the list."
        currency = fields.text("currency") or currencies[0]
        if currency not in currencies:
            fields.errors["currency"] = "There is no such currency: choose one of the list."
        cents = fields.amount("amount", context.locale, required=True, least=1, currency=currency)
        paid_on = fields.entered_day("paid_on")
        return AdvancePayment(
            key=fields.text("key", required=True, longest=64),
            customer_id=customer_id,
            ledger=ledger,
            currency=currency,
            cents=cents or 0,
            paid_on=paid_on or context.today,
            method=fields.text("method", longest=60),
            reference=fields.text("reference"),
            note=fields.text("note", longest=2_000, lines=True),
        )


def _customer(fields: Form) -> Choice:
    return existing_or_raise(customer_choice.get(fields.id("customer")), "customer")


def _currencies(context: RequestContext) -> list[str]:
    """Return the firm's own first."""
    own = context.firm.currency
    return [own, *(one for one in invoices.currencies() if one != own)]


def _ledgers(context: RequestContext, customer_id: int) -> list[str]:
    """Return those in which the user may see the customer, the usual one first."""
    usual = invoices.usual_ledger()
    all_ledgers = [usual, *(one for one in invoices.ledgers() if one != usual)]
    return [one for one in all_ledgers if context.user.scope.covers(customer_id, one)]
