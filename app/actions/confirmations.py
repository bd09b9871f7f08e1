"""What is doubtful is written only once it was confirmed."""

from collections.abc import Collection, Iterable

from app.domain.confirmation import Confirmation, Doubt


class UnconfirmedError(Exception):
    """Nothing was written: each question names the confirmation that answers it."""

    def __init__(self, questions: Iterable[Doubt]) -> None:
        self.questions = tuple(questions)
        super().__init__(" ".join(question.sentence for question in self.questions))


def refuse_unconfirmed(questions: Iterable[Doubt], confirmed: Collection[Confirmation]) -> None:
    unanswered = [question for question in questions if question.confirmation not in confirmed]
    if unanswered:
        raise UnconfirmedError(unanswered)
