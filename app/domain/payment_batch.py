"""Payment batches: one receipt of money for one invoice or several, or several receipts that are recorded at once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.confirmation import Confirmation, Doubt
from app.domain.invoice import Invoice, LifecycleState, lifecycle_state
from app.domain.plausible_days import why_not_plausible
from app.domain.sentences import amount_text, first_of

_MOST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class PaymentBatch:
    """Payments to record together: `amounts` is cents by invoice id, all negative for a refund.

    `key` is the idempotency key of the form: a batch that is sent twice is recorded once. Several receipts that are
    recorded at once may be in several currencies. `currency` is the one that was seen with the amounts, "" if none was.
    `source` is the payment provider that it came from, "" if a person recorded it.
    """

    key: str
    paid_on: date
    amounts: Mapping[int, int]
    method: str = ""
    reference: str = ""
    note: str = ""
    currency: str = ""
    is_one_receipt: bool = True
    moves_credit: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class BatchRefusal:
    """`most_cents` is the largest amount allowed, where the amount is the reason; `field` is the one to correct."""

    sentence: str
    invoice_id: int | None = None
    most_cents: int | None = None
    field: str = "amounts"


@dataclass(frozen=True, slots=True)
class EarlierPayment:
    """A payment that counts; `receipt` is the same for payments that were recorded together."""

    receipt: str
    customer_id: int
    currency: str
    cents: int
    number: str


def spread(cents: int, balances: Mapping[int, int]) -> dict[int, int]:
    """Fill each invoice up to its balance, in the given order; a remainder is not allocated."""
    placed: dict[int, int] = {}
    left = cents
    for invoice_id, balance in balances.items():
        if left <= 0:
            break
        placed[invoice_id] = min(left, balance)
        left -= placed[invoice_id]
    return placed


def why_not(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> BatchRefusal | None:
    """Return None if the batch can be recorded; `invoices` has each invoice with the cents paid for it."""
    if sentence := why_not_plausible(batch.paid_on):
        return BatchRefusal(sentence, field="paid_on")
    if batch.paid_on > today:
        return BatchRefusal("The day lies in the future: record money when it has come in.", field="paid_on")
    if batch.is_one_receipt and len({invoice.currency for invoice, _ in invoices.values()}) > 1:
        return BatchRefusal("One payment is in one currency: these invoices are in several.")
    for invoice, _ in invoices.values():
        if batch.currency and invoice.currency != batch.currency:
            sentence = f"Invoice {invoice.number} is in {invoice.currency}, not in {batch.currency}: check the amount."
            return BatchRefusal(sentence, invoice.id, field="currency")
    refusals = (_why_not_on(*invoices[invoice_id], cents) for invoice_id, cents in batch.amounts.items())
    return next(filter(None, refusals), None)


def why_not_move(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], today: date) -> BatchRefusal | None:
    """Return None if the batch can move credit between invoices of one customer.

    The amounts must add up to zero: no more is taken from an invoice than its credit, and none is given more than its
    balance.
    """
    refusal = why_not(batch, invoices, today)
    if refusal:
        return refusal
    if sum(batch.amounts.values()) != 0:
        return BatchRefusal("What is taken from one invoice must be what is placed on the others.")
    if len({invoice.customer_id for invoice, _ in invoices.values()}) > 1:
        return BatchRefusal("Credit can only be used for invoices of the same customer.")
    for invoice_id, cents in batch.amounts.items():
        invoice, paid_cents = invoices[invoice_id]
        left = invoice.total_cents - paid_cents
        if cents < 0 and -cents > -left:
            return BatchRefusal(f"Invoice {invoice.number} has less credit than that.", invoice_id, max(0, -left))
        if cents > 0 and cents > left:
            return BatchRefusal(f"Less than that is open on invoice {invoice.number}.", invoice_id, max(0, left))
    return None


def overpaid(batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]]) -> dict[int, int]:
    """Return the cents by which the batch would overpay invoices, by invoice id."""
    more = {
        invoice_id: cents - max(0, invoices[invoice_id][0].total_cents - invoices[invoice_id][1])
        for invoice_id, cents in batch.amounts.items()
    }
    return {invoice_id: cents for invoice_id, cents in more.items() if cents > 0}


def questions(
    batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], earlier: Iterable[EarlierPayment]
) -> Iterator[Doubt]:
    """`earlier` are the payments of that day with that reference."""
    for invoice_id, cents in overpaid(batch, invoices).items():
        sentence = (
            f"Only {amount_text(batch.amounts[invoice_id] - cents)} is open. Correct the amount, or keep the extra "
            f"{amount_text(cents)} as credit."
        )
        yield Doubt(Confirmation.KEEP_CREDIT, "amount_cents", sentence, invoice_id)
    if again := _recorded_already(batch, invoices, earlier):
        yield again


def _recorded_already(
    batch: PaymentBatch, invoices: Mapping[int, tuple[Invoice, int]], earlier: Iterable[EarlierPayment]
) -> Doubt | None:
    """Compare the sum of each customer: what was recorded may have been placed on other invoices."""
    sums: Counter[tuple[int, str]] = Counter()
    for invoice_id, cents in batch.amounts.items():
        invoice, _ = invoices[invoice_id]
        sums[invoice.customer_id, invoice.currency] += cents
    receipts: dict[tuple[str, int, str], list[EarlierPayment]] = {}
    for payment in earlier:
        receipts.setdefault((payment.receipt, payment.customer_id, payment.currency), []).append(payment)
    for (_, customer_id, currency), together in receipts.items():
        if sums.get((customer_id, currency)) == sum(payment.cents for payment in together):
            return Doubt(Confirmation.REPEAT_PAYMENT, "amounts", _same_payment(together))
    return None


def _same_payment(together: Sequence[EarlierPayment]) -> str:
    cents = sum(payment.cents for payment in together)
    kind = "refund" if cents < 0 else "payment"
    numbers = first_of([payment.number for payment in together], _MOST_NUMBERS)
    return (
        f"A {kind} of {amount_text(abs(cents))} {together[0].currency} of the same day and with the same reference is "
        f"recorded already, for {numbers}: is this the same {kind}? If it is not, record it all the same."
    )


def _why_not_on(invoice: Invoice, paid_cents: int, cents: int) -> BatchRefusal | None:
    state = lifecycle_state(invoice)
    if state is not LifecycleState.ISSUED:
        return BatchRefusal(f"Invoice {invoice.number} is {_IN_WORDS[state]}: reinstate it first.", invoice.id)
    if cents == 0:
        return BatchRefusal(f"Nothing was placed on invoice {invoice.number}.", invoice.id)
    if cents < 0 and -cents > paid_cents:
        sentence = f"No more can be refunded than was paid for invoice {invoice.number}."
        return BatchRefusal(sentence, invoice.id, max(0, paid_cents))
    return None


_IN_WORDS = {LifecycleState.DRAFT: "a draft", LifecycleState.VOID: "void", LifecycleState.WRITTEN_OFF: "written off"}
