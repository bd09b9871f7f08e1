"""A person who maps a column chooses among plain words, and only among those of such a list."""

import pytest

from app.domain.fields import CUSTOMER, INVOICE, PAYMENT
from app.workbook.meaning.vocabulary.field_labels import groups_of
from app.workbook.meaning.vocabulary.headings import ListKind, fields_of

DESCRIBED = {field.record for field in (*CUSTOMER, *INVOICE, *PAYMENT)}


@pytest.mark.parametrize("kind", ListKind)
def test_every_field_of_a_list_can_be_chosen_once(kind):
    offered = [name for _, fields in groups_of(kind) for name, _ in fields]

    assert sorted(offered) == sorted(fields_of(kind))


@pytest.mark.parametrize("kind", ListKind)
def test_no_two_fields_of_a_list_are_called_alike(kind):
    labels = [label for _, fields in groups_of(kind) for _, label in fields]

    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("kind", ListKind)
def test_no_field_is_called_by_its_raw_name(kind):
    raw = {
        name
        for _, fields in groups_of(kind)
        for name, label in fields
        if name not in DESCRIBED and "_" in name and label.lower() == name.replace("_", " ")
    }

    assert raw == set()


def test_a_tab_of_an_unknown_kind_offers_the_fields_of_each_kind_together():
    assert [name for name, _ in groups_of(None)] == ["Invoices", "Payments", "Customers"]
