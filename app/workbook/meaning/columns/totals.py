"""Find the column of invoice totals, with its tax and discount: by sums that hold, by headings, or by a question."""

from collections.abc import Sequence

from app.domain.sentences import agreeing, amount_text
from app.workbook.meaning.columns import arithmetic
from app.workbook.meaning.columns.table_columns import TableColumns
from app.workbook.meaning.tables.headers import Confidence
from app.workbook.meaning.vocabulary import currencies
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.words import counts_something_else, heading_words
from app.workbook.reading.cells import column_letter


def settle_total(columns: TableColumns) -> None:
    """Prefer sums that hold to headings, and a person's choice to both."""
    if columns.is_chosen("total_cents") or columns.is_chosen("net_cents"):
        return
    _explain_quantities(columns)
    candidates = columns.claiming("total_cents", "net_cents")
    payable = [index for index in columns.claiming("balance_cents") if index not in candidates]
    taxes, discounts = columns.claiming("tax_cents"), columns.claiming("discount_cents")
    others = [index for index in columns.unread_money() if index not in candidates and not columns.claims(index)]
    found = _sum_of(columns, candidates, [*taxes, *others], discounts) or _sum_of(
        columns, [*candidates, *payable], taxes, discounts
    )
    if found:
        columns.take(found.total, "total_cents", Confidence.PROVEN)
        columns.explained |= {found.base, *found.added, *found.deducted, *taxes, *discounts}
        columns.explained |= {index for index in columns.claiming("net_cents") if index != found.total}
        return
    _total_by_words(columns, candidates, taxes, discounts)


def _sum_of(
    columns: TableColumns, candidates: Sequence[int], extras: Sequence[int], deductions: Sequence[int]
) -> arithmetic.Sum | None:
    cents = {index: values for index in {*candidates, *extras, *deductions} if (values := columns.cents(index))}
    pool = [index for index in candidates if index in cents]
    added, deducted = ([index for index in found if index in cents] for found in (extras, deductions))
    best = None
    while found := arithmetic.totals(pool, added, deducted, cents):
        best = found
        pool = [index for index in pool if index != found.base]
    return best


def _explain_quantities(columns: TableColumns) -> None:
    for index, heading in enumerate(columns.line.headings):
        if heading and counts_something_else(heading) and not heading_words(heading).any("paid", "open", "total"):
            columns.explained.add(index)


def _total_by_words(
    columns: TableColumns, candidates: Sequence[int], taxes: Sequence[int], discounts: Sequence[int]
) -> None:
    ranked = sorted(candidates, key=lambda index: (columns.claim(index, "total_cents", "net_cents"), index))
    if not ranked:
        return
    ranked = _of_one_currency(columns, ranked)
    best = ranked[0]
    claim = columns.claim(best, "total_cents", "net_cents")
    is_net = claim.field == "net_cents" or any(
        other.field == "net_cents" for other in columns.line.claims(best, ListKind.INVOICE)
    )
    confidence = Confidence.GUESSED if claim.is_guess else Confidence.STATED
    columns.take(best, "net_cents" if is_net and taxes else "total_cents", confidence)
    rivals = [index for index in ranked[1:] if not _is_copy_or_net(columns, index, best)]
    columns.explained |= {index for index in ranked[1:] if index not in rivals}
    if rivals:
        _ask_which_is_the_total(columns, [best, *rivals])
    _ask_about_tax(columns, taxes, is_net=is_net)
    _ask_about_discount(columns, discounts)


def _of_one_currency(columns: TableColumns, ranked: list[int]) -> list[int]:
    paid = {
        code
        for index in columns.claiming("paid_cents", "balance_cents")
        if (code := currencies.of_heading(columns.line.headings[index])) and index not in ranked
    }
    named = {index: currencies.of_heading(columns.line.headings[index]) for index in ranked}
    same = [index for index in ranked if named[index] in paid]
    if len(paid) == 1 and same and len(same) < len(ranked) and all(named.values()):
        columns.explained |= {index for index in ranked if index not in same}
        rest = ", ".join(f"'{columns.line.headings[index]}'" for index in ranked if index not in same)
        columns.notices.append(f"What was paid is in {paid.pop()}, so {rest} was not read.")
        return same
    return ranked


