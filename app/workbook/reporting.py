"""The report of an import: what became of a workbook and what to do, for mails, the inbox folder and commands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.messages import Block, Heading, Items, Message, PageLink, Paragraph, Table, one_line, shortened
from app.domain.money import display
from app.domain.sentences import counted
from app.store.ledger.imports import State, StoredImport
from app.workbook.difference import Outcome
from app.workbook.figures import ImportFigures, OwedTotals
from app.workbook.importing import Importer
from app.workbook.meaning.results.records import Question
from app.workbook.preview import Choices, Preview

MOST_OF_EACH = 50


class ImportOutcome(StrEnum):
    """What became of a workbook; one that waits is clean, or needs a decision of a person that is no question."""

    APPLIED = "applied"
    NOTHING_NEW = "nothing-new"
    QUESTIONS = "questions"
    PROBLEMS = "problems"
    WAITS = "waits"
    FAILED = "failed"


NEEDS_NOBODY = {ImportOutcome.APPLIED, ImportOutcome.NOTHING_NEW}


@dataclass(frozen=True, slots=True)
class Report:
    outcome: ImportOutcome
    message: Message
    link: str
    has_marked_copy: bool

    @property
    def subject(self) -> str:
        return self.message.subject

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def html(self) -> str:
        return self.message.html

    @property
    def needs_nobody(self) -> bool:
        return self.outcome in NEEDS_NOBODY


@dataclass(frozen=True, slots=True)
class ImportReports:
    importer: Importer
    public_url: str

    def of(self, stored: StoredImport) -> Report | None:
        """Return None while the worker is at it."""
        if stored.state.is_in_work:
            return None
        files = self.importer.files(stored)
        preview = files.preview() if files.has_preview() else None
        lengths = files.preview_json()["totals"] if preview else {}
        found = _Found(stored, preview, lengths.get("problems", 0), f"{self.public_url}/imports/{stored.id}")
        has_copy = found.outcome not in NEEDS_NOBODY and self.has_marked_copy(stored)
        return Report(found.outcome, found.message(), found.link, has_copy)

    def has_marked_copy(self, stored: StoredImport) -> bool:
        files = self.importer.files(stored)
        is_open = stored.state in {State.PREVIEWED, State.FAILED}
        return is_open and files.has_preview() and files.has_workbook()


def refusal(file_name: str, sentence: str) -> Report:
    """Report a file that was not received as an import: there is nothing to look at but the sentence."""
    message = Message(f"{one_line(file_name)} was refused", [Paragraph(sentence)])
    return Report(ImportOutcome.FAILED, message, "", has_marked_copy=False)


@dataclass(frozen=True, slots=True)
class _Found:
    stored: StoredImport
    preview: Preview | None
    problem_count: int
    link: str

    @property
    def choices(self) -> Choices:
        return Choices.from_json(self.stored.choices)

    @property
    def differs(self) -> str | None:
        expected = self.choices.expected
        return expected.differs_from(self.preview.figures) if expected and self.preview else None

    @property
    def outcome(self) -> ImportOutcome:
        if self.stored.state is State.APPLIED:
            return ImportOutcome.APPLIED
        if self.preview is None or self.stored.state is State.FAILED:
            return ImportOutcome.FAILED
        if self.preview.questions:
            return ImportOutcome.QUESTIONS
        if self.preview.problems:
            return ImportOutcome.PROBLEMS
        is_decided = not self.preview.undecided_conflicts(self.choices.decisions)
        is_open = self.preview.writes or self.differs or self.stored.state is State.UNDONE
        return ImportOutcome.NOTHING_NEW if is_decided and not is_open else ImportOutcome.WAITS

    def message(self) -> Message:
        name = one_line(self.stored.file_name)
        return Message(f"{name}: {self._in_short()}", list(self._blocks(name)))

    def _in_short(self) -> str:
        preview, problems = self.preview, counted(self.problem_count, "problem", "problems")
        questions = counted(len(preview.questions) if preview else 0, "question", "questions")
        return one_line(
            {
                ImportOutcome.APPLIED: "applied",
                ImportOutcome.NOTHING_NEW: "nothing new",
                ImportOutcome.QUESTIONS: f"{questions} to answer",
                ImportOutcome.PROBLEMS: f"{problems} to correct",
                ImportOutcome.WAITS: "waits for a decision",
                ImportOutcome.FAILED: "could not be read",
            }[self.outcome]
        )

    def _blocks(self, name: str) -> Iterator[Block]:
        yield Paragraph(self._what_became_of_it(name))
        if self.stored.failure and self.stored.state is not State.FAILED:
            yield Paragraph(self.stored.failure)
        if self.preview is None:
            return
        yield from _figures(self.preview.figures)
        yield from self._control_figure()
        yield from _questions(self.preview.questions)
        yield from self._problems()
        yield from self._conflicts()
        yield PageLink(self._what_to_do(), self.link)

    def _what_became_of_it(self, name: str) -> str:
        if self.stored.state is State.UNDONE:
            return f"The import of {name} was undone: upload it again to import it."
        return {
            ImportOutcome.APPLIED: f"{name} was imported.",
            ImportOutcome.NOTHING_NEW: f"{name} says what is stored already: nothing was changed.",
            ImportOutcome.QUESTIONS: f"{name} was not imported: it can be read in more than one way.",
            ImportOutcome.PROBLEMS: f"{name} was not imported: some of its cells cannot be read or believed.",
            ImportOutcome.WAITS: f"{name} was read and not imported: it waits for somebody who decides.",
            ImportOutcome.FAILED: f"{name} was not imported: {self.stored.failure}",
        }[self.outcome]

    def _what_to_do(self) -> str:
        return {
            ImportOutcome.APPLIED: "See what was changed, or undo it:",
            ImportOutcome.NOTHING_NEW: "See the import:",
            ImportOutcome.QUESTIONS: f"Answer the questions here{self._and_then()}:",
            ImportOutcome.PROBLEMS: "Correct the workbook and send it again, or import its good rows here:",
            ImportOutcome.WAITS: "Look at it and decide here:",
            ImportOutcome.FAILED: "See why, and say what its columns mean:",
        }[self.outcome]

    def _and_then(self) -> str:
        return "; if nothing else is open, it is then applied" if self.stored.apply_when_clean else ""

    def _control_figure(self) -> Iterator[Block]:
        expected = self.choices.expected
        if expected is None:
            return
        currencies = [one.currency for one in self.preview.figures.after] if self.preview else []
        currency = expected.currency or (currencies[0] if len(currencies) == 1 else "")
        amount = f"{display(expected.cents)} {currency}".strip()
        yield Paragraph(self.differs or f"Your book says {amount} is owed, and it agrees with this import.")

    def _problems(self) -> Iterator[Block]:
        found = self.preview.problems if self.preview else ()
        if found:
            yield Heading("Problems")
            lines = [f"{one.tab}!{one.cell}: {one.message}" for one in found]
            yield Items(shortened(lines, MOST_OF_EACH, max(self.problem_count, len(lines))))

    def _conflicts(self) -> Iterator[Block]:
        found = self.preview.undecided_conflicts(self.choices.decisions) if self.preview else []
        if found and self.stored.state is State.PREVIEWED:
            yield Heading("Changed here and in the workbook")
            lines = [f"{one.tab}, row {one.row}: {one.subject}. {one.reason}".strip() for one in found]
            yield Items(shortened(lines, MOST_OF_EACH, len(lines) + self._conflicts_cut_off()))

    def _conflicts_cut_off(self) -> int:
        """Return how many the kept preview counts and no longer lists."""
        if self.preview is None:
            return 0
        listed = sum(one.outcome is Outcome.CONFLICT for one in self.preview.changes)
        return self.preview.counts[Outcome.CONFLICT] - listed


def _figures(figures: ImportFigures) -> Iterator[Block]:
    if not figures.after:
        return
    before = {one.currency: one for one in figures.before}
    rows = [row for after in figures.after for row in _rows(before.get(after.currency), after)]
    yield Heading("What is owed")
    yield Table(("", "Before", "After"), rows)


def _rows(before: OwedTotals | None, after: OwedTotals) -> list[tuple[str, str, str]]:
    then = before or OwedTotals(after.currency)
    rows = [
        (f"Outstanding {after.currency}", display(then.outstanding), display(after.outstanding)),
        (f"Overdue {after.currency}", display(then.overdue), display(after.overdue)),
        (f"Credit {after.currency}", display(then.credit), display(after.credit)),
        (f"Open invoices in {after.currency}", f"{then.open_invoices:,}", f"{after.open_invoices:,}"),
    ]
    return [row for row in rows if not row[0].startswith("Credit") or then.credit or after.credit]


def _questions(questions: Sequence[Question]) -> Iterator[Block]:
    if not questions:
        return
    yield Heading("Questions")
    for question in questions[:MOST_OF_EACH]:
        yield Paragraph(f"{question.tab}: {question.text}")
        if question.choices:
            yield Items([_choice(question, one) for one in question.choices])
    if len(questions) > MOST_OF_EACH:
        yield Paragraph(f"and {len(questions) - MOST_OF_EACH:,} more")


def _choice(question: Question, choice: str) -> str:
    cells = [f"{one.cell} is then {one.readings[choice]}" for one in question.examples if choice in one.readings]
    more = "; ".join([*filter(None, [question.effects.get(choice, "")]), *cells[:3]])
    label = question.labels.get(choice, choice)
    return f"{label} ({more})" if more else label
