"""Customers: the list that can be searched and ordered, one customer with all that is known, and changes to it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from bottle import HTTPResponse

from app.actions import customers as customer_actions
from app.domain import account
from app.domain.account import Account, AccountOrder
from app.domain.ageing import Ageing, ageing_by_currency, nothing_owed
from app.domain.as_of import AsOf
from app.domain.fields import CUSTOMER, plain
from app.domain.own_fields import merged
from app.domain.paging import page_count, page_of
from app.domain.payment import Payment
from app.domain.payment_habit import LEAST_SETTLED, Expectation
from app.domain.periods import days_up_to, months_up_to
from app.domain.settlement import WINDOW_DAYS, days_sales_outstanding
from app.domain.turnover import Turnover, by_month, invoiced
from app.store.access import audit_entries
from app.store.ledger import customers, invoices, payment_batches, positions, turnover
from app.store.ledger.customers import CodeRefusedError, Customer, CustomerConflictError, Details
from app.store.ledger.invoices import LONGEST_DUE_FIRST, OUTSTANDING, Filter
from app.web.http.downloads import export, written_list
from app.web.http.forms import Form
from app.web.http.rendering import Pages, address
from app.web.http.request_context import RequestContext
from app.web.pages.audit_messages import audit_message
from app.web.pages.overtaken_edits import overtaken_edit
from app.web.pages.receivables.invoice_page import UNDONE
from app.workbook.writing import customer_list

_SAVES = {"customer.created", "customer.edited"}
_MOST_OPEN = 20
_MOST_TERMS = 730
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class CustomerSearch:
    """`is_owing` says that the list is narrowed to who owes something: unless everybody, or somebody, is asked for."""

    text: str
    archived: bool
    settled: bool
    is_owing: bool
    day: date
    as_of: str
    column: AccountOrder
    descending: bool
    page: int

    @classmethod
    def of(cls, context: RequestContext, fields: Form) -> "CustomerSearch":
        day = fields.day("as_of", context.today)
        sort = fields.typed.get("sort", "")
        try:
            column = AccountOrder(sort.removeprefix("-"))
        except ValueError:
            column, sort = AccountOrder.NAME, ""
        text, archived, settled = fields.text("q"), fields.checked("archived"), fields.checked("settled")
        return cls(
            text=text,
            archived=archived,
            settled=settled,
            is_owing=not (text or archived or settled),
            day=day,
            as_of="" if day == context.today else day.isoformat(),
            column=column,
            descending=sort.startswith("-"),
            page=fields.page(),
        )

    def direction(self, column: AccountOrder) -> str:
        if self.column is not column:
            return ""
        return "descending" if self.descending else "ascending"

    def ordered_by(self, column: AccountOrder) -> str:
        """Return the address of the list in the order of the column: names from A, figures from the largest."""
        begins = column not in {AccountOrder.NAME, AccountOrder.CODE}
        descending = not self.descending if self.column is column else begins
        return replace(self, column=column, descending=descending, page=1).address()

    def on_page(self, page: int) -> str:
        return replace(self, page=page).address()

    def exported(self, kind: str) -> str:
        return replace(self, page=1).address(f"/customers.{kind}")

    @property
    def sort(self) -> str:
        if self.column is AccountOrder.NAME and not self.descending:
            return ""
        return f"-{self.column}" if self.descending else str(self.column)

    def address(self, path: str = "/customers") -> str:
        return address(
            path,
            q=self.text,
            archived="yes" if self.archived else "",
            settled="yes" if self.settled else "",
            as_of=self.as_of,
            sort=self.sort,
            page=self.page if self.page > 1 else "",
        )


@dataclass(frozen=True, slots=True)
class Customers:
    pages: Pages

    def index(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.query)
        search = CustomerSearch.of(context, fields)
        found = self._found(context, search)
        listed = page_of(found, search.page)
        return self.pages.show(
            context,
            "customers/index.html",
            fields=fields,
            day=search.day,
            search=search,
            columns=AccountOrder,
            accounts=listed,
            oldest=_oldest_days_late(context.as_of(search.day), listed),
            count=len({one.customer_id for one in found}),
            pages=page_count(len(found)),
            is_narrowed=search.is_owing and any(one.position.outstanding_cents for one in found),
            is_empty=not found and not customers.exist(),
        )

    def export(self, context: RequestContext, kind: str) -> HTTPResponse:
        search = CustomerSearch.of(context, Form(context.query))
        found = self._found(context, search)
        headers, rows = customer_list.table(found, customers.details_of_all())
        content = written_list(kind, "Customers", headers, rows)
        return export(context, "customers", content, f"customers-{search.day.isoformat()}.{kind}", len(rows))

    def show(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        customer = customers.existing(customer_id)
        fields = Form(context.query)
        day = fields.day("as_of", context.today)
        as_of = context.as_of(day)
        as_of_parameter = "" if day == context.today else day.isoformat()
        owed = Filter(statuses=OUTSTANDING, customer_id=customer_id)
        habit = customers.habit_of(customer_id, as_of)
        return self.pages.show(
            context,
            "customers/show.html",
            fields=fields,
            day=day,
            as_of=as_of_parameter,
            customer=customer,
            plain=plain(CUSTOMER),
            summaries=self._summaries(customer_id, as_of, as_of_parameter, context.firm.currency),
            habit=habit,
            settled=habit.settled if habit else customers.settled_count(customer_id, as_of),
            least_settled=LEAST_SETTLED,
            expectations=Expectation,
            lines=invoices.matching(owed, as_of, LONGEST_DUE_FIRST, length=_MOST_OPEN),
            credits=invoices.matching(Filter(customer_id=customer_id, has_credit=True), as_of, LONGEST_DUE_FIRST),
            open_count=sum(one.invoices for one in invoices.totals(owed, as_of)),
            history=[
                audit_message(entry, context.locale) for entry in audit_entries.of_subject(f"customer:{customer_id}")
            ],
            recorded=_just_recorded(context, customer_id, as_of),
            undone=UNDONE,
        )

    def new(self, context: RequestContext) -> HTTPResponse:
        return self._form(context, Form({}), None)

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        details = _details(fields, None)
        if not fields.errors:
            with fields.refusal_at("code", CodeRefusedError):
                customer_id = customer_actions.create(details, context.user, context.now)
                return self.pages.redirect(context, f"/customers/{customer_id}", flash=f"{details.name} was added.")
        return self._form(context, fields, None)

    def edit(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        return self._form(context, Form({}), customers.existing(customer_id))

    def update(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        """Where somebody else was quicker, show what they saved beside what was typed."""
        customer = customers.existing(customer_id)
        fields = Form(context.form)
        version = fields.version()
        details = _details(fields, customer.details)
        if not fields.errors:
            try:
                customer_actions.edit(customer_id, version, details, context.user, context.now)
                return self.pages.redirect(context, f"/customers/{customer_id}", flash=f"{details.name} was saved.")
            except CustomerConflictError as changed:
                return self._conflict(context, fields, changed.current, details)
            except CodeRefusedError as taken:
                fields.errors["code"] = str(taken)
        return self._form(context, fields, customer, version=version)

    def archive(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        customer = customers.existing(customer_id)
        customer_actions.archive(customer_id, context.user, context.now)
        return self.pages.redirect(context, f"/customers/{customer_id}", flash=f"{customer.details.name} is archived.")

    def unarchive(self, context: RequestContext, customer_id: int) -> HTTPResponse:
        customer = customers.existing(customer_id)
        customer_actions.unarchive(customer_id, context.user, context.now)
        flash = f"{customer.details.name} is no longer archived."
        return self.pages.redirect(context, f"/customers/{customer_id}", flash=flash)

    def _found(self, context: RequestContext, search: CustomerSearch) -> list[Account]:
        own = customers.with_own_field(search.text) if search.text else frozenset()
        accounts = customers.accounts(context.as_of(search.day))
        found = account.matching(accounts, search.text, archived=search.archived, also=own)
        if search.is_owing:
            found = account.owing(found)
        return account.in_order(found, search.column, descending=search.descending)

    def _summaries(self, customer_id: int, as_of: AsOf, as_of_parameter: str, usual: str) -> list[dict[str, Any]]:
        months = months_up_to(as_of.day, _MONTHS)
        days = turnover.by_day(as_of, min(months[0], days_up_to(as_of.day, WINDOW_DAYS)), customer_id)
        ageings = {
            one.currency: one for one in ageing_by_currency(customers.balances_of(customer_id, as_of), as_of.day)
        }
        codes = sorted({*ageings, *(one.currency for one in days)}) or customers.currencies_of(customer_id)[:1]
        codes.sort(key=lambda code: code != usual)
        return [
            _summary(customer_id, ageings.get(code) or nothing_owed(code, as_of.day), days, as_of, as_of_parameter)
            for code in codes
        ]

    def _form(
        self,
        context: RequestContext,
        fields: Form,
        customer: Customer | None,
        *,
        status: int | None = None,
        **more: object,
    ) -> HTTPResponse:
        return self.pages.show(
            context,
            "customers/form.html",
            status=status,
            fields=fields,
            customer=customer,
            details=customer.details if customer else Details("", ""),
            plain=plain(CUSTOMER),
            own=customer.details.own_fields if customer else {},
            labels={**{field.name: field.label for field in CUSTOMER}, **fields.own_labels()},
            **{"version": customer.version if customer else 0, "overtaken": None, **more},
        )

    def _conflict(self, context: RequestContext, fields: Form, current: Customer, typed: Details) -> HTTPResponse:
        # The last to save it, nobody where that was an import.
        entries = audit_entries.of_subject(f"customer:{current.id}")
        latest = next((entry for entry in entries if entry.action in _SAVES), None)
        saver = (latest.actor, latest.at) if latest and latest.actor else None
        saved = asdict(current.details)
        overtaken = overtaken_edit(saved, asdict(typed), fields, context.locale, saver=saver, names={})
        return self._form(context, fields, current, status=409, overtaken=overtaken)


def _oldest_days_late(as_of: AsOf, accounts: Iterable[Account]) -> dict[tuple[int, str], int]:
    """Return how late the oldest of what is overdue is, by customer and currency."""
    late = {one.customer_id for one in accounts if one.position.overdue_cents}
    return {key: (as_of.day - due_on).days for key, due_on in positions.oldest_overdue(as_of, late).items()}


def _summary(
    customer_id: int, ageing: Ageing, days: tuple[Turnover, ...], as_of: AsOf, as_of_parameter: str
) -> dict[str, Any]:
    own = [one for one in days if one.currency == ageing.currency]
    sales = invoiced(own, days_up_to(as_of.day, WINDOW_DAYS), as_of.day)
    months = by_month(own, months_up_to(as_of.day, _MONTHS), as_of.day)
    common = {"customer": customer_id, "currency": ageing.currency, "as_of": as_of_parameter}
    return {
        "ageing": ageing,
        "days_sales_outstanding": days_sales_outstanding(ageing.outstanding_cents, sales),
        "months": months,
        "buckets": [address("/invoices", bucket=bucket, **common) for bucket in ageing.buckets],
        "issues": [address("/invoices", issued_from=one.first, issued_to=one.last, **common) for one in months],
    }


def _just_recorded(context: RequestContext, customer_id: int, as_of: AsOf) -> list[Payment]:
    """Return the customer's payments that were recorded at once just before this page, as long as none is voided."""
    wanted = Form(context.query).id("recorded")
    if not wanted:
        return []
    try:
        together = payment_batches.of_payment(wanted)
    except LookupError:
        return []
    line = invoices.get(together[0].invoice_id, as_of)
    is_ours = line is not None and line.invoice.customer_id == customer_id
    return together if is_ours and not any(payment.voided_at for payment in together) else []


def _details(fields: Form, stored: Details | None) -> Details:
    """Read the form; an e-mail address that was stored before may stay as it is."""
    email = fields.text("email", longest=255)
    if email and "@" not in email and (stored is None or email != stored.email):
        fields.errors["email"] = "An e-mail address has an @ in it."
    return Details(
        code=" ".join(fields.text("code", required=True, longest=255).split()),
        name=" ".join(fields.text("name", required=True, longest=255).split()),
        email=email,
        terms_days=fields.whole_number("terms_days", None, least=0, most=_MOST_TERMS, unit=" of days"),
        own_fields=merged(stored.own_fields if stored else {}, fields.own_fields()),
        **fields.plain(CUSTOMER),
    )
