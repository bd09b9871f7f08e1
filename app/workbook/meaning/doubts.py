"""Questions about doubtful figures once all rows are read: dates ahead, overpaid invoices, rows against payments."""

from collections.abc import Sequence
from datetime import date

from app.domain.plausible_days import is_far_ahead
from app.domain.sentences import amount_text, counted, day_text, first_of, first_phrases_of
from app.store.ledger.snapshot import Snapshot, StoredInvoice, StoredPayment
from app.workbook.meaning.results.questions import Questions, digest
from app.workbook.meaning.results.records import Checked, Record, Value, paid_by_invoice
from app.workbook.meaning.rows.invoice_rows import InvoiceRows, StatedPayment
from app.workbook.meaning.vocabulary.headings import ListKind
from app.workbook.meaning.vocabulary.statuses import StatedStatus

_SHOWN = 4


def ask_about_doubts(
    checked: Checked, invoices: InvoiceRows, questions: Questions, stored: Snapshot, today: date | None
) -> None:
    """Ask about figures that contradict each other within the workbook; stored ones were confirmed before."""
    if today is not None:
        _ask_about_invoices_ahead(checked, questions, stored, today)
        _ask_about_payments_ahead(checked, questions, stored, today)
    _ask_about_the_list_of_payments(checked, invoices, questions)
    _ask_about_overpaid(checked, questions, stored)
    _ask_about_paid_back(checked, questions, stored)


def _ask_about_invoices_ahead(checked: Checked, questions: Questions, stored: Snapshot, today: date) -> None:
    ahead = [
        one
        for one in checked.invoices
        if is_far_ahead(one.day("issued_on"), today)
        and not ((known := _stored(stored, one)) and known.issued_on == one.values["issued_on"])
    ]
    if ahead:
        questions.ask(
            "ahead:invoices",
            ahead[0].tab,
            f"{counted(len(ahead), 'invoice is', 'invoices are')} dated far ahead "
            f"({_shown(ahead, 'issued_on')}): are these days right? Correct them in the workbook if they are not.",
            {"right": "they are right"},
            shape=_of_rows("ahead:invoices", ahead),
        )


def _ask_about_payments_ahead(checked: Checked, questions: Questions, stored: Snapshot, today: date) -> None:
    ahead = [one for one in checked.payments if one.day("paid_on") > today and not _is_stored_payment(stored, one)]
    if not ahead:
        return
    answer = questions.ask(
        "ahead:payments",
        ahead[0].tab,
        f"{counted(len(ahead), 'payment is', 'payments are')} dated after today "
        f"({_shown(ahead, 'paid_on')}): are they planned, or made?",
        {"planned": "planned: they do not count", "made": "made: they count on their day"},
        effects={"planned": f"{amount_text(sum(one.cents('amount_cents') for one in ahead))} more is owed"},
        shape=_of_rows("ahead:payments", ahead),
    )
    if answer != "made":
        left_out = set(map(id, ahead))
        checked.payments[:] = [one for one in checked.payments if id(one) not in left_out]


def _ask_about_the_list_of_payments(checked: Checked, invoices: InvoiceRows, questions: Questions) -> None:
    listed = paid_by_invoice(checked.payments)
    broken = {name for kind, name in checked.broken if kind is ListKind.PAYMENT}
    differing = [
        (key, stated)
        for key, stated in invoices.stated_payments.items()
        if key in invoices.by_key and key[0] not in broken and _differs(stated, invoices.by_key[key], listed[key])
    ]
    if not differing:
        return
    first = differing[0][1]
    shown = [
        f"{stated.cell} says {_in_words(stated)}, listed are {amount_text(listed[key])}" for key, stated in differing
    ]
    rows_say = counted(len(differing), "row says", "rows say")
    by_rows = sum(_paid(stated, listed[key]) - listed[key] for key, stated in differing)
    answer = questions.ask(
        f"listed:{first.row.tab.name}",
        first.row.tab.name,
        f"{rows_say} another amount paid than the list of payments: {first_phrases_of(shown, _SHOWN)}. "
        "Whose word counts?",
        {"list": "the list of payments", "rows": "the invoices' own rows"},
        effects={"rows": f"{amount_text(abs(by_rows))} {'less' if by_rows >= 0 else 'more'} is owed than by the list"},
        shape=f"listed:{first.row.tab.header.fingerprint}:{digest((key, listed[key]) for key, _ in differing)}",
    )
    if answer == "rows":
        for key, stated in differing:
            _follow_the_row(checked, stated, invoices.by_key[key], listed[key])


