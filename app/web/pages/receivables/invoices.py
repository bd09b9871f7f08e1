"""Invoices: the list that can be searched, filtered and ordered, writing one, and what is said of it later."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from types import MappingProxyType

from bottle import HTTPResponse
from markupsafe import Markup

from app.actions import invoices as invoice_actions
from app.domain.ageing import Bucket
from app.domain.as_of import AsOf
from app.domain.confirmation import UnconfirmedError
from app.domain.fields import INVOICE, plain
from app.domain.invoice import Invoice, InvoiceFacts
from app.domain.invoice_changes import StatusChange
from app.domain.invoice_entry import why_not_due
from app.domain.own_fields import merged
from app.domain.paging import page_count
from app.domain.periods import Period
from app.domain.permissions import Right
from app.store.access import views
from app.store.access.views import View
from app.store.db.cache import cache_fragment
from app.store.ledger import customer_choice, history, invoice_changes, invoices
from app.store.ledger.customers import CodeRefusedError, Details
from app.store.ledger.invoice_changes import SeenVersion
from app.store.ledger.invoices import InvoiceOrder, ListedInvoice
from app.web.auth.meant_customer import meant_customer
from app.web.http.errors import NotFoundError
from app.web.http.forms import Form
from app.web.http.invoice_search import STATUSES, InvoiceSearch
from app.web.http.locales import Locale
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.narrowed_lists import narrowed_to
from app.web.pages.overtaken_edits import OvertakenEdit, overtaken_edit
from app.web.pages.receivables.bulk_undo import bulk_undo
from app.web.pages.receivables.invoice_page import InvoiceDetailPage
from app.web.pages.views import address_of, query_of

_USUAL_TERMS_DAYS = 30
_NAMES = {"total_cents": "total"}  # of the form's fields, where they differ from those of an invoice
_FLASHES = {
    StatusChange.VOID: "Invoice {} is void now.",
    StatusChange.WRITE_OFF: "What was left of invoice {} is written off.",
    StatusChange.REINSTATE: "Invoice {} counts again.",
    StatusChange.DISPUTE: "Invoice {} is marked as disputed.",
    StatusChange.SETTLE_DISPUTE: "Invoice {} is no longer disputed.",
}


@dataclass(frozen=True, slots=True)
class Invoices:
    pages: Pages
    page: InvoiceDetailPage

    def index(self, context: RequestContext) -> HTTPResponse:
        """Show one page of the invoices that match, and the sums of all that do; at first, the default view."""
        saved = views.of_user(context.user.id)
        default = next((view for view in saved if view.is_default), None)
        if default and not context.query:
            return self.pages.redirect(context, address_of(dict(default.parameters)))
        fields = Form(context.query)
        search = InvoiceSearch.of(fields, context)
        as_of = context.as_of(search.day)
        totals = invoices.totals(search.wanted, as_of)
        count = sum(total.invoices for total in totals)
        return self.pages.show(
            context,
            "invoices/index.html",
            fields=fields,
            day=search.day,
            search=search,
            rows=self._rows(context, search, as_of),
            totals=totals,
            count=count,
            undo=bulk_undo(context, search.on_page(search.page)),
            pages=page_count(count),
            issued_later=invoices.issued_later(search.wanted, as_of),
            is_empty=not count and not invoices.exist(),
            views=saved,
            address_of=address_of,
            query=query_of(search.parameters),
            excel=_excel_page(saved, search),
            narrowed_to=narrowed_to(context, search),
            statuses=STATUSES,
            buckets=list(Bucket),
            periods=list(Period),
            columns=InvoiceOrder,
            currencies=invoices.currencies(),
            ledgers=invoices.ledgers(),
        )

    def new(self, context: RequestContext) -> HTTPResponse:
        customer = customer_choice.get(Form(context.query).id("customer"))
        terms = customer.terms_days if customer and customer.terms_days is not None else _USUAL_TERMS_DAYS
        return self._form(
            context,
            Form({}),
            number=invoices.next_number(),
            who=customer.label if customer else "",
            due_on=context.today + timedelta(days=terms),
        )

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        customer = meant_customer(fields, "who", required=True)
        added = _added(fields, context) if customer is None else None
        facts = self._facts(fields, context, customer.id if customer else 0)
        if facts is None:
            return self._form(context, fields)
        create = partial(invoice_actions.create_for_new, added) if added else invoice_actions.create
        try:
            invoice_id = create(facts, context.user, context.now, fields.confirmed())
        except CodeRefusedError as refused:
            fields.errors["who"] = str(refused)
            return self._form(context, fields)
        except invoice_changes.NumberTakenError as taken:
            fields.errors["number"] = str(taken)
            return self._form(context, fields, taken_by=taken.invoice_id)
        except (invoice_actions.InvoiceRefusedError, UnconfirmedError) as refused:
            _say(refused, fields)
            return self._form(context, fields)
        return self.pages.redirect(context, f"/invoices/{invoice_id}", flash=f"Invoice {facts.number} was entered.")

    def edit(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        line = invoices.existing(invoice_id, context.as_of())
        return self._form(context, Form({}), line.invoice, version=line.invoice.version, who=_who(line))

    def update(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        line = invoices.existing(invoice_id, context.as_of())
        fields = Form(context.form)
        seen = SeenVersion(invoice_id, fields.version())
        form = partial(self._form, context, fields, version=seen.version, who=_who(line))
        facts = self._facts(fields, context, line.invoice.customer_id, line.invoice.own_fields)
        if facts is None:
            return form(line.invoice)
        try:
            changed = invoice_actions.edit(seen, facts, context.user, context.now, fields.confirmed())
        except invoice_changes.NumberTakenError as taken:
            fields.errors["number"] = str(taken)
            return form(line.invoice, taken_by=taken.invoice_id)
        except (invoice_actions.InvoiceRefusedError, UnconfirmedError) as refused:
            _say(refused, fields)
            return form(line.invoice)
        except invoice_changes.InvoiceConflictError as meanwhile:
            found = meanwhile.invoice
            overtaken = _overtaken(context, found, facts, fields)
            return form(found, status=409, version=found.version, overtaken=overtaken)
        flash = f"Invoice {facts.number} was changed." if changed else "Nothing was different."
        return self.pages.redirect(context, f"/invoices/{invoice_id}", flash=flash)

    def change_status(self, context: RequestContext, invoice_id: int) -> HTTPResponse:
        line = invoices.existing(invoice_id, context.as_of())
        fields = Form(context.form)
        change = fields.choice("change", StatusChange)
        if change is None:
            raise NotFoundError("There is no such change.")
        reason = fields.text("reason", required=change is not StatusChange.SETTLE_DISPUTE)
        seen = SeenVersion(invoice_id, fields.version())
        if fields.errors:
            return self.page.again(context, invoice_id, change.value, fields)
        try:
            invoice_actions.change_status(change, reason, seen, context.user, context.now)
        except (invoice_actions.InvoiceRefusedError, invoice_changes.InvoiceConflictError) as refused:
            fields.errors["reason"] = f"{refused} Nothing was changed by you."
            return self.page.again(context, invoice_id, change.value, fields, 409)
        return self.pages.redirect(
            context, f"/invoices/{invoice_id}", flash=_FLASHES[change].format(line.invoice.number)
        )

    def _rows(self, context: RequestContext, search: InvoiceSearch, as_of: AsOf) -> Markup:
        """Write the rows of one page of the list once as long as nothing changes."""
        locale, picks = context.locale, context.user.may(Right.EXPORT)

        def write() -> Markup:
            lines = invoices.matching(search.wanted, as_of, search.order, page=search.page)
            rows = [_row(line, locale) for line in lines]
            return self.pages.part(locale, "invoices/_rows.html", rows=rows, picks=picks, as_of=search.as_of)

        asked = ("rows", search.wanted, as_of, search.order, search.page, search.as_of, locale, picks)
        return cache_fragment(asked, write)

    def _facts(
        self,
        fields: Form,
        context: RequestContext,
        customer_id: int,
        own_fields: Mapping[str, str] = MappingProxyType({}),
    ) -> InvoiceFacts | None:
        currency = fields.text("currency", required=True, longest=3).upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            fields.errors["currency"] = "Please write the three letters of a currency, such as USD."
        issued_on = fields.entered_day("issued_on")
        due_on = fields.entered_day("due_on")
        if issued_on and due_on and (sentence := why_not_due(issued_on, due_on)):
            fields.errors["due_on"] = sentence
        total = fields.amount("total", context.locale, required=True, currency=currency)
        number = fields.text("number", required=True, longest=60)
        ledger = fields.text("ledger", required=True, longest=60)
        texts = fields.plain(INVOICE)
        own = merged(own_fields, fields.own_fields())
        if ledger and not context.user.scope.covers(customer_id, ledger):
            fields.errors["ledger"] = "You do not see this ledger for this customer: choose one that you see."
        if fields.errors or issued_on is None or due_on is None or total is None:
            return None
        return InvoiceFacts(
            number=number,
            customer_id=customer_id,
            issued_on=issued_on,
            due_on=due_on,
            currency=currency,
            total_cents=total,
            ledger=ledger,
            draft=fields.checked("draft"),
            own_fields=own,
            **texts,
        )

    def _form(
        self,
        context: RequestContext,
        fields: Form,
        invoice: Invoice | None = None,
        *,
        status: int | None = None,
        **more: object,
    ) -> HTTPResponse:
        usual = {"number": "", "version": 0, "who": "", "overtaken": None, "taken_by": None, "due_on": context.today}
        return self.pages.show(
            context,
            "invoices/form.html",
            status=status,
            fields=fields,
            invoice=invoice,
            new_customer=_new_name(fields, context),
            currency=context.firm.currency,
            customers=() if invoice else customer_choice.all_choices(),
            currencies=invoices.currencies(),
            ledgers=invoices.ledgers(),
            usual_ledger=invoices.usual_ledger(),
            plain=plain(INVOICE),
            own=invoice.own_fields if invoice else {},
            labels={
                "who": "Customer",
                **{_NAMES.get(field.name, field.name): field.label for field in INVOICE},
                **fields.own_labels(),
            },
            **{**usual, **more},
        )


def _say(refused: invoice_actions.InvoiceRefusedError | UnconfirmedError, fields: Form) -> None:
    """Say beside its field what is refused or asked."""
    if isinstance(refused, UnconfirmedError):
        for question in refused.questions:
            fields.ask(question.confirmation, _NAMES.get(question.field, question.field), question.sentence)
    else:
        for refusal in refused.refusals:
            fields.errors[_NAMES.get(refusal.field, refusal.field)] = refusal.sentence


def _overtaken(context: RequestContext, saved: Invoice, typed: InvoiceFacts, fields: Form) -> OvertakenEdit:
    return overtaken_edit(
        asdict(saved), asdict(typed), fields, context.locale, saver=history.last_saver(saved.id), names=_NAMES
    )


def _row(line: ListedInvoice, locale: Locale) -> tuple[object, ...]:
    """Write each value as the reader does, in the order of `_rows.html`: a page has many, and a template is slow."""
    invoice, status = line.invoice, line.status.value
    return (
        invoice.id,
        invoice.number,
        line.customer_name,
        invoice.customer_id,
        invoice.issued_on.isoformat(),
        locale.day(invoice.issued_on),
        invoice.due_on.isoformat(),
        locale.day(invoice.due_on),
        locale.money(invoice.total_cents),
        locale.money(line.paid_cents),
        locale.money(line.balance_cents),
        line.balance_cents,
        invoice.currency,
        status.replace(" ", "-"),
        status.capitalize(),
        invoice.disputed,
        locale.number(line.days_late) if line.days_late else "",
    )


def _new_name(fields: Form, context: RequestContext) -> str:
    """Return the typed name if it is nobody's and could be added as a customer, else an empty text."""
    name = fields.typed.get("who", "")
    is_somebodys = name and (customer_choice.meant_by(name) or customer_choice.archived(name))
    return "" if is_somebodys or not context.user.may(Right.EDIT_CUSTOMERS) else name


def _added(fields: Form, context: RequestContext) -> Details | None:
    """Return the customer to add with the invoice, if the box for the name that was typed is ticked."""
    name = _new_name(fields, context)
    if not name or fields.typed.get("new_customer") != name:
        return None
    del fields.errors["who"]
    return Details(name, name)


def _excel_page(saved: list[View], search: InvoiceSearch) -> str:
    """Return where the list is used in Excel: the page of the view that it shows, else the one of all lists."""
    shown = next((view for view in saved if view.parameters == search.parameters), None)
    return f"/views/{shown.id}/excel" if shown else "/excel"


def _who(line: ListedInvoice) -> str:
    return f"{line.customer_name} ({line.customer_code})"
