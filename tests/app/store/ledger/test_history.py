"""What happened is told newest first: what people did, and what rows of workbooks brought."""

from datetime import UTC, date, datetime

import pytest
from support.ledgers import close_of
from support.records import a_user, an_import, an_imported_row, an_invoice

from app.store.access import audit
from app.store.db import tables
from app.store.db.transactions import transaction
from app.store.ledger import history

APPLIED = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def source(database):
    """An import that Ann applied."""
    return an_import("ledger.xlsx", uploaded_by=a_user(name="Ann").id, applied_at=APPLIED)


def test_an_invoice_remembers_the_cells_it_came_from(source):
    invoice = an_invoice("1")
    an_imported_row(source, invoice, tab="2025", row=17)
    an_imported_row(source, invoice, "changed", row=18, before='{"total_cents": 1}')

    first, second = history.of_invoice(invoice.id)

    assert (first.import_id, first.file_name, first.tab, first.row, first.at, first.actor) == (
        source.id, "ledger.xlsx", "2025", 17, APPLIED, "Ann",
    )  # fmt: skip
    assert (second.action, second.before) == ("changed", {"total_cents": 1})


def test_what_an_undone_import_brought_is_not_told(source):
    invoice = an_invoice("1")
    an_imported_row(source, invoice)
    tables.ImportModel.update(state="undone").execute()

    assert history.of_invoice(invoice.id) == []


def test_what_was_done_here_stands_among_what_was_imported(source, now):
    invoice = an_invoice("1")
    an_imported_row(source, invoice)
    with transaction():
        ann = a_user("bob@example.com", name="Bob")
        audit.append(ann, "invoice.edited", f"invoice:{invoice.id}", before={}, after={}, now=now)

    assert [one.actor for one in history.of_invoice(invoice.id)] == ["Bob", "Ann"]


def test_recent_deeds_name_what_they_were_done_to(source, now):
    invoice = an_invoice("A-1")
    tables.ImportModel.update(undone_at=now).execute()
    with transaction():
        ann = a_user("bob@example.com", name="Bob")
        audit.append(ann, "invoice.edited", f"invoice:{invoice.id}", before={}, after={}, now=now)

    done = history.latest(10, close_of(date(2026, 3, 2)))

    assert [getattr(one, "action", "") or one.entry.action for one in done] == [
        "invoice.edited", "import.undone", "import.applied",
    ]  # fmt: skip
    assert done[0].label == "A-1"


def test_what_happened_after_the_day_is_not_told_of_it(source, now):
    tables.ImportModel.update(undone_at=now).execute()

    assert [one.action for one in history.latest(10, close_of(date(2026, 2, 5)))] == ["import.applied"]
