"""Each role may do exactly this, and a scope takes away what concerns the whole ledger."""

import pytest

from app.domain.permissions import EVERYTHING, Right, Role, Scope, TokenRight, may, token_may

ALL = {"read", "edit", "match incoming payments", "export", "edit customers", "see imports", "import", "administer"}


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.ADMIN, ALL),
        (Role.ACCOUNTANT, ALL - {"administer"}),
        (Role.VIEWER, {"read", "see imports"}),
    ],
)
def test_a_role_may_do_exactly_what_is_written_here(role, rights):
    assert {right.value for right in Right if may(role, right)} == rights


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.ADMIN, {"read", "edit", "export"}),
        (Role.ACCOUNTANT, {"read", "edit", "export"}),
        (Role.VIEWER, {"read"}),
    ],
)
def test_with_a_scope_a_role_may_do_nothing_that_concerns_the_whole_ledger(role, rights):
    assert {right.value for right in Right if may(role, right, Scope(ledgers=frozenset({"2025"})))} == rights


def test_a_scope_covers_its_customers_and_its_ledgers():
    scope = Scope(frozenset({7}), frozenset({"2025"}))

    assert [scope.covers(7, "2026"), scope.covers(8, "2025"), scope.covers(8, "2026")] == [True, True, False]


def test_a_scope_without_customers_or_ledgers_covers_nothing():
    assert not Scope().covers(7, "2025")


def test_everything_is_covered_only_where_that_is_said():
    assert EVERYTHING.covers(7, "2025")


def test_two_scopes_together_cover_what_both_name():
    wide, narrow = Scope(frozenset({7, 8}), frozenset({"2025"})), Scope(frozenset({8, 9}), frozenset({"2026"}))

    assert wide.within(narrow) == Scope(frozenset({8}))
    assert wide.within(EVERYTHING) == EVERYTHING.within(wide) == wide


def test_a_token_may_what_it_was_given_and_its_user_may():
    def may_record(role, *granted):
        return token_may(granted, TokenRight.PAYMENTS, role, Right.EDIT, EVERYTHING)

    assert may_record(Role.ACCOUNTANT, TokenRight.PAYMENTS)
    assert not may_record(Role.ACCOUNTANT, TokenRight.READ, TokenRight.EDIT)
    assert not may_record(Role.VIEWER, TokenRight.PAYMENTS)


def test_a_token_of_a_user_with_a_scope_may_not_what_concerns_the_whole_ledger():
    scope = Scope(frozenset({7}))

    assert not token_may({TokenRight.IMPORT}, TokenRight.IMPORT, Role.ADMIN, Right.IMPORT, scope)
    assert token_may({TokenRight.IMPORT}, TokenRight.IMPORT, Role.ADMIN, Right.IMPORT, EVERYTHING)


def test_of_two_scopes_only_the_ledgers_of_both_are_left():
    one, other = Scope(frozenset(), frozenset({"2025", "2026"})), Scope(frozenset(), frozenset({"2026", "2027"}))

    assert one.within(other) == Scope(frozenset(), frozenset({"2026"}))
