"""What happens to money when workbooks are corrected, undone in the middle, or worked on twice."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from support.records import a_payment, a_user
from support.workbooks import INVOICES, PAYMENTS, an_importer, apply, files_of, say_nothing, workbook

from app.actions import imports as import_actions
from app.actions import invoices as invoice_actions
from app.actions.imports import NotNowError
from app.domain.as_of import AsOf
from app.domain.invoice import InvoiceFacts
from app.domain.sentences import plain
from app.store.db.tables import InvoiceModel, PaymentModel
from app.store.ledger import imports, invoices
from app.store.ledger.imports import State
from app.store.ledger.invoice_changes import SeenVersion
from app.workbook.difference import Decisions, Resolution
from app.workbook.importing import Importer
from app.workbook.preview import Choices

JAN_5, FEB_9 = date(2026, 1, 5), date(2026, 2, 9)
ISSUED, DUE = date(2026, 1, 2), date(2026, 2, 1)


def tracker(paid, paid_on):
    return {"Tracker": [[*INVOICES, "Paid", "Paid On"], ["A1", "Acme", ISSUED, DUE, 400, paid, paid_on]]}


def listed(*payments, tab="Payments", headers=PAYMENTS):
    return {"Invoices": [INVOICES, ["A1", "Acme", ISSUED, DUE, 400]], tab: [headers, *payments]}


@pytest.fixture
def bring(sqlite, tmp_path):
    """Import these tabs on a day and return the import's number."""

    def brought(tabs, day=2, choices=None):
        importer = an_importer(tmp_path / "data", now=datetime(2026, 3, day, 9, tzinfo=UTC))
        return apply(importer, workbook(tmp_path, tabs, name=f"{len(imports.newest_first())}.xlsx"), choices)

    return brought


def paid_as_of(day):
    line = invoices.get(InvoiceModel.get(number="A1").id, AsOf.end_of(day, ZoneInfo("UTC")))
    return Decimal(line.paid_cents) / 100


@pytest.mark.parametrize("day", [JAN_5, date(2026, 2, 15), date(2026, 3, 1), date(2026, 3, 31)])
def test_a_corrected_payment_counts_once_on_every_day(bring, day):
    bring(tracker(100, JAN_5), day=1)

    bring(tracker(120, JAN_5), day=20)

    assert paid_as_of(day) == 120


def test_a_column_that_is_added_to_the_payments_doubles_none_of_them(bring):
    bring(listed(["A1", JAN_5, 50]), day=1)

    bring(listed(["A1", JAN_5, 50, "Card"], headers=[*PAYMENTS, "Method"]), day=20)

    assert paid_as_of(date(2026, 2, 15)) == 50


def test_a_sheet_of_this_months_payments_leaves_last_months_alone(bring):
    bring(listed(["A1", JAN_5, 50]))

    bring(listed(["A1", FEB_9, 70]))

    assert paid_as_of(date(2026, 3, 31)) == 120


def test_an_equal_instalment_in_another_tab_is_another_payment(bring):
    bring(listed(["A1", JAN_5, 50], tab="Payments Jan"))

    bring(listed(["A1", FEB_9, 50], tab="Payments Feb"))

    assert paid_as_of(date(2026, 3, 31)) == 100


def test_a_payment_that_was_edited_in_its_place_is_the_same_payment(bring):
    bring(listed(["A1", JAN_5, 50]))

    bring(listed(["A1", JAN_5, 55]))

    assert paid_as_of(date(2026, 3, 31)) == 55


def test_a_payment_that_was_edited_further_down_a_grown_list_is_the_same_payment(bring):
    bring(listed(["A1", JAN_5, 50], ["A1", FEB_9, 70]))

    bring(listed(["A1", date(2026, 1, 3), 10], ["A1", JAN_5, 50], ["A1", FEB_9, 75]))

    assert paid_as_of(date(2026, 3, 31)) == 135


@pytest.mark.parametrize("tabs", [tracker(50, JAN_5), listed(["A1", JAN_5, 50])], ids=["tracker", "list"])
def test_a_payment_that_was_voided_in_the_app_stays_void_when_the_sheet_comes_again(bring, tmp_path, tabs):
    bring(tabs)
    PaymentModel.update(voided_at=datetime(2026, 3, 3, tzinfo=UTC), void_reason="bounced").execute()

    preview = an_importer(tmp_path / "data").examine(workbook(tmp_path, tabs), Choices(), say_nothing).preview

    assert preview.writes == 0


def test_an_import_is_not_undone_below_a_later_one_that_paid_the_same_invoice_anew(bring, tmp_path):
    bring(tracker(100, JAN_5), day=1)
    middle = bring(tracker(None, None), day=5)
    bring(tracker(100, JAN_5), day=9)

    with pytest.raises(NotNowError) as refused:
        import_actions.undo(an_importer(tmp_path / "data"), middle)

    assert tuple(map(plain, refused.value.reasons)) == (
        "Invoice A1 has a payment of 100.00 on 2026-01-05 that did not come from this import.",
    )
    assert paid_as_of(date(2026, 3, 31)) == 100


def test_an_import_is_not_undone_below_a_later_one_that_added_to_its_payment(bring, tmp_path):
    bring(tracker(100, JAN_5), day=1)
    middle = bring(tracker(200, FEB_9), day=5)
    bring(tracker(300, date(2026, 3, 8)), day=9)

    with pytest.raises(NotNowError):
        import_actions.undo(an_importer(tmp_path / "data"), middle)

    assert paid_as_of(date(2026, 3, 31)) == 300


