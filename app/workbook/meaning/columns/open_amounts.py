"""Find the columns of paid and open amounts, and whether a minus only marks a payment."""

from app.domain.sentences import amount_text, counted
from app.workbook.meaning.columns import arithmetic
from app.workbook.meaning.columns.table_columns import TableColumns
from app.workbook.meaning.tables.headers import Column, Confidence
from app.workbook.meaning.vocabulary.headings import ListKind


def settle_what_is_left(columns: TableColumns) -> None:
    """Prove the open amounts by total and payments, negate payments with a minus, drop a running balance."""
    total = columns.column("total_cents")
    left, paid = columns.column("balance_cents"), columns.column("paid_cents")
    totals, lefts = columns.cents_of("total_cents"), columns.cents_of("balance_cents")
    if total is None or totals is None or lefts is None or left is None:
        return
    several = [index for index in columns.claiming("paid_cents") if columns.cents(index)]
    if paid and (pays := columns.cents(paid.index)):
        if arithmetic.is_sum(totals, [lefts, pays]):
            columns.prove(total, paid, left)
            return
        if arithmetic.is_sum(lefts, [totals, pays]) and all((cents or 0) <= 0 for cents in pays):
            columns.prove(total, paid, left)
            columns.negated.add("paid_cents")
            columns.notices.append(f"The minus in {columns.called(paid.index)} only says that it was paid.")
            return
        if len(several) > 1 and arithmetic.is_sum(totals, [lefts, *(columns.cents(i) or () for i in several)]):
            columns.prove(total, left)
            for index in several:
                columns.take(index, "paid_cents", Confidence.PROVEN)
            return
    _drop_running_balance(columns, total, totals, left, lefts)


def _drop_running_balance(
    columns: TableColumns, total: Column, totals: arithmetic.Cents, left: Column, lefts: arithmetic.Cents
) -> None:
    pays = columns.cents_of("paid_cents")
    changes = totals if pays is None else [(t or 0) - (p or 0) for t, p in zip(totals, pays, strict=True)]
    exceeds = any(abs(b or 0) > abs(t or 0) for t, b in zip(totals, lefts, strict=True))
    if exceeds and left.confidence is not Confidence.CHOSEN and arithmetic.is_running(lefts, changes, columns.groups):
        del columns.read[left.index]
        columns.explained.add(left.index)
        columns.notices.append(
            f"{columns.called(left.index)} adds up '{total.header}' from row to row, so it is no balance of an "
            "invoice and was not read."
        )


def ask_about_signs(columns: TableColumns) -> None:
    """Ask what payments with a minus are, if they outweigh the rest: refunds cannot exceed payments."""
    name = "paid_cents" if columns.kind is ListKind.INVOICE else "amount_cents"
    column = columns.column(name)
    values = columns.cents_of(name)
    if column is None or not values or name in columns.negated or sum(filter(None, values)) >= 0:
        return
    if columns.kind is ListKind.INVOICE and _belong_to_credits(columns, values):
        return
    paid = amount_text(-sum(filter(None, values)))
    answer = columns.ask(
        "sign",
        column.index,
        f"{_with_a_minus(values)} in {columns.called(column.index)} of tab '{columns.tab}': were they paid to you, or "
        "did you pay them back?",
        {"paid": "they were paid to you", "refunded": "you paid them back"},
        effects={"paid": f"{paid} was paid", "refunded": "the debt grows by as much"},
    )
    if answer == "paid":
        columns.negated.add(name)


def _with_a_minus(values: arithmetic.Cents) -> str:
    if all((cents or 0) <= 0 for cents in values):
        return "All amounts carry a minus"
    return counted(sum((cents or 0) < 0 for cents in values), "amount carries a minus", "amounts carry a minus")


def _belong_to_credits(columns: TableColumns, values: arithmetic.Cents) -> bool:
    """Return whether amounts with a minus were paid out on credit notes, which have a minus too."""
    totals = columns.cents_of("total_cents")
    return totals is not None and all((whole or 0) < 0 for whole, cents in zip(totals, values, strict=True) if cents)
