"""The page of one invoice: its figures and history, and the forms of what can be done with it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bottle import HTTPResponse

from app.domain.fields import INVOICE, plain
from app.domain.invoice import LifecycleState, lifecycle_state
from app.domain.invoice_changes import StatusChange, possible_changes
from app.store.access.audit_entries import Entry
from app.store.ledger import customers, history, invoice_payments, invoices, payment_list
from app.store.ledger.history import ImportedChange
from app.store.ledger.incoming_payments import received
from app.store.ledger.invoices import OUTSTANDING, Filter, ListedInvoice
from app.web.http.forms import LONGEST_LINE, Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.audit_messages import audit_message

UNDONE = "undone right after it was recorded"

_NOTHING_TYPED = Form({})


@dataclass(frozen=True, slots=True)
class InvoiceDetailPage:
    pages: Pages

    def show(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        """Show the invoice as of the day asked for; what can be done with it only as of today."""
        return self._shown(context, invoice_id, Form(context.query), {}, None)

    def again(
        self, context: RequestContext, invoice_id: int, form: str, fields: Form, status: int = 422
    ) -> HTTPResponse:
        """Show the invoice of today, and the form by that name as it was typed, with what is wrong beside it."""
        return self._shown(context, invoice_id, _NOTHING_TYPED, {form: fields}, status)

    def _shown(
        self, context: RequestContext, invoice_id: int, fields: Form, forms: Mapping[str, Form], status: int | None
    ) -> HTTPResponse:
        as_of = context.as_of(fields.day("as_of", context.today))
        line = invoices.existing(invoice_id, as_of)
        payment_rows = invoice_payments.payments_of(invoice_id, as_of)[::-1]  # newest first, as the history
        happened = history.of_invoice(invoice_id)
        return self.pages.show(
            context,
            "invoices/show.html",
            status=status,
            fields=fields,
            day=as_of.day,
            is_today=as_of.day == context.today,
            line=line,
            customer=customers.existing(line.invoice.customer_id).details,
            dispute=_dispute(happened) if line.invoice.disputed else None,
            plain=plain(INVOICE),
            own=[(name, text, _with_the_same(name, text)) for name, text in line.invoice.own_fields.items()],
            origin=next((one for one in happened if isinstance(one, ImportedChange)), None),
            payment_rows=payment_rows,
            came_from=received.became([row.payment.id for row in payment_rows]),
            history=[audit_message(one, context.locale) for one in happened],
            **self._actions(context, line, forms),
            recorded=_just_recorded(context, payment_rows),
            undone=UNDONE,
        )

    def _actions(self, context: RequestContext, line: ListedInvoice, forms: Mapping[str, Form]) -> dict[str, Any]:
        """Let a form that came back keep its key: sent again, it counts once."""
        issued = lifecycle_state(line.invoice) is LifecycleState.ISSUED
        credit = -line.balance_cents if issued else 0
        return {
            "changes": set(possible_changes(line.invoice, line.paid_cents)),
            "StatusChange": StatusChange,
            "form": lambda name: forms.get(name, _NOTHING_TYPED),
            "new_key": lambda: secrets.token_urlsafe(24),
            "can_pay": issued,
            "can_refund": issued and line.paid_cents > 0,
            "credit_cents": credit,
            "credit_goes_to": self._of_customer(context, line, Filter(statuses=OUTSTANDING)) if credit > 0 else [],
            "credit_comes_from": self._of_customer(context, line, Filter(has_credit=True))
            if issued and credit < 0
            else [],
            "methods": payment_list.methods(),
        }

    def _of_customer(self, context: RequestContext, line: ListedInvoice, narrowed: Filter) -> list[ListedInvoice]:
        """Return the customer's invoices in the same currency that match."""
        wanted = replace(narrowed, customer_id=line.invoice.customer_id, currency=line.invoice.currency)
        return invoices.matching(wanted, context.as_of(), invoices.LONGEST_DUE_FIRST)


def _dispute(happened: Sequence[Entry | ImportedChange]) -> Entry | None:
    """Return how it was marked as disputed; None where a workbook did that."""
    entries = (one for one in happened if isinstance(one, Entry))
    latest = next((one for one in entries if one.action in ("invoice.dispute", "invoice.settle_dispute")), None)
    return latest if latest and latest.action == "invoice.dispute" else None


def _with_the_same(name: str, text: str) -> str:
    """Return the address of all invoices that say the same in the own field; empty where no address can hold it."""
    fits_into_address = len(text) <= LONGEST_LINE and "\n" not in text
    return address("/invoices", field=name, value=text) if fits_into_address else ""


def _just_recorded(
    context: RequestContext, payment_rows: list[invoice_payments.ListedPayment]
) -> invoice_payments.ListedPayment | None:
    """Return the payment that was recorded just before the page was shown, as long as it can be undone."""
    wanted = context.query.get("recorded", "")
    return next((one for one in payment_rows if str(one.payment.id) == wanted and one.payment.voided_at is None), None)
