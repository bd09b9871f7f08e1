"""What people enter of an invoice: what is refused, and what is asked before it is saved.

Only what is new is judged: an invoice that was imported with doubtful values can still be edited.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.confirmation import Confirmation, Doubt
from app.domain.invoice import Invoice, InvoiceFacts
from app.domain.plausible_days import is_far_ahead, why_not_plausible
from app.domain.sentences import amount_text, first_of

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class InvoiceRefusal:
    """`field` is the one to correct, "" if it is none."""

    sentence: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the ledger has besides the invoice.

    `currencies` are those of its invoices, `others_with_number` the names of other customers that have an invoice
    with this number.
    """

    currencies: Sequence[str]
    others_with_number: Sequence[str]


def refusals(
    facts: InvoiceFacts, before: Invoice | None, ledger: LedgerFacts, known_currencies: Container[str]
) -> Iterator[InvoiceRefusal]:
    """Yield none if the values can be saved, once what is doubtful is confirmed."""
    for name in ("issued_on", "due_on"):
        if _is_new(name, facts, before) and (sentence := why_not_plausible(getattr(facts, name))):
            yield InvoiceRefusal(sentence, name)
    if sentence := why_not_due(facts.issued_on, facts.due_on):
        yield InvoiceRefusal(sentence, "due_on")
    if _is_new("total_cents", facts, before) and facts.total_cents == 0:
        yield InvoiceRefusal("Nothing is owed on a total of zero: write the total of the invoice.", "total_cents")
    is_known = facts.currency in known_currencies or facts.currency in ledger.currencies
    if _is_new("currency", facts, before) and not is_known:
        yield InvoiceRefusal(f"There is no currency {facts.currency}: write its code, such as USD.", "currency")


def why_not_due(issued_on: date, due_on: date) -> str:
    """Return "" if an invoice of that day can be due then."""
    return "It cannot be due before it is issued." if due_on < issued_on else ""


def questions(
    facts: InvoiceFacts, before: Invoice | None, paid_cents: int, ledger: LedgerFacts, today: date
) -> Iterator[Doubt]:
    if _is_new("number", facts, before) and ledger.others_with_number:
        names = first_of(ledger.others_with_number, _MOST_NAMES)
        sentence = f"This number is used by {names} too: correct it, or use it all the same."
        yield Doubt(Confirmation.REPEAT_NUMBER, "number", sentence)
    if _is_new("issued_on", facts, before) and is_far_ahead(facts.issued_on, today):
        sentence = "This day is far ahead, and the invoice counts only from then on: correct it, or keep the day."
        yield Doubt(Confirmation.FAR_AHEAD, "issued_on", sentence)
    if _is_new("currency", facts, before) and ledger.currencies and facts.currency not in ledger.currencies:
        sentence = f"No invoice is in {facts.currency} yet: correct it, or use it all the same."
        yield Doubt(Confirmation.NEW_CURRENCY, "currency", sentence)
    yield from _questions_about_total(facts, before, paid_cents)


def _questions_about_total(facts: InvoiceFacts, before: Invoice | None, paid_cents: int) -> Iterator[Doubt]:
    was_cents = before.total_cents if before else 0
    if facts.total_cents < 0 <= was_cents:
        sentence = "A total below zero makes this a credit note: correct it, or say that it is one."
        yield Doubt(Confirmation.CREDIT_NOTE, "total_cents", sentence)
    credit_cents = paid_cents - facts.total_cents
    if before and facts.total_cents < was_cents and paid_cents > 0 and credit_cents > 0:
        sentence = (
            f"{amount_text(paid_cents)} {facts.currency} was paid for it: correct the total, or let the extra "
            f"{amount_text(credit_cents)} become credit."
        )
        yield Doubt(Confirmation.KEEP_CREDIT, "total_cents", sentence)


def _is_new(name: str, facts: InvoiceFacts, before: Invoice | None) -> bool:
    return before is None or getattr(facts, name) != getattr(before, name)
