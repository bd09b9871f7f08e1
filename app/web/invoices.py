"""Invoices: the list that can be searched, filtered and ordered, and one invoice with all that is known of it."""

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from bottle import HTTPResponse

from app.domain.ageing import Bucket
from app.domain.as_of import AsOf
from app.domain.invoice import Status
from app.store import invoices
from app.store.invoices import NEWEST_FIRST, PAGE_LENGTH, Column, Filter, Order
from app.web.forms import Fields, cents_in
from app.web.refusals import NotFoundError
from app.web.rendering import Pages, address
from app.web.visits import Visit

OUTSTANDING = "outstanding"

_OUTSTANDING_STATUSES = frozenset({Status.OPEN, Status.PARTIAL, Status.OVERDUE})
_MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Search:
    """What a list shows, as its address says it."""

    wanted: Filter
    status: str
    as_of: str
    order: Order
    page: int

    def ordered_by(self, column: Column) -> str:
        """Return the address of the list in the order of the column, turned round when it is so already."""
        is_turned = self.order.column is column and not self.order.descending
        return self._address(order=Order(column, descending=is_turned), page=1)

    def on_page(self, page: int) -> str:
        """Return the address of another page of the list."""
        return self._address(order=self.order, page=page)

    @property
    def sort(self) -> str:
        """Return the order as the address says it, nothing when it is the usual one."""
        return _sort(self.order)

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything but the day was asked for."""
        return self.wanted != Filter()

    def _address(self, order: Order, page: int) -> str:
        return address(
            "/invoices",
            q=self.wanted.text,
            status=self.status,
            bucket=self.wanted.bucket,
            currency=self.wanted.currency,
            as_of=self.as_of,
            sort=_sort(order),
            page=page if page > 1 else "",
        )


@dataclass(frozen=True, slots=True)
class Invoices:
    """Shows invoices as they stood at the end of a day."""

    pages: Pages
    zone: ZoneInfo

    def index(self, visit: Visit) -> HTTPResponse:
        """Answer with one page of the invoices that match, and the sums of all that do."""
        fields = Fields(visit.query)
        day = fields.day("as_of", visit.today)
        search = _search(fields, day, visit.today)
        as_of = AsOf.end_of(day, self.zone)
        totals = invoices.totals(search.wanted, as_of)
        count = sum(total.invoices for total in totals)
        return self.pages.show(
            visit,
            "invoices/index.html",
            status=422 if fields.errors else 200,
            fields=fields,
            day=day,
            search=search,
            lines=invoices.matching(search.wanted, as_of, search.order, page=search.page),
            totals=totals,
            count=count,
            pages=ceil(count / PAGE_LENGTH),
            issued_later=invoices.issued_later(search.wanted, as_of),
            currencies=invoices.currencies(),
            is_empty=not count and not invoices.exist(),
            **_CHOICES,
        )

    def show(self, visit: Visit, invoice_id: int) -> HTTPResponse:
        """Answer with one invoice, its payments, and where both came from."""
        fields = Fields(visit.query)
        day = fields.day("as_of", visit.today)
        as_of = AsOf.end_of(day, self.zone)
        line = invoices.get(invoice_id, as_of)
        if line is None:
            raise NotFoundError("There is no such invoice.")
        return self.pages.show(
            visit,
            "invoices/show.html",
            status=422 if fields.errors else 200,
            fields=fields,
            day=day,
            line=line,
            origin=invoices.origin_of(invoice_id),
            receipts=invoices.payments_of(invoice_id, as_of),
        )


_CHOICES: dict[str, Any] = {
    "statuses": [(OUTSTANDING, "Outstanding"), *((status.value, status.value.capitalize()) for status in Status)],
    "buckets": list(Bucket),
    "columns": Column,
}


def _search(fields: Fields, day: date, today: date) -> Search:
    text = fields.text("q")
    status, statuses = _statuses(fields)
    wanted = Filter(
        text=text,
        text_cents=cents_in(text),
        statuses=statuses,
        bucket=fields.choice("bucket", Bucket),
        currency=fields.text("currency", longest=3).upper(),
    )
    return Search(
        wanted=wanted,
        status=status,
        as_of="" if day == today else day.isoformat(),
        order=_order(fields.typed.get("sort", "")),
        page=fields.whole_number("page", 1, most=_MOST_PAGES),
    )


def _statuses(fields: Fields) -> tuple[str, frozenset[Status]]:
    if fields.typed.get("status") == OUTSTANDING:
        return OUTSTANDING, _OUTSTANDING_STATUSES
    status = fields.choice("status", Status)
    return (status.value, frozenset({status})) if status else ("", frozenset())


def _order(sort: str) -> Order:
    try:
        return Order(Column(sort.removeprefix("-")), descending=sort.startswith("-"))
    except ValueError:
        return NEWEST_FIRST


def _sort(order: Order) -> str:
    if order == NEWEST_FIRST:
        return ""
    return f"-{order.column}" if order.descending else str(order.column)
