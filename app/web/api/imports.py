"""API for imports: upload a workbook, get its preview, answer questions, apply it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, BinaryIO, Literal

from pydantic import Field

from app.actions import exports
from app.actions import imports as import_actions
from app.jobs.imports import ImportJobs
from app.store.access import mail_senders
from app.store.access.idempotency import OtherRequestError
from app.store.ledger import imports
from app.store.ledger.automation import settings as automation
from app.store.ledger.imports import ImportOrigin, Source, State, StoredImport
from app.web.api import problems, shapes
from app.web.api.calls import ROOT, Answer, Call, page
from app.web.api.problems import Mistake, ProblemError, ProblemType
from app.web.api.shapes import NEXT, Asked, Moment, ResponseModel, Sent
from app.web.http.downloads import headers_of_a_file, one_at_a_time
from app.workbook.difference import Outcome
from app.workbook.figures import Expected, OwedTotals, expected
from app.workbook.importing import Importer
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.preview import Choices, Preview
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.reporting import ImportOutcome, ImportReports

_MOST_ERRORS = 100


class UploadAsked(Sent):
    file_name: Annotated[shapes.Name, Field(max_length=200)] = Field(
        default="workbook.xlsx", description="What the workbook is called."
    )
    apply: Literal["when-clean"] | None = Field(
        default=None, description="Apply it at once if there is no problem, question or conflict in it."
    )

    expect: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        default=None,
        description="What the books of the sender say is owed afterwards, such as 12,345.60: it is only applied "
        "if that agrees to the cent.",
    )
    sender: Annotated[shapes.Email, Field(min_length=1, max_length=254)] | None = Field(
        default=None,
        description="The From address of the mail that it came by: that of an active user who may import. It is "
        "applied at once only while the page Automation allows that for mail.",
    )


class ReportSent(Sent):
    """To whom the report of an import was sent."""

    recipient: Annotated[shapes.Name, Field(max_length=254)] = Field(description="The address that it was sent to.")


class ReportAnswer(ResponseModel):
    """What became of a workbook, in words for the person who sent it."""

    subject: str
    text: str
    html: str
    outcome: ImportOutcome
    link: str = Field(description="The page of the import.")
    has_marked_copy: bool = Field(description="Whether there is a copy of the workbook with its problems marked.")


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
    source: Source = Field(description="How it came by itself: by mail or by the inbox folder; else nothing.")
    sender: str = Field(description="The address of the mail that it came by.")
    report_sent_at: Moment | None = Field(description="When its report was sent, null before.")


class ImportDetails(ImportAnswer):
    """An import with its preview, which is null before the workbook was read, and its report, null while in work."""

    preview: "PreviewAnswer | None"
    report: ReportAnswer | None


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
    reports: ImportReports

    def list(self, _call: Call, query: Asked) -> Answer[ImportPage]:
        found = imports.following(query.after_id, query.limit + 1)
        return page(ImportPage, [ImportAnswer.filled(one) for one in found], query)

    def get(self, _call: Call, import_id: int) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        is_kept = not stored.state.is_in_work and self.importer.files(stored).has_preview()
        choices = Choices.from_json(stored.choices)
        preview = PreviewAnswer.of(self.importer.files(stored).preview(), choices) if is_kept else None
        report = self.reports.of(stored)
        said = ReportAnswer.filled(report) if report else None
        return Answer(ImportDetails.filled(stored, preview=preview, report=said))

    def upload(self, call: Call, workbook: BinaryIO, query: UploadAsked) -> Answer[ImportDetails]:
        if query.sender is not None:
            _refuse_unknown(query.sender)
            if known := imports.with_request_key(call.user_key):
                return self._same_mail(call, known, workbook)
        try:
            import_id = import_actions.receive(
                self.importer,
                workbook,
                query.file_name,
                call.user,
                apply_when_clean=query.apply is not None and _may_be_applied(query.sender),
                choices=Choices(expected=self._expected(query.expect)),
                origin=ImportOrigin(Source.MAIL, query.sender, request_key=call.user_key) if query.sender else None,
            )
        except WorkbookRefusedError as refused:
            raise ProblemError(ProblemType.INVALID, str(refused), [Mistake(sentence=str(refused))]) from refused
        return replace(self._enqueued(call, import_id), headers={"Location": f"{ROOT}/imports/{import_id}"})

    def answer(self, call: Call, import_id: int, body: ImportAnswers) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        if stored.state is not State.PREVIEWED:
            raise problems.conflict(f"This import is {stored.state}: only one that is previewed asks anything.")
        preview = self.importer.files(stored).preview()
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
            wrong = self.importer.files(stored).preview().problems[:_MOST_ERRORS]
            mistakes = [Mistake(tab=one.tab, cell=one.cell, sentence=one.message) for one in wrong]
            raise ProblemError(ProblemType.CONFLICT, str(reason), mistakes) from reason
        return self._enqueued(call, import_id)

    def marked(self, call: Call, import_id: int) -> Answer[bytes]:
        stored = imports.existing(import_id)
        if not self.reports.has_marked_copy(stored):
            raise problems.not_found("There is no marked copy of this import: only of one that was read and waits.")
        rows = sum(self.importer.files(stored).preview().counts.values())
        try:
            with one_at_a_time(), self.importer.marked_copy(stored) as path:
                content = path.read_bytes()
        except WorkbookRefusedError as refused:
            raise problems.not_found(refused) from refused
        name = self.importer.marked_name(stored)
        exports.record(f"marked copy of import {import_id}", name, rows, {}, call.user, call.now)
        return Answer(content, headers_of_a_file(content, name))

    def report_sent(self, call: Call, import_id: int, body: ReportSent) -> Answer[ImportDetails]:
        stored = imports.existing(import_id)
        if stored.state.is_in_work:
            raise problems.conflict(f"This import is {stored.state}: there is no report of it yet.")
        import_actions.note_report(self.importer, import_id, body.recipient, call.user)
        return self.get(call, import_id)

    def _expected(self, text: str | None) -> Expected | None:
        if text is None:
            return None
        try:
            return expected(text, self.importer.firm.currency)
        except UnreadableError as error:
            sentence = f"The figure {error}: write it as 12345.60 or 'EUR 12345.60'."
            raise ProblemError(ProblemType.INVALID, sentence, [problems.at("expect", sentence)]) from error

    def _same_mail(self, call: Call, known: StoredImport, workbook: BinaryIO) -> Answer[ImportDetails]:
        if sha256(workbook.read()).hexdigest() != known.sha256:
            raise OtherRequestError
        return self.get(call, known.id)

    def _enqueued(self, call: Call, import_id: int) -> Answer[ImportDetails]:
        self.jobs.enqueue(import_id)
        return self.get(call, import_id)


def _may_be_applied(sender: str | None) -> bool:
    return sender is None or automation.current().applies_mailed


def _refuse_unknown(sender: str) -> None:
    if not mail_senders.is_known(sender):
        raise ProblemError(
            ProblemType.UNKNOWN_SENDER,
            "This sender may not send workbooks: add the address on the page Users, with a role that may import.",
            [problems.at("sender", "This is not the address of an active user who may import.")],
        )


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
