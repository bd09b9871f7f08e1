"""Payments: of one invoice, of several in one batch, refunds, credit used elsewhere, and voids."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bottle import HTTPResponse

from app.actions import payments
from app.actions.payments import Recorded
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.paging import page_count
from app.domain.payment import Payment
from app.domain.payment_batch import PaymentBatch, spread
from app.domain.sentences import counted
from app.store.ledger import customer_choice, invoices, payment_batches, payment_list
from app.store.ledger.incoming_payments import received
from app.store.ledger.invoices import OUTSTANDING, ListedInvoice
from app.store.ledger.payment_list import PaymentFilter
from app.web.auth.meant_customer import meant_customer
from app.web.http.errors import ConflictError, NotFoundError
from app.web.http.forms import Form, local_path
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.receivables.invoice_page import InvoiceDetailPage

_MOST_OPEN = 200


@dataclass(frozen=True, slots=True)
class Payments:
    pages: Pages
    invoice_page: InvoiceDetailPage

    def index(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        wanted = payment_filter(fields, context)
        page = fields.page()
        totals = payment_list.totals(wanted)
        shown = payment_list.batches(wanted, page)
        count = sum(total.payments for total in totals)
        query = {name: text for name, text in fields.typed.items() if name in FILTER_FIELDS}
        return self.pages.show(
            context,
            "payments/index.html",
            fields=fields,
            wanted=wanted,
            batches=shown,
            came_from=received.became([line.payment.id for batch in shown for line in batch.lines]),
            totals=totals,
            count=count,
            page=page,
            pages=page_count(count),
            on_page=lambda number: address("/payments", **query, page=number if number > 1 else ""),
            export_as=lambda kind: address(f"/payments.{kind}", **query),
            is_narrowed=wanted != PaymentFilter(),
        )

    def create(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        return self._one(context, invoice_id, "payment", 1, "Recorded {amount} for invoice {number}.")

    def refund(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        return self._one(context, invoice_id, "refund", -1, "Recorded a refund of {amount} for invoice {number}.")

    def use_credit(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        fields = Form(context.form)
        cents, amount = _amount(fields, context)
        target = fields.id("invoice")
        if not target:
            fields.errors.setdefault("invoice", "Please choose an invoice.")
        batch = _batch(fields, context, {invoice_id: -cents, target: cents})
        move = partial(payments.move_credit, batch, context.user, context.now, context.today)
        return self._recorded(context, invoice_id, "credit", fields, move, f"Used {amount} of credit.")

    def new(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        customer_id = fields.id("customer")
        if not customer_id:
            return self._choose_customer(context, fields)
        spreads = "spread" in context.query or bool(context.query.get("received"))
        # Also where the amount is not one yet: it is asked for while somebody types.
        return self._batch_form(context, fields, customer_id, spreads=spreads, status=200)

    def create_several(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        customer_id = fields.id("customer")
        if "spread" in context.form:
            return self._batch_form(context, fields, customer_id, spreads=True)
        lines = self._owed(context, customer_id, fields)
        currency = lines[0].invoice.currency if lines else ""
        received = fields.amount("received", context.locale, required=True, least=1, currency=currency)
        placed = _placed(fields, context)
        batch = replace(_batch(fields, context, placed), amounts=_with_credit(fields, received or 0, placed))
        # What was recorded already is no longer open: the same form, sent again, is not judged by what is left.
        if not fields.errors and received is not None and not payment_batches.is_recorded(batch.key):
            if not placed:
                return self._batch_form(context, fields, customer_id, spreads=True)
            _check_sum(fields, context, received, placed, lines)
        if fields.errors:
            return self._batch_form(context, fields, customer_id)
        return self._batch_recorded(context, fields, customer_id, batch, currency)

    def void(self, context: RequestContext, payment_id: int) -> HTTPResponse:
        """Void a payment, and all that was recorded with it."""
        together = payment_batches.of_payment(payment_id)
        fields = Form(context.form)
        shown = fields.id("invoice") or together[0].invoice_id
        reason = fields.text("reason", required=True)
        if fields.errors:
            return self.invoice_page.again(context, shown, f"void-{payment_id}", fields)
        try:
            payments.void(payment_id, reason, context.user, context.now)
        except payments.PaymentRefusedError as refused:
            fields.errors["reason"] = str(refused)
            return self.invoice_page.again(context, shown, f"void-{payment_id}", fields, 409)
        flash = _voided(together)
        customer_id = fields.id("customer")
        own = f"/customers/{customer_id}" if customer_id else f"/invoices/{shown}"
        return self.pages.redirect(context, own, flash=flash)

    def undo(self, context: RequestContext, payment_id: int) -> HTTPResponse:
        """Void what was recorded at once for many invoices, and show their list again."""
        fields = Form(context.form)
        try:
            count = payments.undo(payment_id, fields.text("reason"), context.user, context.now)
        except payments.PaymentRefusedError as refused:
            raise ConflictError(str(refused)) from refused
        done = f"{counted(count, 'payment was', 'payments were')} voided."
        return self.pages.redirect(context, local_path(fields.typed.get("back") or "/invoices"), flash=done)

    def _one(self, context: RequestContext, invoice_id: int, form: str, sign: int, flash: str) -> HTTPResponse:
        fields = Form(context.form)
        cents, amount = _amount(fields, context)
        record = _recording(fields, context, _batch(fields, context, {invoice_id: sign * cents}))
        return self._recorded(context, invoice_id, form, fields, record, flash.replace("{amount}", amount))

    def _recorded(
        self,
        context: RequestContext,
        invoice_id: int,
        form: str,
        fields: Form,
        record: Callable[[], Recorded],
        flash: str,
    ) -> HTTPResponse:
        if fields.errors:
            return self.invoice_page.again(context, invoice_id, form, fields)
        try:
            recorded = record()
        except payment_batches.KeyUsedError as error:
            raise ConflictError(f"{error} Open the invoice again to record something else.") from error
        except payments.PaymentRefusedError as refused:
            fields.errors[_field_of(refused, "amount")] = _with_most(refused, context)
        except UnconfirmedError as unconfirmed:
            for question in unconfirmed.questions:
                fields.ask(question.confirmation, "amount", question.sentence)
        else:
            shown = address(f"/invoices/{invoice_id}", recorded=recorded.payment_ids[0])
            return self.pages.redirect(context, shown, flash=flash.replace("{number}", recorded.numbers[0]))
        return self.invoice_page.again(context, invoice_id, form, fields)

    def _batch_recorded(
        self, context: RequestContext, fields: Form, customer_id: int, batch: PaymentBatch, currency: str
    ) -> HTTPResponse:
        try:
            recorded = _recording(fields, context, batch)()
        except payment_batches.KeyUsedError as error:
            raise ConflictError(f"{error} Open the form again to record something else.") from error
        except payments.PaymentRefusedError as refused:
            fields.errors[_field_of(refused, "received")] = str(refused)
        except UnconfirmedError as unconfirmed:
            for question in unconfirmed.questions:
                place = f"place:{question.invoice_id}" if question.invoice_id else "received"
                fields.ask(question.confirmation, place, question.sentence)
        else:
            sum_ = context.locale.money(sum(batch.amounts.values()))
            count = len(batch.amounts)
            flash = f"Recorded {sum_} {currency} for {counted(count, 'invoice', 'invoices')}."
            shown = address(f"/customers/{customer_id}", recorded=recorded.payment_ids[0])
            return self.pages.redirect(context, shown, flash=flash)
        return self._batch_form(context, fields, customer_id)

    def _batch_form(
        self,
        context: RequestContext,
        fields: Form,
        customer_id: int,
        *,
        spreads: bool = False,
        status: int | None = None,
    ) -> HTTPResponse:
        customer = customer_choice.get(customer_id)
        if customer is None:
            raise NotFoundError("There is no such customer.")
        lines = self._owed(context, customer_id, fields)
        is_spread = False
        if spreads and lines:
            received = fields.amount("received", context.locale, required=True, least=1)
            placed = spread(received or 0, {line.invoice.id: line.balance_cents for line in lines})
            for line in lines:
                cents = placed.get(line.invoice.id)
                fields.typed[f"place:{line.invoice.id}"] = context.locale.money(cents) if cents else ""
            is_spread = not fields.errors
        owed = invoices.Filter(customer_id=customer_id, statuses=OUTSTANDING)
        return self.pages.show(
            context,
            "payments/new.html",
            status=status,
            fields=fields,
            customer=customer,
            lines=lines,
            is_spread=is_spread,
            currencies=[total.currency for total in invoices.totals(owed, context.as_of())],
            key=fields.typed.get("key") or secrets.token_urlsafe(24),
            methods=payment_list.methods(),
            **_sums(fields, context, lines),
        )

    def _choose_customer(self, context: RequestContext, fields: Form) -> HTTPResponse:
        """Go on with the one customer that was meant, if only one was."""
        if customer := meant_customer(fields, "who"):
            return self.pages.redirect(context, address("/payments/new", customer=customer.id))
        text = fields.text("who")
        found = customer_choice.meant_by(text) if text else []
        if found:
            del fields.errors["who"]  # they are listed below the field
        customers = customer_choice.all_choices()
        return self.pages.show(context, "payments/choose.html", fields=fields, found=found, customers=customers)

    def _owed(self, context: RequestContext, customer_id: int, fields: Form) -> list[ListedInvoice]:
        """Return what the customer owes in one currency: the one chosen, or that of the oldest debt."""
        wanted = invoices.Filter(
            customer_id=customer_id, statuses=OUTSTANDING, currency=fields.text("currency", longest=3)
        )
        as_of = context.as_of()
        lines = invoices.matching(wanted, as_of, invoices.LONGEST_DUE_FIRST, length=_MOST_OPEN)
        return [line for line in lines if line.invoice.currency == lines[0].invoice.currency]


FILTER_FIELDS = ("q", "from", "to", "customer", "method", "voided")


def payment_filter(fields: Form, context: RequestContext) -> PaymentFilter:
    text = fields.text("q")
    return PaymentFilter(
        text=text,
        text_cents=context.locale.cents_in(text),
        paid_from=fields.optional_day("from"),
        paid_to=fields.optional_day("to"),
        customer_id=fields.id("customer") or None,
        method=fields.text("method"),
        with_voided=fields.checked("voided"),
    )


def _recording(fields: Form, context: RequestContext, batch: PaymentBatch) -> Callable[[], Recorded]:
    return partial(payments.record, batch, context.user, context.now, context.today, fields.confirmed())


def _amount(fields: Form, context: RequestContext) -> tuple[int, str]:
    """Return the cents, 0 where the field has an error, and the amount as it is shown."""
    currency = fields.text("currency", required=True, longest=3)
    cents = fields.amount("amount", context.locale, required=True, least=1, currency=currency) or 0
    return cents, f"{context.locale.money(cents)} {currency}"


def _batch(fields: Form, context: RequestContext, amounts: Mapping[int, int]) -> PaymentBatch:
    paid_on = fields.entered_day("paid_on")
    key = fields.text("key", required=True, longest=64)
    return PaymentBatch(
        key=key,
        paid_on=paid_on or context.today,
        amounts=amounts,
        method=fields.text("method", longest=60),
        reference=fields.text("reference"),
        note=fields.text("note", longest=2_000, lines=True),
        currency=fields.text("currency", longest=3),
    )


def _placed(fields: Form, context: RequestContext) -> dict[int, int]:
    places = fields.by_id("place:")
    return {one: cents for one in places if (cents := fields.amount(f"place:{one}", context.locale, least=0))}


def _check_sum(
    fields: Form, context: RequestContext, received: int, placed: Mapping[int, int], lines: list[ListedInvoice]
) -> None:
    for line in lines:
        if placed.get(line.invoice.id, 0) > line.balance_cents:
            fields.errors[f"place:{line.invoice.id}"] = f"Only {context.locale.money(line.balance_cents)} is open here."
    if placed.keys() - {line.invoice.id for line in lines}:
        fields.errors["received"] = "An invoice that money was placed on is no longer owed: see what is left below."
        return
    left = received - sum(placed.values())
    if left < 0:
        fields.errors["received"] = f"{context.locale.money(-left)} more is applied below than was received."
    elif left > 0 and Confirmation.KEEP_CREDIT not in fields.confirmed():
        sentence = f"{context.locale.money(left)} is not applied yet. Apply it below or keep it as credit."
        fields.ask(Confirmation.KEEP_CREDIT, "received", sentence)


def _with_credit(fields: Form, received: int, placed: Mapping[int, int]) -> dict[int, int]:
    """Put what is left over on the last invoice, where it stands as credit."""
    left = received - sum(placed.values())
    if left <= 0 or Confirmation.KEEP_CREDIT not in fields.confirmed() or not placed:
        return dict(placed)
    last = next(reversed(list(placed)))
    return {**placed, last: placed[last] + left}


def _sums(fields: Form, context: RequestContext, lines: list[ListedInvoice]) -> dict[str, Any]:
    received = context.locale.cents_in(fields.typed.get("received", "")) or 0
    typed = (context.locale.cents_in(fields.typed.get(f"place:{line.invoice.id}", "")) for line in lines)
    placed = sum(cents or 0 for cents in typed)
    return {"received_cents": received, "placed_cents": placed, "left_cents": received - placed}


def _with_most(refused: payments.PaymentRefusedError, context: RequestContext) -> str:
    most = refused.refusal.most_cents
    return str(refused) if most is None else f"{refused} At most {context.locale.money(most)}."


def _voided(together: list[Payment]) -> str:
    if together[0].moves_credit:
        return "The moved credit was voided: it is back where it was."
    many = f"The {len(together)} payments that were recorded together were voided."
    return many if len(together) > 1 else "The payment was voided."


def _field_of(refused: payments.PaymentRefusedError, amount: str) -> str:
    """Return the form's field to correct; `amount` is what it calls the amount."""
    return "paid_on" if refused.refusal.field == "paid_on" else amount
