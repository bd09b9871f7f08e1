"""Bulk actions: many invoices at once, each with a preview of what it will do."""

import secrets
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl

from bottle import HTTPResponse

from app.actions import bulk as actions
from app.actions import payments
from app.actions.bulk import BulkChange, BulkDone
from app.domain.bulk import BulkAction, Candidate, why_left_out
from app.domain.confirmation import Confirmation, UnconfirmedError
from app.domain.sentences import count_text, counted
from app.store.db import current_user
from app.store.ledger import invoices, payment_list
from app.store.ledger.invoices import Filter, ListedInvoice
from app.web.http.errors import Refusal
from app.web.http.forms import Form, local_path
from app.web.http.invoice_search import InvoiceSearch
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.receivables.bulk_undo import PARAMETERS
from app.web.pages.receivables.exports import Exports

MOST = 1_000
LARGEST_PICK = 400_000
_EXPORTS = {"xlsx", "csv"}
_TOO_MANY = f"At most {count_text(MOST)} invoices can be changed at once: pick fewer."


@dataclass(frozen=True, slots=True)
class Bulk:
    pages: Pages
    exports: Exports

    def preview(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        if fields.typed.get("action") in _EXPORTS:
            return self.exports.picked(context, self._picked(context, fields, to_change=False), fields.typed["action"])
        action = _action(fields)
        return self._preview(context, fields, action, self._picked(context, fields, to_change=True))

    def apply(self, context: RequestContext) -> HTTPResponse:
        """Do what the preview showed: all of it, and only if every invoice still is as it was shown."""
        fields = Form(context.form)
        action = _action(fields)
        change = _change(fields, action, context.today)
        picked = frozenset(change.seen)
        if fields.errors:
            return self._preview(context, fields, action, self._lines(context, picked))
        if len(picked) > MOST:
            raise Refusal(_TOO_MANY)
        try:
            done = actions.apply(change, context.user, context.now, context.as_of())
        except actions.RecordedBeforeError:
            return self.pages.redirect(context, _back(fields), flash="These payments had been recorded already.")
        except actions.ChangedMeanwhileError:
            fields.errors["changed"] = "Some of these invoices were changed meanwhile; this is how they are now."
        except payments.PaymentRefusedError as refused:
            # Only the day can be wrong by now, and it is the same for all.
            fields.errors["paid_on"] = str(refused)
        except UnconfirmedError as unconfirmed:
            self._ask(context, fields, unconfirmed)
        if fields.errors:
            return self._preview(context, fields, action, self._lines(context, picked), 409)
        return self.pages.redirect(context, _back_to_undo(fields, done), flash=_done(action, done.listed, context))

    def _ask(self, context: RequestContext, fields: Form, unconfirmed: UnconfirmedError) -> None:
        """Ask what a box answers; an invoice that would be overpaid has no box: it is to be left out."""
        overpaid = frozenset(one.invoice_id for one in unconfirmed.questions if one.invoice_id)
        if overpaid:
            numbers = ", ".join(line.invoice.number for line in self._lines(context, overpaid))
            fields.errors["changed"] = (
                f"For invoice {numbers} a payment of a later day is recorded already: leave it out."
            )
            return
        for question in unconfirmed.questions:
            fields.ask(question.confirmation, "paid_on", question.sentence)

    def _preview(
        self, context: RequestContext, fields: Form, action: BulkAction, lines: list[ListedInvoice], status: int = 0
    ) -> HTTPResponse:
        candidates = [(line, Candidate(line.invoice, line.balance_cents)) for line in lines]
        judged = [(line, candidate.seen, why_left_out(action, candidate)) for line, candidate in candidates]
        return self.pages.show(
            context,
            "invoices/bulk.html",
            status=status or None,
            fields=fields,
            action=action,
            actions=BulkAction,
            included=[(line, seen) for line, seen, reason in judged if not reason],
            left_out=[(line, reason) for line, _, reason in judged if reason],
            sums=_sums([line for line, _, reason in judged if not reason]),
            back=_back(fields),
            key=fields.typed.get("key") or secrets.token_urlsafe(24),
            methods=payment_list.methods(),
        )

    def _picked(self, context: RequestContext, fields: Form, *, to_change: bool) -> list[ListedInvoice]:
        """Return the invoices that were picked; a list may be of an earlier day, but what is changed is today's."""
        if fields.checked("all"):
            search = InvoiceSearch.of(Form(dict(parse_qsl(fields.typed.get("parameters", "")))), context)
            as_of = context.as_of(None if to_change else search.day)
            count = sum(total.invoices for total in invoices.totals(search.wanted, as_of))
            if to_change and count > MOST:
                raise Refusal(f"At most {count_text(MOST)} invoices can be changed at once: narrow the list first.")
            return invoices.matching(search.wanted, as_of, search.order, length=None)
        picked = frozenset(fields.by_id("pick:"))
        if not picked:
            raise Refusal("Pick at least one invoice of the list first.")
        return self._lines(context, picked)

    def _lines(self, context: RequestContext, ids: frozenset[int]) -> list[ListedInvoice]:
        if len(ids) > MOST:
            raise Refusal(_TOO_MANY)
        return invoices.matching(Filter(ids=ids), context.as_of(), invoices.LONGEST_DUE_FIRST, length=None)


def _action(fields: Form) -> BulkAction:
    action = fields.choice("action", BulkAction)
    if action is None:
        raise Refusal("Choose what to do with the invoices that you picked.")
    return action


def _change(fields: Form, action: BulkAction, today: date) -> BulkChange:
    is_payment = action is BulkAction.PAY
    return BulkChange(
        action=action,
        seen=fields.by_id("pick:"),
        key=fields.text("key", required=True, longest=40),
        reason="" if is_payment else fields.text("reason", required=action is BulkAction.DISPUTE),
        paid_on=(fields.entered_day("paid_on") if is_payment else None) or today,
        method=fields.text("method", longest=60) if is_payment else "",
        reference=fields.text("reference") if is_payment else "",
        confirmed=fields.confirmed() - {Confirmation.KEEP_CREDIT},
    )


def _sums(lines: list[ListedInvoice]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.invoice.currency] = sums.get(line.invoice.currency, 0) + line.balance_cents
    return dict(sorted(sums.items()))


def _back(fields: Form) -> str:
    return local_path(fields.typed.get("back", "") or "/invoices")


def _back_to_undo(fields: Form, done: BulkDone) -> str:
    """Return the list with what its undo is found by."""
    path, _, query = _back(fields).partition("?")
    kept = {name: text for name, text in parse_qsl(query) if name not in PARAMETERS}
    if done.payment_id:
        return address(path, **kept, recorded=done.payment_id)
    return address(path, **kept, changed=current_user.actor().request_id)


def _done(action: BulkAction, lines: list[ListedInvoice], context: RequestContext) -> str:
    count = counted(len(lines), "invoice", "invoices")
    if action is BulkAction.PAY:
        sums = ", ".join(f"{context.locale.money(cents)} {currency}" for currency, cents in _sums(lines).items())
        return f"Recorded payment in full of {count}: {sums}."
    return f"Marked {count} as {'disputed' if action is BulkAction.DISPUTE else 'no longer disputed'}."
