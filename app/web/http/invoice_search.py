"""The filter, order and page of an invoice list, from the parameters of its URL."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from app.domain.ageing import Bucket
from app.domain.invoice import Status
from app.domain.periods import Period
from app.store.ledger.invoices import NEWEST_FIRST, OUTSTANDING, Filter, InvoiceOrder, Order
from app.web.http.forms import Form
from app.web.http.locales import Locale
from app.web.http.rendering import address

OUTSTANDING_WORD = "outstanding"
_BY_USE = (  # what is asked for most comes first
    Status.OVERDUE, Status.OPEN, Status.PARTIAL, Status.PAID, Status.DRAFT, Status.WRITTEN_OFF, Status.VOID,
)  # fmt: skip
STATUSES = [(OUTSTANDING_WORD, "Outstanding"), *((status.value, status.value.capitalize()) for status in _BY_USE)]
MEANT_BY = {OUTSTANDING_WORD: OUTSTANDING, **{status.value: frozenset({status}) for status in Status}}
_LATE = {
    Bucket.NOT_DUE: "not yet due",
    Bucket.TO_30: "1–30 days late",
    Bucket.TO_60: "31–60 days late",
    Bucket.TO_90: "61–90 days late",
    Bucket.OVER_90: "over 90 days late",
}
_NARROWING = tuple(
    "q status bucket customer ledger currency issued_in issued_from issued_to due_from due_to least most disputed "
    "import field value".split()
)


class Reader(Protocol):
    """The day and the formats by which parameters are read: those of a request, or of a saved view."""

    @property
    def today(self) -> date: ...

    @property
    def locale(self) -> Locale: ...


@dataclass(frozen=True, slots=True)
class InvoiceSearch:
    """`typed_filters` has the parameters that narrow the list, as typed."""

    wanted: Filter
    typed_filters: dict[str, str]
    day: date
    as_of: str
    order: Order
    page: int

    @classmethod
    def of(cls, fields: Form, context: Reader) -> "InvoiceSearch":
        day = fields.day("as_of", context.today)
        return cls(
            wanted=_wanted(fields, context.locale, day),
            typed_filters={name: fields.typed[name] for name in _NARROWING if fields.typed.get(name)},
            day=day,
            as_of="" if day == context.today else day.isoformat(),
            order=_order(fields.typed.get("sort", "")),
            page=fields.page(),
        )

    @property
    def is_narrowed(self) -> bool:
        return self.wanted != Filter()

    @property
    def sort(self) -> str:
        if self.order == NEWEST_FIRST:
            return ""
        return f"-{self.order.column}" if self.order.descending else str(self.order.column)

    @property
    def parameters(self) -> dict[str, str]:
        return {**self.typed_filters, **({"sort": self.sort} if self.sort else {})}

    def in_words(self, locale: Locale) -> list[str]:
        """Return what the fields of the list ask for, as people say it: “grani”, overdue."""
        wanted, typed = self.wanted, self.typed_filters
        period = typed.get("issued_in") if typed.get("issued_in") in list(Period) else None
        issued = () if period else ("issued_from", "issued_to")
        days = ((name, getattr(wanted, name)) for name in (*issued, "due_from", "due_to"))
        return [
            *([f"“{wanted.text}”"] if wanted.text else []),
            *([typed["status"]] if wanted.statuses else []),
            *([_LATE[wanted.bucket]] if wanted.bucket else []),
            *([f"ledger {wanted.ledger}"] if wanted.ledger else []),
            *([f"in {wanted.currency}"] if wanted.currency else []),
            *([f"issued {period}"] if period else []),
            *(f"{name.replace('_', ' ')} {locale.day(day)}" for name, day in days if day),
            *([f"total from {locale.money(wanted.least_cents)}"] if wanted.least_cents is not None else []),
            *([f"total to {locale.money(wanted.most_cents)}"] if wanted.most_cents is not None else []),
            *(["disputed"] if wanted.disputed else []),
        ]

    @property
    def refinements(self) -> int:
        return len(set(self.typed_filters) - {"q", "status"})

    def direction(self, column: InvoiceOrder) -> str:
        """Return "ascending" or "descending" if the list is ordered by the column, else an empty string."""
        if self.order.column is not column:
            return ""
        return "descending" if self.order.descending else "ascending"

    def ordered_by(self, column: InvoiceOrder) -> str:
        """Return the URL of the list ordered by the column, or reversed if it is ordered so already."""
        is_turned = self.order.column is column and not self.order.descending
        return self._address("/invoices", replace(self, order=Order(column, descending=is_turned)).sort)

    def on_page(self, page: int) -> str:
        return self._address("/invoices", self.sort, page=page if page > 1 else "")

    def export_as(self, kind: str) -> str:
        return self._address(f"/invoices.{kind}", self.sort)

    def without(self, *names: str) -> str:
        left = {name: text for name, text in self.typed_filters.items() if name not in names}
        return address("/invoices", **(left or {"all": "yes"}), as_of=self.as_of, sort=self.sort)

    def _address(self, path: str, sort: str, **more: object) -> str:
        narrowing = self.typed_filters or ({"all": "yes"} if path == "/invoices" else {})
        return address(path, **narrowing, as_of=self.as_of, sort=sort, **more)


def _wanted(fields: Form, locale: Locale, day: date) -> Filter:
    text = fields.text("q")
    issued_from, issued_to = _issued(fields, day)
    return Filter(
        text=text,
        text_cents=locale.cents_in(text),
        statuses=_statuses(fields),
        bucket=fields.choice("bucket", Bucket),
        customer_id=fields.id("customer") or None,
        ledger=fields.text("ledger"),
        currency=fields.text("currency", longest=3).upper(),
        issued_from=issued_from,
        issued_to=issued_to,
        due_from=fields.optional_day("due_from"),
        due_to=fields.optional_day("due_to"),
        least_cents=fields.amount("least", locale),
        most_cents=fields.amount("most", locale),
        disputed=True if fields.checked("disputed") else None,
        import_id=fields.id("import") or None,
        own_field=fields.text("field"),
        own_text=fields.text("value") if fields.typed.get("field") else "",
    )


def _issued(fields: Form, day: date) -> tuple[date | None, date | None]:
    """Return the days that lie in the period and between the two days, where these are given."""
    period, since, until = (
        fields.choice("issued_in", Period), fields.optional_day("issued_from"), fields.optional_day("issued_to"),
    )  # fmt: skip
    if period is None:
        return since, until
    first, last = period.bounds(day)
    return max(first, since or first), min(last, until or last)


def _statuses(fields: Form) -> frozenset[Status]:
    word = fields.typed.get("status", "")
    if word != OUTSTANDING_WORD:
        fields.choice("status", Status)
    return MEANT_BY.get(word, frozenset())


def _order(sort: str) -> Order:
    try:
        return Order(InvoiceOrder(sort.removeprefix("-")), descending=sort.startswith("-"))
    except ValueError:
        return NEWEST_FIRST
