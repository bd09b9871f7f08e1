"""API for imports: upload a workbook, get its preview, answer questions, apply it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, BinaryIO, Literal

from pydantic import Field

from app.actions import imports as import_actions
from app.jobs.imports import ImportJobs
from app.store.ledger import imports
from app.store.ledger.imports import State
from app.web.api import problems, shapes
from app.web.api.calls import ROOT, Answer, Call, page
from app.web.api.problems import Mistake, ProblemError, ProblemType
from app.web.api.shapes import NEXT, Asked, Moment, ResponseModel, Sent
from app.workbook.difference import Outcome
from app.workbook.figures import OwedTotals
from app.workbook.importing import Importer
from app.workbook.preview import Choices, Preview
from app.workbook.reading.refusal import WorkbookRefusedError

_MOST_ERRORS = 100


class UploadAsked(Sent):
    file_name: Annotated[shapes.Name, Field(max_length=200)] = Field(
        default="workbook.xlsx", description="What the workbook is called."
    )
    apply: Literal["when-clean"] | None = Field(
        default=None, description="Apply it at once if there is no problem, question or conflict in it."
    )


class ImportApplying(Sent):
    """Options for applying an import."""

    good_rows: bool = Field(
        default=False, description="Whether rows without a problem are imported though others have one."
    )


class ImportAnswers(Sent):
    """Answers to the questions of an import, as `--answers` of the command line takes them."""

    answers: dict[Annotated[str, Field(max_length=300)], Annotated[str, Field(max_length=100)]] = Field(
        description="The answer, one of its choices, by the id of each question."
    )


class ExampleAnswer(ResponseModel):
    """A cell of the workbook that a question is about."""

    cell: str
    text: str = Field(description="What stands in it.")
    readings: dict[str, str] = Field(description="What it would be under each answer, where it can be read two ways.")


class QuestionAnswer(ResponseModel):
    """A question that only a person can answer, by its id here or on the page of the import."""

    id: str
    tab: str
    subject: str
    sentence: str
    choices: list[str]
    labels: dict[str, str] = Field(description="What the choices mean, in words.")
    effects: dict[str, str] = Field(description="What a choice would make of the figures.")
    examples: list[ExampleAnswer]


class AnsweredQuestionResponse(ResponseModel):
    """A question with its answer, which was given for this import or remembered from one of the same shape."""

    id: str
    sentence: str
    answer: str
    remembered: bool


class OwedAnswer(ResponseModel):
    """The amounts owed in one currency; credit is not subtracted from what is outstanding."""

    currency: str
    outstanding_cents: int = Field(description=shapes.CENTS)
    overdue_cents: int = Field(description=shapes.CENTS)
    credit_cents: int = Field(description=shapes.CENTS)
    open_invoices: int


class ImportAnswer(ResponseModel):
    """An uploaded workbook and the state of its import."""

    id: int
    file_name: str
    sha256: str
    size_bytes: int
    state: State = Field(description="reading, applying and undoing are the worker's: ask again in a second.")
    failure: str = Field(description="Why it could not be read or applied, nothing otherwise.")
    apply_when_clean: bool
    uploaded_by: str
    uploaded_at: Moment
    applied_at: Moment | None
    undone_at: Moment | None


class ImportDetails(ImportAnswer):
    """An import with its preview, which is null before the workbook was read."""

    preview: "PreviewAnswer | None"


class PreviewFinding(ResponseModel):
    """A finding at one place of a workbook."""

    tab: str
    cell: str | None = Field(default=None, description="The cell or row of the tab, where it is one.")
    sentence: str


class PreviewAnswer(ResponseModel):
    """The findings in a workbook, and the changes that applying it would write; each list has at most 500 items."""

    writes: int = Field(description="How many records applying it writes.")
    counts: dict[str, int] = Field(
        description="How many rows are new, changed, unchanged, in conflict, wrong, missing."
    )
    why_not: str | None = Field(description="What keeps it from being applied, nothing if nothing does.")
    why_not_good_rows: str | None = Field(description="What keeps its good rows from being applied.")
    problems: list[PreviewFinding] = Field(description="Each cell that cannot be read or believed.")
    notices: list[PreviewFinding] = Field(description="What was seen and did not stop the reading.")
    before: list[OwedAnswer] = Field(description="What is owed now.")
    after: list[OwedAnswer] = Field(description="What would be owed after it.")
    questions: list[QuestionAnswer]
    answered: list[AnsweredQuestionResponse]
    conflicts: list[PreviewFinding] = Field(description="Rows that were changed here and in the workbook.")

    @classmethod
    def of(cls, preview: Preview, choices: Choices) -> "PreviewAnswer":
        conflicts = (change for change in preview.changes if change.outcome is Outcome.CONFLICT)
        return cls.filled(
            preview,
            why_not=preview.why_not(replace(choices, good_rows=False)),
            why_not_good_rows=preview.why_not(replace(choices, good_rows=True)),
            problems=[PreviewFinding(tab=one.tab, cell=one.cell, sentence=one.message) for one in preview.problems],
            notices=[PreviewFinding(tab=one.tab, sentence=one.message) for one in preview.notices],
            questions=[
                QuestionAnswer.filled(
                    one, sentence=one.text, examples=[ExampleAnswer.filled(example) for example in one.examples]
                )
                for one in preview.questions
            ],
            before=list(map(_owed, preview.figures.before)),
            after=list(map(_owed, preview.figures.after)),
            answered=[
                AnsweredQuestionResponse.filled(
                    one, id=one.question.id, sentence=one.question.text, remembered=one.is_remembered
                )
                for one in preview.answered
            ],
            conflicts=[
                PreviewFinding(tab=one.tab, cell=f"row {one.row}", sentence=f"{one.subject}: {one.reason}")
                for one in conflicts
            ],
        )


class ImportPage(ResponseModel):
    """Imports in the order in which they were uploaded."""

    data: list[ImportAnswer]
    next: str | None = NEXT


@dataclass(frozen=True, slots=True)
class ImportsApi:
    importer: Importer
    jobs: ImportJobs

    def list(self, _call: Call, query: Asked) -> Answer[ImportPage]:
        found = imports.following(query.after_id, query.limit + 1)
        return page(ImportPage, [ImportAnswer.filled(one) for one in found], query)

    def get(self, _call: Call, import_id: int) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        is_kept = not stored.state.is_in_work and self.importer.files(stored.id).has_preview()
        choices = Choices.from_json(stored.choices)
        preview = PreviewAnswer.of(self.importer.files(stored.id).preview(), choices) if is_kept else None
        return Answer(ImportDetails.filled(stored, preview=preview))

    def upload(self, call: Call, workbook: BinaryIO, query: UploadAsked) -> Answer[ImportDetails]:
        try:
            import_id = import_actions.receive(
                self.importer, workbook, query.file_name, call.user, apply_when_clean=query.apply is not None
            )
        except WorkbookRefusedError as refused:
            raise ProblemError(ProblemType.INVALID, str(refused), [Mistake(sentence=str(refused))]) from refused
        return replace(self._enqueued(call, import_id), headers={"Location": f"{ROOT}/imports/{import_id}"})

    def answer(self, call: Call, import_id: int, body: ImportAnswers) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        if stored.state is not State.PREVIEWED:
            raise problems.conflict(f"This import is {stored.state}: only one that is previewed asks anything.")
        preview = self.importer.files(import_id).preview()
        if wrong := _wrong_answers(preview, body.answers):
            raise ProblemError(ProblemType.INVALID, wrong[0].sentence, wrong[:_MOST_ERRORS])
        choices = Choices.from_json(stored.choices)
        given = {**choices.answers.by_question, **body.answers}
        answered = replace(choices, answers=replace(choices.answers, by_question=given))
        import_actions.choose(self.importer, import_id, answered, call.user)
        return self._enqueued(call, import_id)

    def apply(self, call: Call, import_id: int, body: ImportApplying) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        if stored.state is not State.PREVIEWED:
            raise problems.conflict(f"This import is {stored.state}: only one that is previewed can be applied.")
        try:
            import_actions.confirm(self.importer, stored, call.user, good_rows=body.good_rows)
        except import_actions.PreventedError as reason:
            wrong = self.importer.files(import_id).preview().problems[:_MOST_ERRORS]
            mistakes = [Mistake(tab=one.tab, cell=one.cell, sentence=one.message) for one in wrong]
            raise ProblemError(ProblemType.CONFLICT, str(reason), mistakes) from reason
        return self._enqueued(call, import_id)

    def _enqueued(self, call: Call, import_id: int) -> Answer[ImportDetails]:
        self.jobs.enqueue(import_id)
        return self.get(call, import_id)


def _owed(one: OwedTotals) -> OwedAnswer:
    return OwedAnswer.filled(one, outstanding_cents=one.outstanding, overdue_cents=one.overdue, credit_cents=one.credit)


def _wrong_answers(preview: Preview, answers: Mapping[str, str]) -> list[Mistake]:
    questions = {one.id: one for one in preview.questions} | {one.question.id: one.question for one in preview.answered}
    found = []
    for question_id, answer in answers.items():
        question = questions.get(question_id)
        if question is None:
            found.append(Mistake(sentence=f"Nothing in this import is asked as '{question_id}'."))
        elif not question.takes(answer):
            choices = ", ".join(question.choices)
            found.append(Mistake(sentence=f"'{answer}' is no answer to '{question_id}': it takes {choices}."))
    return found
