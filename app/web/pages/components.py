"""The components page: every part of a page in every state, for developers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from bottle import HTTPResponse

from app.domain.invoice import Status
from app.store.ledger.imports import State
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.overtaken_edits import DifferingField, OvertakenEdit

_DAY = date(2026, 3, 2)
_LONG_NAME = "Österreichische Gesellschaft für Messtechnik & Söhne Nachfolger Aktiengesellschaft"
_MONTHS = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(3, 15)]

_OVERTAKEN = OvertakenEdit(
    "Bea",
    datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    [
        DifferingField("untouched-amount", "amount", "1,200.00", "1,234.50"),
        DifferingField("untouched-notes", "notes", _LONG_NAME, "nothing"),
    ],
)


@dataclass(frozen=True, slots=True)
class Components:
    """Served in development only."""

    pages: Pages

    def show(self, context: RequestContext) -> HTTPResponse:
        return self.pages.show(
            context,
            "components/show.html",
            day=_DAY,
            statuses=list(Status),
            states=list(State),
            untouched=Form({}),
            refused=_refused(),
            overtaken=_OVERTAKEN,
            long_name=_LONG_NAME,
            customers=["Miller & Co", _LONG_NAME, "Nguyen", "株式会社サンプル", "Zoë’s Bakery"],
            months=[context.locale.month(month) for month in _MONTHS],
        )


def _refused() -> Form:
    typed = {"name": "", "amount": "1,2,3", "paid_on": "31.02.26", "method": "cash", "notes": "Two\nlines"}
    fields = Form(typed)
    fields.errors = {
        "name": "Please fill this in.",
        "amount": "“1,2,3” is not an amount. Write it like 1,234.50.",
        "paid_on": "“31.02.26” is not a day; please write it like 2026-12-31.",
        "method": "Please choose one of the list.",
        "notes": "Please use at most 5 characters.",
        "draft": "A draft cannot be paid.",
    }
    return fields
