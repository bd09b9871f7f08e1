"""Columns of money that add up, to the cent, in every row."""

import pytest

from app.workbook.meaning.columns.arithmetic import Sum, are_equal, is_running, is_sum, tax_is_included, totals


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1_00, 2_00], [1_00, 2_00], True),
        ([1_00, None], [1_00, 0], True),
        ([1_00, 2_00], [1_00, 3_00], False),
        ([None, 0], [None, 0], False),  # zeros prove nothing
    ],
)
def test_columns_are_equal_in_every_row_or_not(one, other, expected):
    assert are_equal(one, other) is expected


@pytest.mark.parametrize(
    ("result", "added", "deducted", "expected"),
    [
        ([1_20, 2_40], [[1_00, 2_00], [20, 40]], [], True),
        ([1_20, 2_41], [[1_00, 2_00], [20, 40]], [], False),
        ([1_20, None], [[1_00, 2_00], [20, 40]], [], True),  # a row without a result says nothing
        ([80, 1_80], [[1_00, 2_00]], [[20, 20]], True),
        ([80, 1_80], [[1_00, 2_00]], [[-20, -20]], True),
        ([80, 1_80], [[1_00, 2_00]], [[20, -20]], False),  # one sign for all of them
        ([1_00, 2_00], [[1_00, 2_00]], [], False),  # nothing is added
        ([1_00, 2_00], [[1_00, 2_00], [0, 0]], [], False),
        ([1_00, 2_00], [[1_00, 2_00]], [[0, 0]], False),
    ],
)
def test_a_column_is_a_sum_if_it_is_so_in_every_row(result, added, deducted, expected):
    assert is_sum(result, added, deducted) is expected


def test_which_of_two_totals_is_before_tax_is_found_by_adding_up():
    columns = {0: [1_00, 2_00], 1: [1_20, 2_40], 2: [20, 40]}

    assert totals([1, 0], [2], [], columns) == Sum(base=0, total=1, added=(2,), deducted=())
    assert totals([1, 0], [], [], columns) is None


@pytest.mark.parametrize(
    ("balance", "change", "groups", "expected"),
    [
        ([1_00, 3_00, 2_00], [1_00, 2_00, -1_00], ["a", "b", "a"], True),  # from the top
        ([2_00, 1_00, 3_00], [1_00, -2_00, 3_00], ["a", "a", "a"], True),  # from the bottom
        ([1_00, 5_00, 3_00, 6_00], [1_00, 5_00, 2_00, 1_00], ["a", "b", "a", "b"], True),  # by customer
        ([1_00, 3_00, 2_01], [1_00, 2_00, -1_00], ["a", "a", "a"], False),
        ([1_00, 2_00, 3_00], [1_00, 2_00, 3_00], ["a", "b", "c"], False),  # each its own amount: no run at all
        ([1_00, 3_00], [1_00, 2_00], ["a", "a"], False),  # two rows prove nothing
    ],
)
def test_a_balance_runs_from_row_to_row(balance, change, groups, expected):
    assert is_running(balance, change, groups) is expected


@pytest.mark.parametrize(
    ("total", "tax", "expected"),
    [
        ([119_00, 107_00], [19_00, 7_00], True),
        ([100_00, 100_00], [19_00, 7_00], False),
        ([-119_00], [-19_00], True),
        ([100_00], [-19_00], None),
        ([100_00], [1], None),  # no rate that exists either way
        ([None, 0], [19_00, None], None),
    ],
)
def test_whether_tax_is_included_is_told_by_rates_that_exist(total, tax, expected):
    assert tax_is_included(total, tax) is expected


@pytest.mark.parametrize(
    ("result", "added", "deducted", "expected"),
    [
        ([None, None], [[1, 2], [3, 4]], [], False),
        ([4, 0], [[1, 0], [3, None]], [], True),
        ([4], [[1], [1], [2]], [], True),
        ([2], [[4]], [[1], [1]], True),
        ([2, 2], [[4, 4]], [[1, -1], [1, -1]], False),
        ([5], [[4]], [[1]], False),
        ([5], [[4]], [[-1]], False),
        ([-3], [[-4]], [[-1]], True),
        ([-3], [[-4]], [[1]], True),
        ([3, 4], [[4, 4]], [[1, 0]], True),
        ([4, 3], [[4, 4]], [[0, 1]], True),
        ([5], [[4], [2]], [[1]], True),
        ([5], [[4], [1]], [[0]], True),
        ([], [[], []], [], False),
    ],
)
def test_a_sum_is_proven_by_a_row_in_which_something_is_added_or_deducted(result, added, deducted, expected):
    assert is_sum(result, added, deducted) is expected


@pytest.mark.parametrize(
    ("candidates", "extras", "deductions", "expected"),
    [
        ([0, 1], [2], [], Sum(0, 1, (2,), ())),
        ([0, 1], [3, 2], [], Sum(0, 1, (2,), ())),
        ([4, 0], [], [5], Sum(0, 4, (), (5,))),
        ([0, 6], [2], [5], Sum(0, 6, (2,), (5,))),
        ([7, 0], [], [8], Sum(0, 7, (), (8,))),
        ([0, 1], [0, 1, 2], [], Sum(0, 1, (2,), ())),
        ([0, 1], [3], [], None),
        ([0], [2], [], None),
        ([0, 1], [3, 3, 3, 3, 2], [], None),
        ([0, 1], [3, 3, 3, 2], [], Sum(0, 1, (2,), ())),
    ],
)
def test_the_fewest_of_four_columns_that_make_one_total_of_another_are_found(candidates, extras, deductions, expected):
    columns = {
        0: [1_00, 2_00], 1: [1_20, 2_40], 2: [20, 40], 3: [5, 7], 4: [90, 1_80], 5: [10, 20], 6: [1_10, 2_20],
        7: [90, 1_80], 8: [-10, -20],
    }  # fmt: skip

    assert totals(candidates, extras, deductions, columns) == expected


@pytest.mark.parametrize(
    ("total", "tax", "expected"),
    [
        ([119_00], [19_00], True),
        ([100_00], [19_00], False),
        ([103_00], [3_00], True),
        ([102_00], [2_00], None),
        ([100_00], [25_50], False),
        ([125_50], [25_50], True),
        ([19_00], [19_00], None),
        ([119_00, None, 0], [19_00, 5, 5], True),
        ([119_00, 100_00], [19_00, 19_00], None),
        ([119_00, 119_00], [19_00, 1], None),
        ([-100_00], [-19_00], False),
        ([1_19], [19], None),
        ([101], [100], None),
        ([1000_00], [190_01], False),
        ([1000_00], [190_00], False),
    ],
)
def test_a_tax_is_included_if_only_then_its_rate_exists(total, tax, expected):
    assert tax_is_included(total, tax) is expected


@pytest.mark.parametrize(
    ("balance", "change", "groups", "expected"),
    [
        ([1, None, 3, 2], [1, 5, 2, -1], "aaaa", True),
        ([1, 9, 3, 2], [1, None, 2, -1], "aaaa", True),
        ([2, None, 1], [1, 1, 1], "aaa", False),
        ([1, 5, 3], [1, 5, 2], "aba", True),
        ([1, 5, 3], [1, 5, 2], "abc", False),
    ],
)
def test_a_run_goes_over_rows_without_a_figure(balance, change, groups, expected):
    assert is_running(balance, change, groups) is expected