def _differs(stated: StatedPayment, invoice: Record, listed: int) -> bool:
    if invoice.values.get("state"):
        return False
    total = invoice.cents("total_cents")
    if stated.paid is not None:
        return stated.paid != listed and not (
            stated.paid == total and stated.status is StatedStatus.PAID and listed >= total
        )
    return stated.status in {StatedStatus.UNPAID, StatedStatus.PARTIAL} and 0 < total <= listed


def _paid(stated: StatedPayment, listed: int) -> int:
    if stated.paid is not None:
        return stated.paid
    return 0 if stated.status is StatedStatus.UNPAID else listed


def _in_words(stated: StatedPayment) -> str:
    return amount_text(stated.paid) if stated.paid is not None else str(stated.status)


def _follow_the_row(checked: Checked, stated: StatedPayment, invoice: Record, listed: int) -> None:
    """Add the difference if the row has more paid than the list; if less, replace the listed payments."""
    paid = _paid(stated, listed)
    if paid < listed:
        checked.payments[:] = [one for one in checked.payments if one.key != invoice.key]
        listed = 0
    if paid != listed:
        day = stated.paid_on or invoice.day("due_on")
        values: dict[str, Value] = {"paid_on": day, "amount_cents": paid - listed}
        checked.payments.append(stated.row.record(ListKind.PAYMENT, invoice.key, values))


def _ask_about_overpaid(checked: Checked, questions: Questions, stored: Snapshot) -> None:
    paid = paid_by_invoice(checked.payments)
    overpaid = [
        one
        for one in checked.invoices
        if 0 < one.cents("total_cents") < paid[one.key]
        and not one.values.get("state")
        and paid[one.key] != _paid_as_stored(stored, one)
    ]
    if not overpaid:
        return
    credit = sum(paid[one.key] - one.cents("total_cents") for one in overpaid)
    shown = [
        f"{one.values['number']}: {amount_text(paid[one.key])} of {amount_text(one.cents('total_cents'))}"
        for one in overpaid
    ]
    have = counted(len(overpaid), "invoice has more paid than its total", "invoices have more paid than their totals")
    questions.ask(
        "overpaid",
        overpaid[0].tab,
        f"{have} ({first_of(shown, _SHOWN)}): is the rest credit of the customers?",
        {"credit": "yes, it is credit"},
        effects={"credit": f"{amount_text(credit)} of credit"},
        shape=f"overpaid:{digest((one.key, paid[one.key]) for one in overpaid)}",
    )


def _ask_about_paid_back(checked: Checked, questions: Questions, stored: Snapshot) -> None:
    """Ask about invoices with more refunded than paid: more than their total would be open."""
    paid = paid_by_invoice(checked.payments)
    found = [
        one
        for one in checked.invoices
        if one.cents("total_cents") > 0 > paid[one.key] and paid[one.key] != _paid_as_stored(stored, one)
    ]
    if not found:
        return
    shown = first_of([f"{one.values['number']}: {amount_text(paid[one.key])}" for one in found], _SHOWN)
    has = counted(len(found), "invoice has", "invoices have")
    questions.ask(
        "paid-back",
        found[0].tab,
        f"{has} more paid back than paid ({shown}), so more than the total is open: is that right? Correct the "
        "signs in the workbook if it is not.",
        {"right": "it is right"},
        shape=f"paid-back:{digest((one.key, paid[one.key]) for one in found)}",
    )


def _stored(stored: Snapshot, record: Record) -> StoredInvoice | None:
    return stored.invoices.get((record.key[0], record.key[1]))


def _is_stored_payment(stored: Snapshot, record: Record) -> bool:
    values = record.values["paid_on"], record.values["amount_cents"]
    return any((one.paid_on, one.amount_cents) == values for one in _stored_payments(stored, record))


def _paid_as_stored(stored: Snapshot, record: Record) -> int:
    return sum(one.amount_cents for one in _stored_payments(stored, record))


def _stored_payments(stored: Snapshot, record: Record) -> Sequence[StoredPayment]:
    known = _stored(stored, record)
    return stored.payments.get(known.id, ()) if known else ()


def _of_rows(subject: str, records: Sequence[Record]) -> str:
    return f"{subject}:{digest((one.key, sorted(map(str, one.values.items()))) for one in records)}"


def _shown(records: Sequence[Record], name: str) -> str:
    return first_phrases_of([f"{one.place}: {day_text(one.day(name))}" for one in records], _SHOWN)
