"""What an import writes is said alike before and after it."""

from app.domain.import_summary import done, order
from app.domain.sentences import plain

EVERYTHING = {
    "created": {"customer": 1, "invoice": 3, "payment": 4},
    "changed": {"customer": 0, "invoice": 2},
    "voided": {"payment": 1},
}


def test_a_button_names_every_record_that_it_writes():
    assert order(EVERYTHING) == "Import 1 customer, 3 invoices and 4 payments, change 2 invoices, void 1 payment"


def test_an_import_that_only_changes_says_so():
    assert order({"created": {"invoice": 0}, "changed": {"invoice": 1}, "voided": {}}) == "Change 1 invoice"


def test_an_import_says_afterwards_what_it_did():
    assert done(EVERYTHING) == (
        "1 customer, 3 invoices and 4 payments were imported; 2 invoices were changed; 1 payment was voided."
    )


def test_one_record_is_imported_and_not_several():
    assert done({"created": {"invoice": 1}}) == "1 invoice was imported."


def test_large_numbers_are_marked_for_their_reader():
    assert plain(order({"created": {"invoice": 40_000}})) == "Import 40,000 invoices"


def test_an_import_without_any_record_says_that_nothing_changed():
    assert done({}) == "Nothing was changed."
