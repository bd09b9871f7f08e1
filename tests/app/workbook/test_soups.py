"""Whatever stands in the cells, a workbook is read to its last row or refused in a sentence."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from support.workbooks import CUSTOMERS, INVOICES, NOTHING_STORED, PAYMENTS, Shown, check, in_excel

from app.workbook import difference
from app.workbook.difference import Decisions
from app.workbook.preview import Preview
from app.workbook.reading.cells import Duration, ErrorValue, Merged, UncalculatedFormula
from app.workbook.reading.refusal import WorkbookRefusedError

WORDS = st.sampled_from(
    "Total|Subtotal|Acme|Bolt|C1|1|2|1001|paid|Paid|Void|Yes|no|03/04/2026|23/04/2026|1.234|1,50|(5)|€5|$7|soon|n/a|-|"
    "Invoice No|Amount|=1+1|Net 30".split("|")
)
CELLS = st.one_of(
    st.none(),
    WORDS,
    st.text(max_size=8),
    st.integers(-5, 50_000),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6),
    st.booleans(),
    st.datetimes(in_excel(1899, 1, 1), in_excel(2200, 1, 1)),
    st.sampled_from([date(2026, 1, 5), date(2026, 2, 4)]),
    st.builds(ErrorValue, st.just("#REF!")),
    st.builds(Duration, st.just("1:00")),
    st.builds(UncalculatedFormula),
    st.builds(Shown, st.integers(0, 99), st.sampled_from(["000", "0%", "$0", '"X-"000', "[$kr-41D]0"])),
    st.builds(Merged, WORDS),
)
TRACKER = [*INVOICES, "Paid", "Balance", "Paid On", "Status", "Terms", "Currency", "Disputed", "Notes"]
HEADERS = st.sampled_from([CUSTOMERS, INVOICES, PAYMENTS, TRACKER, ["Name", "E-mail"], [], ["x", "y"]])
# Rows that begin well get further than noise does.
ROWS = st.lists(
    st.one_of(
        st.lists(CELLS, max_size=14),
        st.tuples(WORDS, WORDS, st.just(date(2026, 1, 5)), st.just(date(2026, 2, 4)), CELLS, CELLS, CELLS).map(list),
    ),
    max_size=7,
)
TABS = st.dictionaries(
    st.sampled_from(["Invoices", "Payments", "Customers", "2026", "Open"]),
    st.tuples(HEADERS, ROWS).map(lambda pair: [pair[0], *pair[1]]),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400)
@given(TABS, st.booleans())
def test_any_cells_are_read_to_the_last_row_or_refused(tabs, answered):
    answers = {"dates": "dmy", "decimal": "point", "terms": 30, "undated": "due"} if answered else {}

    try:
        checked = check(tabs, **answers)
    except WorkbookRefusedError:
        return

    found = difference.compare(checked, NOTHING_STORED, ZoneInfo("UTC"), Decisions())
    preview = Preview.of(checked, found)
    counts = preview.counts
    read = sum(tab.rows for tab in checked.tabs)
    assert read == sum(counts[name] for name in ("new", "changed", "unchanged", "conflict", "error"))
    assert all(isinstance(record.values["issued_on"], date) for record in checked.invoices)
    assert all(isinstance(record.values["amount_cents"], int) for record in checked.payments)
    assert all(isinstance(record.values["total_cents"], int) for record in checked.invoices)
    assert not any(isinstance(value, Decimal) for record in checked.invoices for value in record.values.values())
    assert checked.error_rows or not checked.problems
    assert Preview.from_json(preview.to_json()).digest == preview.digest
