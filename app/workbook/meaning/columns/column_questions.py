"""Columns that repeat others, and questions about columns that would otherwise be unread or guessed."""

from dataclasses import replace

from app.domain.sentences import amount_text
from app.workbook.meaning.columns import arithmetic
from app.workbook.meaning.columns.own_columns import FIGURES_OF_CUSTOMER
from app.workbook.meaning.columns.table_columns import AMOUNTS, LABELS, TableColumns, field_named, short_name
from app.workbook.meaning.results.records import Question
from app.workbook.meaning.tables.headers import IGNORED, Column, Confidence
from app.workbook.meaning.vocabulary.headings import MONEY, ListKind, fields_of, is_important, normalised
from app.workbook.reading.cells import column_letter


def take_answers(columns: TableColumns) -> None:
    for index, heading in enumerate(columns.line.headings):
        choices = tuple(dict.fromkeys([*map(short_name, fields_of(columns.kind)), *fields_of(columns.kind), "ignore"]))
        id_, shape = columns.id("column", index), columns.shape("column", index)
        text = f"What is {columns.called(index)} of tab '{columns.tab}'?"
        question = Question(id_, "column", columns.tab, text, choices, labels=LABELS, shape=shape)
        given = columns.questions.answer_if_given(question)
        if given is None:
            continue
        name = field_named(given)
        if name == IGNORED:
            columns.read.pop(index, None)
            columns.explained.add(index)
        elif name in fields_of(columns.kind):
            columns.take_away(name, index)
            columns.read[index] = Column(index, name, heading, Confidence.CHOSEN)


def explain_the_rest(columns: TableColumns) -> None:
    """Mark unread columns that repeat or follow from the ones that are read.

    A column that equals the total, or adds up to it, stays unexplained: it may be what was paid.
    """
    known = {
        name: values for name in ("total_cents", "paid_cents", "balance_cents") if (values := columns.cents_of(name))
    }
    for index in columns.unread_money():
        values = columns.cents(index)
        if values is None:
            continue
        if (
            not any(values)
            or any(arithmetic.are_equal(values, known[name]) for name in known if name != "total_cents")
            or ("total_cents" in known and _follows(values, known))
            or any(arithmetic.is_running(values, each, columns.groups) for each in known.values())
        ):
            columns.explained.add(index)
    _explain_pairs(columns, known)


def _follows(values: arithmetic.Cents, known: dict[str, arithmetic.Cents]) -> bool:
    total = known["total_cents"]
    return any(
        arithmetic.is_sum(total, [values, known[name]]) for name in ("paid_cents", "balance_cents") if name in known
    )


def _explain_pairs(columns: TableColumns, known: dict[str, arithmetic.Cents]) -> None:
    unread = [index for index in columns.unread_money() if index not in columns.explained]
    values = {index: cents for index in unread if (cents := columns.cents(index)) is not None}
    for name, target in known.items():
        if name != "total_cents" and len(values) > 1 and arithmetic.is_sum(target, list(values.values())):
            columns.explained |= set(values)


def ask_about_unread(columns: TableColumns) -> None:
    for index in columns.unread_money():
        if index in columns.explained:
            continue
        choices = _choices_for(columns, index)
        answer = columns.ask(
            "column",
            index,
            f"{columns.called(index)} of tab '{columns.tab}' holds amounts ({columns.total_shown(index)} in all), "
            "and its heading does not say what they are. What are they?",
            {choice: LABELS[choice] for choice in choices},
            effects=columns.effects(index, choices),
        )
        columns.apply_answer(index, answer)


def ask_about_balances(columns: TableColumns) -> None:
    """Ask whether balances in a list of customers are left out, except in our own exports."""
    if set(columns.line.headings) >= set(FIGURES_OF_CUSTOMER):
        return
    for index in range(len(columns.line.headings)):
        found = {claim.field for claim in columns.line.claims(index, ListKind.INVOICE)[:1]}
        if not found & {"balance_cents", "total_cents", "paid_cents"} or not columns.held[index].is_money:
            continue
        if index in columns.explained or not any(columns.cents(index) or ()):
            continue
        columns.ask(
            "column",
            index,
            f"{columns.called(index)} of tab '{columns.tab}' holds {columns.total_shown(index)} of amounts, which "
            "a list of customers does not bring in: only invoices do. Is it to be left out?",
            {"ignore": "yes, leave it unread"},
        )


