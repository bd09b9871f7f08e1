"""However a ledger is laid out, its figures are read to the cent or asked about, never wrong."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.layouts import LANGUAGES, Layout, Owed, Paid, written
from support.workbooks import check

from app.workbook.reading.refusal import WorkbookRefusedError

TODAY = date(2026, 6, 30)
NAMES = ["Harbour Bakery", "Quince & Co", "Juniper Studio", "Nordwind Optik"]


@st.composite
def invoices(draw, place):
    issued = draw(st.dates(date(2025, 1, 1), date(2026, 5, 1)))
    net = draw(st.integers(1, 900_000))
    one = Owed(
        f"A-{100 + place}",
        draw(st.sampled_from(NAMES)),
        issued,
        issued + timedelta(days=draw(st.integers(0, 60))),
        net,
        net * draw(st.sampled_from([0, 7, 19, 20, 25])) // 100,
    )
    parts = draw(st.sampled_from(["none", "half", "whole", "whole"]))
    amount = {"none": 0, "half": one.total // 2, "whole": one.total}[parts]
    if not amount:
        return one
    day = issued + timedelta(days=draw(st.integers(0, 50)))
    return Owed(one.number, one.customer, one.issued, one.due, one.net, one.tax, (Paid(day, amount),))


LEDGERS = st.integers(1, 6).flatmap(lambda count: st.tuples(*(invoices(place) for place in range(count)))).map(list)
LAYOUTS = st.builds(
    Layout,
    language=st.sampled_from(sorted(LANGUAGES)),
    told=st.sampled_from(["payments", "beside", "below", "paid", "balance", "both", "status"]),
    pick=st.integers(0, 3),
    order=st.permutations(range(11)).map(tuple),
    with_tax=st.booleans(),
    two_lines=st.booleans(),
    titled=st.booleans(),
    totalled=st.booleans(),
    by_year=st.booleans(),
    texts=st.sampled_from(["", "", "point", "comma"]),
    noise=st.booleans(),
    negative_payments=st.booleans(),
)


def read(tabs):
    """Return what is left of each invoice, None where the workbook is asked about or refused."""
    try:
        checked = check(tabs, undated="due")
    except WorkbookRefusedError:
        return None
    if checked.questions or checked.problems:
        return None
    left = Counter({one.values["number"]: one.values["total_cents"] for one in checked.invoices})
    for payment in checked.payments:
        number = next(one.values["number"] for one in checked.invoices if one.key == payment.key)
        left[number] -= payment.values["amount_cents"]
    return dict(left)


def owed(ledger, layout):
    """Return what is left of each invoice, as far as the layout says it: a status knows no parts."""
    if layout.told == "status":
        return {one.number: one.total if one.left else 0 for one in ledger}
    return {one.number: one.left for one in ledger}


@settings(max_examples=400)
@given(LEDGERS, LAYOUTS)
def test_a_ledger_in_any_layout_is_read_to_the_cent_or_asked_about(ledger, layout):
    found = read(written(ledger, layout))

    assert found is None or found == owed(ledger, layout)
