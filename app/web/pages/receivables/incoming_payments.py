"""Incoming payments: questions about money of payment providers, and what was recorded or dismissed of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import incoming_payments, payments
from app.actions.incoming_payments import IncomingRefusedError
from app.domain.confirmation import UnconfirmedError
from app.domain.incoming_payment import IncomingPayment, IncomingState
from app.domain.paging import page_count
from app.domain.permissions import Right
from app.store.ledger import customer_choice, invoices
from app.store.ledger.incoming_payments import received
from app.store.ledger.incoming_payments.suggestions import Suggestion, suggestions
from app.store.ledger.invoices import LONGEST_DUE_FIRST, OUTSTANDING, Filter, ListedInvoice
from app.web.auth.meant_customer import meant_customer
from app.web.http.errors import ConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext

_MOST_FOUND = 20
_LIST = "/payments/incoming"


@dataclass(frozen=True, slots=True)
class IncomingPayments:
    pages: Pages

    def index(self, context: RequestContext) -> HTTPResponse:
        """Show the questions first; a user with a scope sees only what is recorded within it."""
        fields = Form(context.query)
        may_answer = context.user.may(Right.MATCH_PAYMENTS)
        first = IncomingState.QUESTION if may_answer else IncomingState.RECORDED
        state = fields.choice("state", IncomingState) or first
        shown = received.page_of(state, page := fields.page())
        counts = {one: received.count(one) for one in (IncomingState if may_answer else [IncomingState.RECORDED])}
        asks = state is IncomingState.QUESTION and may_answer
        return self.pages.show(
            context,
            "payments/incoming.html",
            fields=fields,
            state=state,
            counts=counts,
            incoming=shown,
            suggestions=suggestions(shown) if asks else {},
            page=page,
            pages=page_count(counts.get(state, 0)),
            on_page=lambda number: address(_LIST, state=state, page=number if number > 1 else ""),
        )

    def show(self, context: RequestContext, incoming_id: int) -> HTTPResponse:
        """Show one; of a question, the invoices that it may be for and those that were searched for."""
        return self._shown(context, incoming_id, Form(context.query), {}, 200)

    def place(self, context: RequestContext, incoming_id: int) -> HTTPResponse:
        fields = Form(context.form)
        incoming = received.get(incoming_id)
        if "search" in context.form:
            return self._shown(context, incoming_id, fields, {}, 200)
        amounts = _placed(fields, context, incoming)
        if not amounts and not fields.errors:
            fields.errors["amounts"] = "Say for which invoice it is."
        return self._answered(
            context,
            incoming,
            fields,
            "place",
            lambda: incoming_payments.place(
                incoming_id, amounts, context.user, context.now, context.today, fields.confirmed()
            ),
        )

    def keep_as_credit(self, context: RequestContext, incoming_id: int) -> HTTPResponse:
        fields = Form(context.form)
        customer = meant_customer(fields, "customer", required=True)
        ledgers = invoices.ledgers() or (invoices.usual_ledger(),)
        if (ledger := fields.text("ledger") or invoices.usual_ledger()) not in ledgers:
            fields.errors["ledger"] = "There is no such ledger: choose one of the list."
        customer_id = customer.id if customer else 0
        return self._answered(
            context,
            received.get(incoming_id),
            fields,
            "credit",
            lambda: incoming_payments.keep_as_credit(
                incoming_id, customer_id, ledger, context.user, context.now, context.today, fields.confirmed()
            ),
        )

    def dismiss(self, context: RequestContext, incoming_id: int) -> HTTPResponse:
        fields = Form(context.form)
        incoming = received.get(incoming_id)
        reason = fields.text("reason", required=True)
        if fields.errors:
            return self._shown(context, incoming_id, Form({}), {"dismiss": fields}, 422)
        with _refused_as_conflict():
            incoming_payments.dismiss(incoming_id, reason, context.user, context.now)
        flash = f"{_money(context, incoming)} was dismissed. It can be undone among those dismissed."
        return self.pages.redirect(context, _LIST, flash=flash)

    def reopen(self, context: RequestContext, incoming_id: int) -> HTTPResponse:
        """Undo a dismissal."""
        with _refused_as_conflict():
            incoming_payments.undo_dismissal(incoming_id, context.user, context.now)
        return self.pages.redirect(context, f"{_LIST}/{incoming_id}", flash="It is a question again.")

    def _answered(
        self,
        context: RequestContext,
        incoming: IncomingPayment,
        fields: Form,
        form: str,
        answer: Callable[[], IncomingPayment],
    ) -> HTTPResponse:
        if fields.errors:
            return self._shown(context, incoming.id, fields, {form: fields}, 422)
        where = "amounts" if form == "place" else "customer"
        try:
            answered = answer()
        except IncomingRefusedError as refused:
            if received.get(incoming.id).state is not IncomingState.QUESTION:
                raise ConflictError(str(refused)) from refused
            fields.errors[where] = str(refused)
        except payments.PaymentRefusedError as refused:
            fields.errors[where] = str(refused)
        except UnconfirmedError as unconfirmed:
            for question in unconfirmed.questions:
                place = f"place:{question.invoice_id}" if question.invoice_id else where
                fields.ask(question.confirmation, place, question.sentence)
        else:
            return self.pages.redirect(context, _LIST, flash=f"{_money(context, incoming)}: {answered.sentence}")
        return self._shown(context, incoming.id, fields, {form: fields}, 422)

    def _shown(
        self, context: RequestContext, incoming_id: int, fields: Form, forms: Mapping[str, Form], status: int
    ) -> HTTPResponse:
        incoming = received.get(incoming_id)
        is_asked = incoming.state is IncomingState.QUESTION and context.user.may(Right.MATCH_PAYMENTS)
        suggested = suggestions([incoming])[incoming_id] if is_asked else []
        search = fields.text("q")
        return self.pages.show(
            context,
            "payments/incoming_one.html",
            status=status,
            incoming=incoming,
            is_asked=is_asked,
            fields=fields,
            form=lambda name: forms.get(name, Form({})),
            suggestions=suggested,
            search=search,
            lines=_lines(context, incoming, suggested, fields, search) if is_asked else [],
            customers=customer_choice.all_choices() if is_asked else (),
            ledgers=[(one, one) for one in invoices.ledgers()],
            usual_ledger=invoices.usual_ledger(),
        )


@contextmanager
def _refused_as_conflict() -> Iterator[None]:
    try:
        yield
    except IncomingRefusedError as refused:
        raise ConflictError(str(refused)) from refused


def _placed(fields: Form, context: RequestContext, incoming: IncomingPayment) -> dict[int, int]:
    """Return the cents by invoice, negative where money was given back."""
    sign = -1 if incoming.facts.amount_cents < 0 else 1
    currency = incoming.facts.currency
    places = fields.by_id("place:")
    typed = {one: fields.amount(f"place:{one}", context.locale, least=0, currency=currency) for one in places}
    return {one: sign * cents for one, cents in typed.items() if cents}


def _lines(
    context: RequestContext,
    incoming: IncomingPayment,
    suggested: Sequence[Suggestion],
    fields: Form,
    search: str,
) -> list[ListedInvoice]:
    """Return the invoices to place it on: those with something typed, those suggested, and those searched for."""
    as_of = context.as_of()
    ids = {one for one, text in fields.by_id("place:").items() if text}
    ids |= {placed.invoice.id for one in suggested for placed in one.placements}
    kept = invoices.matching(Filter(ids=frozenset(ids)), as_of, LONGEST_DUE_FIRST) if ids else []
    statuses = frozenset() if incoming.facts.amount_cents < 0 else OUTSTANDING
    cents = context.locale.cents_in(search)
    wanted = Filter(text=search, text_cents=cents, statuses=statuses, currency=incoming.facts.currency)
    found = invoices.matching(wanted, as_of, LONGEST_DUE_FIRST, length=_MOST_FOUND) if search else []
    return list({line.invoice.id: line for line in [*kept, *found]}.values())


def _money(context: RequestContext, incoming: IncomingPayment) -> str:
    return f"{context.locale.money(incoming.facts.amount_cents)} {incoming.facts.currency}"