def _choices_for(columns: TableColumns, index: int) -> tuple[str, ...]:
    if columns.kind is ListKind.PAYMENT:
        return ("ignore", "amount")
    claimed = [short_name(claim.field) for claim in columns.claims(index) if claim.field in AMOUNTS]
    return tuple(dict.fromkeys([*claimed, "paid", "balance", "total", "ignore"]))


def ask_about_guesses(columns: TableColumns) -> None:
    """Ask about columns of money, dates, customers and numbers whose heading has an unknown word."""
    for index, column in sorted(columns.read.items()):
        if column.confidence is not Confidence.GUESSED or not is_important(column.field, columns.kind):
            continue
        words = _in_words(column.field)
        labels = {short_name(column.field): f"yes, the {words}", "ignore": "no, leave it unread"}
        answer = columns.ask(
            "column",
            index,
            f"Is {columns.called(index)} of tab '{columns.tab}' the {words}?",
            labels,
            effects=columns.effects(index, labels) if column.field in MONEY[columns.kind] else {},
        )
        columns.apply_answer(index, answer)


def ask_about_repeated_headings(columns: TableColumns) -> None:
    """Ask which columns are the payment's if headings repeat: `Date, Amount` of the invoice, then of the payment."""
    if columns.kind is not ListKind.INVOICE:
        return
    read = {normalised(column.header): index for index, column in columns.read.items() if column.header}
    twice = [
        (index, read[name])
        for index, heading in enumerate(columns.line.headings)
        if index not in columns.read and index not in columns.explained and (name := normalised(heading)) in read
        if columns.read[read[name]].field in {"issued_on", "total_cents", "net_cents"}
        if columns.held[index].filled
    ]
    pair = next((pair for pair in twice if columns.read[pair[1]].field != "issued_on"), None)
    if pair is None:
        return
    letters = " and ".join(column_letter(index) for index, _ in twice)
    firsts = " and ".join(column_letter(first) for _, first in twice)
    answer = columns.ask(
        "repeated",
        twice[0][0],
        f"Columns {letters} of tab '{columns.tab}' are headed as {firsts} are: which are the payment's?",
        {
            "second": f"{letters} are the payment's",
            "first": f"{firsts} are the payment's",
            "ignore": f"neither: leave {letters} unread",
        },
        effects=_effects_of_pair(columns, *pair),
        shown=pair[0],
    )
    for index, first in twice:
        columns.explained.add(index)
        if answer == "second":
            _pay_by(columns, index, columns.read[first].field)
        elif answer == "first":
            name = columns.read[first].field
            columns.read[index] = replace(columns.read[first], index=index, confidence=Confidence.CHOSEN)
            _pay_by(columns, first, name)


def _effects_of_pair(columns: TableColumns, index: int, first_index: int) -> dict[str, str]:
    second, first = columns.total(index), columns.total(first_index)
    return {
        "second": f"{amount_text(first - second)} would be owed",
        "first": f"{amount_text(second - first)} would be owed",
        "ignore": f"{amount_text(first)} would be owed",
    }


def _pay_by(columns: TableColumns, index: int, name: str) -> None:
    paid = "paid_on" if name == "issued_on" else "paid_cents"
    columns.read[index] = Column(index, paid, columns.line.headings[index], Confidence.CHOSEN)


def _in_words(name: str) -> str:
    return {
        "number": "number of the invoice",
        "invoice_number": "number of the invoice that is paid",
        "customer_code": "customer's number",
        "customer_name": "customer",
        "issued_on": "invoice date",
        "due_on": "due date",
        "paid_on": "date of payment",
        "total_cents": "total of the invoice",
        "paid_cents": "amount that was paid",
        "balance_cents": "amount that is still open",
        "net_cents": "amount without tax",
        "tax_cents": "tax",
        "discount_cents": "discount",
        "amount_cents": "amount of the payment",
    }.get(name, name.replace("_", " "))
