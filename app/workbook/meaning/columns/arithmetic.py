"""Find which columns of money add up to which: the identity must hold to the cent in every row of a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

Cents = Sequence[int | None]

_ENOUGH_FOR_A_RUN = 3
# Rates of value-added and sales taxes in force in some country, in thousandths of a percent.
_RATES = {
    *(1000 * rate for rate in (3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27)),
    2100, 2500, 2600, 3800, 5500, 7700, 8100, 13500, 17500, 25500,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sum:
    """The column `total` is `base` with the columns `added` and less those `deducted`."""

    base: int
    total: int
    added: tuple[int, ...]
    deducted: tuple[int, ...]


def is_sum(result: Cents, added: Iterable[Cents], deducted: Iterable[Cents] = ()) -> bool:
    """Return whether `added` less `deducted` is the result in every row that has one.

    Deductions are written with or without a minus; all of them must use the same sign, and none makes an amount larger.
    Rows of zeros prove nothing.
    """
    plus, minus = list(added), list(deducted)
    if not any(any(column) for column in minus) and len(plus) < 2:
        return False
    return any(_holds(result, plus, minus, sign) for sign in ((1, -1) if minus else (1,)))


def _holds(result: Cents, plus: Sequence[Cents], minus: Sequence[Cents], sign: int) -> bool:
    is_proven = False
    further = [*plus[1:], *minus]
    for place, cents in enumerate(result):
        if cents is None:
            continue
        whole = sum(column[place] or 0 for column in plus)
        less = sign * sum(column[place] or 0 for column in minus)
        if cents != whole - less or (less and abs(cents) > abs(whole)):
            return False
        is_proven = is_proven or any(column[place] for column in further)
    return is_proven


def totals(
    candidates: Sequence[int], extras: Sequence[int], deductions: Sequence[int], columns: dict[int, Cents]
) -> Sum | None:
    """Return the first pair of candidates where one is the other plus taxes and charges, less discounts."""
    for base, total in ((one, other) for one in candidates for other in candidates if one != other):
        for added in _subsets([index for index in extras if index not in {base, total}]):
            for deducted in _subsets([index for index in deductions if index not in {base, total}]):
                plus, minus = [columns[i] for i in (base, *added)], [columns[i] for i in deducted]
                if (added or deducted) and is_sum(columns[total], plus, minus):
                    return Sum(base, total, added, deducted)
    return None


def _subsets(indexes: Sequence[int]) -> list[tuple[int, ...]]:
    few = indexes[:4]
    return [subset for length in range(len(few) + 1) for subset in combinations(few, length)]


def are_equal(one: Cents, other: Cents) -> bool:
    return any(one) and all((a or 0) == (b or 0) for a, b in zip(one, other, strict=True))


def is_running(balance: Cents, change: Cents, groups: Sequence[object]) -> bool:
    """Return whether a balance adds up from row to row, over all rows or by group, from the top or the bottom."""
    rows = [
        (group, amount, left)
        for group, amount, left in zip(groups, change, balance, strict=True)
        if amount is not None and left is not None
    ]
    if len(rows) < _ENOUGH_FOR_A_RUN:
        return False
    orders = (rows, list(reversed(rows)))
    return any(_runs(order, by_group=by_group) for order in orders for by_group in (False, True))


def _runs(rows: Sequence[tuple[object, int, int]], *, by_group: bool) -> bool:
    before: dict[object, int] = {}
    for group, amount, left in rows:
        name = group if by_group else None
        if left != before.get(name, 0) + amount:
            return False
        before[name] = left
    return len(before) < len(rows)


def tax_is_included(total: Cents, tax: Cents) -> bool | None:
    """Return which reading gives tax rates that exist; None if both or neither do."""
    included = added = True
    is_proven = False
    for amount, part in zip(total, tax, strict=True):
        if not amount or not part:
            continue
        is_proven = True
        included = included and _is_a_rate(amount - part, part)
        added = added and _is_a_rate(amount, part)
    if not is_proven or included == added:
        return None
    return included


def _is_a_rate(net: int, tax: int) -> bool:
    if net == 0 or (net < 0) != (tax < 0):
        return False
    return any(abs(abs(net) * rate - abs(tax) * 100_000) <= 100_000 for rate in _RATES)
