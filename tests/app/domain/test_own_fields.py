"""Own fields are merged and compared one by one."""

from app.domain.own_fields import changes, differences, merged


def test_what_is_not_said_stays_and_what_is_emptied_goes():
    stored = {"Salesman": "Bob", "District": "North"}

    assert merged(stored, {"District": "", "Week": "7", "Zone": ""}) == {"Salesman": "Bob", "Week": "7"}


def test_fields_keep_the_order_of_their_columns():
    assert list(merged({"b": "1", "a": "2"}, {"c": "3", "b": "4"})) == ["b", "a", "c"]


def test_a_field_that_is_empty_differs_from_none_in_nothing():
    assert differences({"a": "1", "b": ""}, {"a": "2", "c": ""}) == ["a"]


def test_of_own_fields_only_those_that_differ_are_changes():
    before = {"notes": "x", "own_fields": {"a": "1", "b": "2"}}
    after = {"notes": "x", "own_fields": {"a": "1", "c": "3"}}

    assert changes(after, before) == {"own_fields": {"b": "", "c": "3"}}
