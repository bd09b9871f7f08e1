"""Questions that only a person can answer: asked once, answered by id, remembered for workbooks of the same shape."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from app.workbook.meaning.results.records import AnsweredQuestion, Checked, Example, Question


@dataclass(frozen=True, slots=True)
class Answers:
    """`by_question` has the answer by id, `by_subject` for all questions of a subject, `remembered` by shape."""

    by_subject: dict[str, str] = field(default_factory=dict)
    by_question: dict[str, str] = field(default_factory=dict)
    remembered: dict[str, str] = field(default_factory=dict)


class Questions:
    """Of several questions with the same shape only the first is asked."""

    def __init__(self, answers: Answers, checked: Checked, kept: Collection[str] = ()) -> None:
        """`kept` has the names of columns that were kept as own fields before; they are not questioned again."""
        self.answers = answers
        self.kept = kept
        self._checked = checked
        self._first_of_shape: dict[str, str] = {}
        self._open: set[str] = set()

    def ask(
        self,
        id_: str,
        tab: str,
        text: str,
        labels: Mapping[str, str],
        *,
        shape: str,
        examples: tuple[Example, ...] = (),
        effects: Mapping[str, str] | None = None,
    ) -> str | None:
        """Put a question whose choices are those with a label; its subject is the first part of the id."""
        subject = id_.partition(":")[0]
        return self.put(Question(id_, subject, tab, text, tuple(labels), examples, labels, effects or {}, shape))

    def put(self, question: Question) -> str | None:
        """Return the answer; if there is none, add the question, and the import waits for it."""
        answer = self.answer_if_given(question)
        first = self._first_of_shape[question.shape] if question.shape else question.id
        if answer is None and first not in self._open:
            self._open.add(first)
            self._checked.questions.append(question)
        return answer

    def answer_if_given(self, question: Question) -> str | None:
        """Return the answer and record it, or return None without asking."""
        first = self._first_of_shape.setdefault(question.shape, question.id) if question.shape else question.id
        answer = self.known(question)
        if answer is not None:
            is_remembered = not (self._given(question.id, question) or self._given(first, question))
            self._checked.answered.append(AnsweredQuestion(question, answer, is_remembered))
        return answer

    def known(self, question: Question) -> str | None:
        first = self._first_of_shape.get(question.shape, question.id)
        given = self._given(question.id, question) or self._given(first, question)
        answer = given or (self.answers.remembered.get(question.shape) if question.shape else None)
        return answer if answer is not None and question.takes(answer) else None

    def _given(self, question_id: str, question: Question) -> str | None:
        return self.answers.by_question.get(question_id) or self.answers.by_subject.get(question.subject)


def digest(parts: Iterable[object]) -> str:
    """Return a hash that identifies a set of rows, so that an answer about rows is not applied to others."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]
