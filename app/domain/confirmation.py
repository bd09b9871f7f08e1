"""Questions that are asked before something unlikely is saved, and the confirmations that answer them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Confirmation(StrEnum):
    """The value is the name of the box on a form, and of the field in the API."""

    KEEP_CREDIT = "keep_credit"
    REPEAT_PAYMENT = "repeat_payment"
    REPEAT_NUMBER = "repeat_number"
    NEW_CURRENCY = "new_currency"
    CREDIT_NOTE = "credit_note"
    FAR_AHEAD = "far_ahead"


@dataclass(frozen=True, slots=True)
class Doubt:
    """`field` is where the doubt is; `invoice_id` says which of several invoices it concerns."""

    confirmation: Confirmation
    field: str
    sentence: str
    invoice_id: int | None = None


class UnconfirmedError(Exception):
    """Nothing was written: each question names the confirmation that answers it."""

    def __init__(self, questions: Iterable[Doubt]) -> None:
        self.questions = tuple(questions)
        super().__init__(" ".join(question.sentence for question in self.questions))
