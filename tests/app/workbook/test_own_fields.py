"""Columns that nobody knows arrive column by column, and are compared as all other fields are."""

import io

import pytest
from openpyxl import load_workbook
from support.workbooks import AN_INVOICE, INVOICES, apply, choices, say_nothing, workbook

from app.actions import imports as import_actions
from app.store.db import tables
from app.workbook.difference import Decisions, FieldChange, Outcome, Resolution
from app.workbook.preview import Choices
from app.workbook.writing.marking import marked_copy


@pytest.fixture
def file(tmp_path):
    """Write a workbook of one invoice with these columns beside those that are known."""

    def written(**columns):
        return workbook(tmp_path, {"Invoices": [[*INVOICES, *columns], [*AN_INVOICE, *columns.values()]]})

    return written


def own():
    return tables.InvoiceModel.get().own_fields


def preview(importer, path, chosen=None):
    return importer.examine(path, chosen or Choices(), say_nothing).preview


def edited_in_the_app(**columns):
    tables.InvoiceModel.update(version=tables.InvoiceModel.version + 1, **columns).execute()


def test_own_fields_arrive_with_a_new_invoice_without_those_that_are_empty(importer_anywhere, file):
    apply(importer_anywhere, file(Salesman="Bob", District=None, Zone='Müller "Nord"'))

    assert own() == {"Salesman": "Bob", "Zone": 'Müller "Nord"'}


def test_the_same_file_twice_changes_nothing(importer, file):
    apply(importer, file(Salesman="Bob", District=None))

    assert preview(importer, file(Salesman="Bob", District=None)).writes == 0


def test_each_own_field_is_compared_by_itself(importer, file):
    apply(importer, file(Salesman="Bob", District="North", Zone="1"))

    (change,) = preview(importer, file(Salesman="Ann", District="North", Zone=None)).changes

    assert change.outcome is Outcome.CHANGED
    assert change.fields == (FieldChange("own_fields.Salesman", "Bob", "Ann"), FieldChange("own_fields.Zone", "1", ""))


def test_a_column_that_the_file_lacks_keeps_what_is_stored_and_an_empty_cell_empties_it(importer_anywhere, file):
    apply(importer_anywhere, file(Salesman="Bob", District="North", Zone="1"))

    apply(importer_anywhere, file(Salesman="Ann", Zone=None))

    assert own() == {"Salesman": "Ann", "District": "North"}


def test_a_new_column_arrives_in_what_is_stored(importer, file):
    apply(importer, file())

    apply(importer, file(Salesman="Bob"))

    assert own() == {"Salesman": "Bob"}


def test_a_new_column_that_is_empty_does_not_make_a_stale_row_speak(importer, file):
    apply(importer, file())
    edited_in_the_app(total_cents=1_00)

    assert preview(importer, file(Salesman=None)).changes == ()


def test_a_stale_sheet_does_not_take_back_what_the_app_says_since(importer, file):
    apply(importer, file(Salesman="Bob"))
    edited_in_the_app(own_fields={"Salesman": "Ann"})

    assert preview(importer, file(Salesman="Bob")).changes == ()


def test_an_own_field_that_was_changed_on_both_sides_is_a_conflict(importer, file):
    apply(importer, file(Salesman="Bob"))
    edited_in_the_app(own_fields={"Salesman": "Ann", "Added": "here"})
    path = file(Salesman="Cid")

    (change,) = preview(importer, path).changes
    assert (change.outcome, change.fields) == (
        Outcome.CONFLICT, (FieldChange("own_fields.Salesman", "Ann", "Cid"),),
    )  # fmt: skip
    apply(importer, path, choices(decisions=Decisions(Resolution.TAKE)))

    assert own() == {"Salesman": "Cid", "Added": "here"}


def test_an_undo_gives_back_the_own_fields_that_an_import_changed(importer_anywhere, file):
    apply(importer_anywhere, file(Salesman="Bob", District="North"))
    later = apply(importer_anywhere, file(Salesman="Ann", District=None))

    import_actions.undo(importer_anywhere, later)

    assert own() == {"Salesman": "Bob", "District": "North"}


def test_a_mark_stands_at_the_cell_of_the_own_field_that_changed(importer, file):
    apply(importer, file(District="North", Salesman="Bob"))
    path = file(District="North", Salesman="Ann")

    with marked_copy(path, preview(importer, path), importer.limits) as marked:
        comment = load_workbook(io.BytesIO(marked.read_bytes()))["Invoices"]["G2"].comment

    assert comment.text == "Changed: stored is 'Bob'."