def _is_copy_or_net(columns: TableColumns, index: int, best: int) -> bool:
    """Return whether a column repeats the total; one with an unclear heading may be the paid amount instead."""
    claim = columns.claim(index, "total_cents", "net_cents")
    return claim.field == "net_cents" or (not claim.is_guess and columns.are_same(best, index))


def _ask_which_is_the_total(columns: TableColumns, rivals: Sequence[int]) -> None:
    names = " or ".join(columns.called(index) for index in rivals)
    choices = {column_letter(index): index for index in rivals}
    answer = columns.ask(
        "total",
        rivals[0],
        f"Which column of tab '{columns.tab}' says what is owed: {names}?",
        {letter: columns.line.headings[index] for letter, index in choices.items()},
        effects={letter: f"{columns.total_shown(index)} in all" for letter, index in choices.items()},
    )
    if answer:
        columns.take(choices[answer], "total_cents", Confidence.CHOSEN)
    columns.explained |= set(rivals)


def _ask_about_tax(columns: TableColumns, taxes: Sequence[int], *, is_net: bool) -> None:
    columns.explained |= set(taxes)
    total = columns.column("total_cents") or columns.column("net_cents")
    known = [index for index in taxes if columns.cents(index) and any(columns.cents(index) or ())]
    if total is None or not known:
        return
    if is_net:
        for index in known:
            columns.take(index, "tax_cents", Confidence.STATED)
        return
    if heading_words(total.header).any("gross"):
        return
    values = columns.cents(total.index)
    included = arithmetic.tax_is_included(values, columns.added_up(known)) if values else None
    if included:
        return
    added = amount_text(columns.total(total.index) + sum(map(columns.total, known)))
    answer = columns.ask(
        "tax",
        known[0],
        f"Does {columns.called(total.index)} of tab '{columns.tab}' include {_named(columns, known)}?",
        {"included": "it is included", "added": "it is to be added"},
        effects={"included": f"{columns.total_shown(total.index)} invoiced", "added": f"{added} invoiced"},
        shown=total.index,
    )
    if answer == "added":
        for index in known:
            columns.take(index, "tax_cents", Confidence.CHOSEN)


def _ask_about_discount(columns: TableColumns, discounts: Sequence[int]) -> None:
    columns.explained |= set(discounts)
    total = columns.column("total_cents") or columns.column("net_cents")
    known = [index for index in discounts if any(columns.cents(index) or ())]
    if total is None or not known or _proves_balance(columns, total.index):
        return
    deducted = amount_text(columns.total(total.index) - sum(map(abs, columns.added_up(known))))
    answer = columns.ask(
        "discount",
        known[0],
        f"{agreeing(len(known), 'Is', 'Are')} {_named(columns, known)} of tab '{columns.tab}' taken off "
        f"{columns.called(total.index)} already?",
        {"included": "it is taken off already", "deducted": "it is still to be taken off"},
        effects={"included": f"{columns.total_shown(total.index)} invoiced", "deducted": f"{deducted} invoiced"},
    )
    if answer == "deducted":
        for index in known:
            columns.take(index, "discount_cents", Confidence.CHOSEN)


def _proves_balance(columns: TableColumns, total: int) -> bool:
    totals, paid, left = columns.cents(total), columns.cents_of("paid_cents"), columns.cents_of("balance_cents")
    return bool(totals and paid and left) and arithmetic.is_sum(totals or (), [paid or (), left or ()])


def _named(columns: TableColumns, indexes: Sequence[int]) -> str:
    return " and ".join(map(columns.called, indexes))
