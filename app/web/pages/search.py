"""The search for customers, invoices and payments at once."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.store.ledger import customers, invoices, payment_list
from app.store.ledger.incoming_payments import received
from app.store.ledger.invoices import NEWEST_FIRST, Filter
from app.store.ledger.payment_list import PaymentFilter
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext

_MOST = 10


@dataclass(frozen=True, slots=True)
class Search:
    pages: Pages

    def show(self, context: RequestContext) -> HTTPResponse:
        """Show the first of each kind, and where to see all of them."""
        fields = Form(context.query)
        text = fields.text("q")
        cents = context.locale.cents_in(text)
        found_customers = customers.following(text, 0, _MOST + 1, archived=True) if text else []
        of_invoices = Filter(text=text, text_cents=cents)
        of_payments = PaymentFilter(text=text, text_cents=cents, with_voided=True)
        as_of = context.as_of()
        batches = payment_list.batches(of_payments, 1)[:_MOST] if text else []
        return self.pages.show(
            context,
            "search.html",
            fields=fields,
            text=text,
            customers=found_customers[:_MOST],
            more_customers=address("/customers", q=text, archived="yes") if len(found_customers) > _MOST else "",
            invoices=invoices.matching(of_invoices, as_of, NEWEST_FIRST, length=_MOST) if text else [],
            invoice_count=sum(one.invoices for one in invoices.totals(of_invoices, as_of)) if text else 0,
            more_invoices=address("/invoices", q=text),
            batches=batches,
            came_from=received.became([line.payment.id for batch in batches for line in batch.lines]),
            payment_count=sum(one.payments for one in payment_list.totals(of_payments)) if text else 0,
            more_payments=address("/payments", q=text, voided="yes"),
        )