def test_an_import_that_gave_an_invoice_to_another_customer_can_be_undone(bring, tmp_path):
    first = {"Invoices": [INVOICES, ["A1", "Acme 1", ISSUED, DUE, 400]]}
    bring(first, day=1)
    moved = bring({"Invoices": [INVOICES, ["A1", "Beta 2", ISSUED, DUE, 400]]}, day=5)

    import_actions.undo(an_importer(tmp_path / "data"), moved)

    assert InvoiceModel.get().customer.name == "Acme 1"


def test_a_workbook_with_an_empty_list_of_payments_tells_them_in_its_rows(bring):
    bring({**tracker(400, JAN_5), "Payments": [PAYMENTS]})

    assert paid_as_of(date(2026, 3, 31)) == 400


def test_taking_the_workbooks_side_where_it_cannot_be_taken_is_not_called_stored(bring, tmp_path):
    bring(tracker(0, None))
    a_payment(1, 100_00, paid_on=JAN_5, recorded_at=datetime(2026, 1, 5, tzinfo=UTC))
    take = Choices(decisions=Decisions(Resolution.TAKE))

    preview = an_importer(tmp_path / "data").examine(workbook(tmp_path, tracker(60, FEB_9)), take, say_nothing).preview

    assert preview.why_not(take) == (
        "There is nothing to import: the conflicts keep what the app has, the rest is stored already."
    )


def test_taking_the_workbooks_side_records_what_it_has_beyond_the_apps_payments(bring):
    bring(tracker(0, None))
    a_payment(1, 100_00, paid_on=JAN_5, recorded_at=datetime(2026, 1, 5, tzinfo=UTC))

    bring(tracker(300, FEB_9), day=9, choices=Choices(decisions=Decisions(Resolution.TAKE)))

    assert paid_as_of(date(2026, 2, 1)) == 100
    assert paid_as_of(date(2026, 3, 31)) == 300


def test_an_import_that_somebody_else_has_applied_meanwhile_is_left_applied(importer_anywhere, tmp_path):
    content = workbook(tmp_path, tracker(100, JAN_5)).read_bytes()
    import_id = import_actions.receive(importer_anywhere, io.BytesIO(content), "a.xlsx", None)
    import_actions.preview(importer_anywhere, import_id)
    imports.claim(import_id, (State.PREVIEWED,), State.APPLYING)
    import_actions.apply(importer_anywhere, import_id)

    import_actions.preview(importer_anywhere, import_id)

    assert imports.get(import_id).state is State.APPLIED
    assert InvoiceModel.select().count() == 1


def test_an_import_that_waits_to_be_read_can_be_discarded(importer, tmp_path):
    content = workbook(tmp_path, tracker(100, JAN_5)).read_bytes()
    import_id = import_actions.receive(importer, io.BytesIO(content), "a.xlsx", None)

    import_actions.discard(importer, import_id, None)

    assert imports.get(import_id) is None


def test_what_was_read_of_a_discarded_import_is_not_taken_for_the_next_one(importer, tmp_path, monkeypatch):
    first, second = (workbook(tmp_path, tracker(amount, JAN_5)).read_bytes() for amount in (100, 200))
    import_id = import_actions.receive(importer, io.BytesIO(first), "a.xlsx", None)
    examine = Importer.examine

    def examine_while_somebody_replaces_it(*arguments):
        examined = examine(*arguments)
        import_actions.discard(importer, import_id, None)
        assert import_actions.receive(importer, io.BytesIO(second), "b.xlsx", None) == import_id
        return examined

    monkeypatch.setattr(Importer, "examine", examine_while_somebody_replaces_it)
    import_actions.preview(importer, import_id)

    assert imports.get(import_id).state is State.READING
    assert not files_of(importer, import_id).has_preview()


def renumber():
    """Give the invoice another number in the app."""
    known = InvoiceModel.get(number="A1")
    facts = InvoiceFacts(
        number="A1-new", customer_id=known.customer_id, issued_on=ISSUED, due_on=DUE,
        currency=known.currency, total_cents=known.total_cents, ledger=known.ledger,
    )  # fmt: skip
    invoice_actions.edit(SeenVersion(known.id, known.version), facts, a_user(), datetime(2026, 3, 3, tzinfo=UTC))


def test_an_invoice_that_got_another_number_in_the_app_is_not_imported_again(bring, tmp_path):
    bring(listed(["A1", JAN_5, 50]))
    renumber()
    path = workbook(tmp_path, listed(["A1", JAN_5, 50], ["A1", FEB_9, 25]), name="again.xlsx")
    importer = an_importer(tmp_path / "data")

    preview = importer.examine(path, Choices(), say_nothing).preview
    apply(importer, path)

    assert [change.subject for change in preview.changes] == ["payment for invoice A1-new"]
    assert preview.missing == ()
    assert [(row.number, row.paid_cents) for row in InvoiceModel.select()] == [("A1-new", 75_00)]


def test_a_row_edited_after_its_invoice_got_another_number_in_the_app_is_asked_about(bring, tmp_path):
    bring(listed(["A1", JAN_5, 50]))
    renumber()
    later = listed(["A1", JAN_5, 50])
    later["Invoices"][1][3] = date(2026, 3, 1)
    take = replace(Choices(), decisions=Decisions(others=Resolution.TAKE))

    number = bring(later, choices=take)

    (row,) = InvoiceModel.select()
    assert (row.number, row.number_key, row.due_on) == ("A1", "a1", date(2026, 3, 1))
    import_actions.undo(an_importer(tmp_path / "data"), number)
    (row,) = InvoiceModel.select()
    assert (row.number, row.number_key, row.due_on) == ("A1-new", "a1-new", DUE)
