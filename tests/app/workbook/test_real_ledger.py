"""A public ledger of 2,466 invoices comes to its true figures from every shape in which it is written.

The file is not ours and not in the repository: without it beside the checkout these tests are left out.
"""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest
from support.layouts import Layout, Owed, Paid, written
from support.workbooks import check

SOURCE = Path(__file__).parents[4] / "shared" / "data" / "accounts-receivable.csv"
AS_OF = date(2013, 6, 30)
OUTSTANDING = 511985
LAYOUTS = {
    "three lists": Layout(),
    "payments below": Layout("de", "below"),
    "payments beside": Layout("fr", "beside"),
    "paid in the row": Layout("es", "paid"),
    "what is open in the row": Layout("it", "balance", pick=2),
    "paid and open": Layout("nl", "both", pick=1),
    "a status": Layout("pt", "status"),
    "by year": Layout("sv", "both", by_year=True),
    "two lines": Layout("en", "paid", two_lines=True, titled=True),
    "texts with commas": Layout("da", "both", texts="comma"),
    "texts with points": Layout("pl", "balance", texts="point", totalled=True),
    "another order": Layout("en", "both", pick=1, order=(6, 5, 0, 4, 3, 2, 1), titled=True, totalled=True),
    "unpaid amounts": Layout("de", "balance", pick=2, by_year=True, noise=True),
    "impayé": Layout("fr", "balance", pick=1, totalled=True),
}

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="the public ledger is not beside the checkout")


def ledger():
    found = []
    for row in csv.DictReader(SOURCE.read_text(encoding="utf-8").splitlines()):
        issued, due, settled = (day(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
        if issued <= AS_OF:
            cents = round(float(row["InvoiceAmount"]) * 100)
            paid = (Paid(settled, cents),) if settled <= AS_OF else ()
            found.append(Owed(row["invoiceNumber"], row["customerID"], issued, due, cents, 0, paid))
    return found


def day(text):
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  # a day has no zone


@pytest.mark.parametrize("shape", LAYOUTS)
def test_the_true_figure_is_read_from_every_shape(shape):
    checked = check(written(ledger(), LAYOUTS[shape]), undated="due")

    assert [question.text for question in checked.questions] == []
    assert [problem.message for problem in checked.problems] == []
    invoiced = sum(one.values["total_cents"] for one in checked.invoices)
    assert invoiced - sum(one.values["amount_cents"] for one in checked.payments) == OUTSTANDING
