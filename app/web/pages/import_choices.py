"""What a person chose on the page of a preview: answers, what columns mean, whose side conflicts take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.web.http.locales import Locale
from app.workbook.difference import Decisions, Labelled, Resolution, RowChange
from app.workbook.figures import Expected, expected
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import Question, TabReport
from app.workbook.meaning.tables.headers import IGNORED, ChosenMapping, Confidence, ListKind, fields_of
from app.workbook.meaning.vocabulary.field_labels import Groups, groups_of
from app.workbook.preview import Choices
from app.workbook.reading.cells import column_number

RECOGNISED_BY_ITSELF = "recognised"
_FOR_COLUMNS = {"dates", "decimal", "swapped"}
_OF_ALL_KINDS = {
    Resolution.KEEP: "Keep ours",
    Resolution.TAKE: "Use the workbook’s",
    Resolution.ADD: "Add its payments beside ours",
}


@dataclass(frozen=True, slots=True)
class Mappable:
    """A tab whose columns a person can give another meaning."""

    tab: TabReport

    @property
    def shown(self) -> ChosenMapping:
        fields = {column_number(column["column"]): column["field"] for column in self.tab.columns if column["field"]}
        return ChosenMapping(self.tab.kind, fields)

    @property
    def is_chosen(self) -> bool:
        return any(column["confidence"] == Confidence.CHOSEN for column in self.tab.columns)

    @property
    def keeps_unknown(self) -> bool:
        """Return whether a column that is read as nothing is kept as it is."""
        return self.tab.kind in {ListKind.CUSTOMER, ListKind.INVOICE}

    @property
    def groups(self) -> Groups:
        """Return what a column of the tab can mean; for a tab that is not read, whatever any tab's can."""
        return groups_of(self.tab.kind)


def chosen(
    form: Mapping[str, str], before: Choices, mappables: Sequence[Mappable], locale: Locale, currency: str
) -> Choices:
    """Leave what the form does not hold as it was; raises UnreadableError where the expected total is no amount."""
    forgotten = forgotten_mappings(form, mappables)
    kept = {fingerprint: mapping for fingerprint, mapping in before.mappings.items() if fingerprint not in forgotten}
    return replace(
        before,
        answers=_answers(form, before.answers),
        mappings={**kept, **_mappings(form, mappables)},
        decisions=_decisions(form, before.decisions),
        expected=_expected(form, before.expected, locale, currency),
    )


def grouped(questions: Sequence[Question]) -> list[list[Question]]:
    """Return those together that are the same for several columns; the first offers what any of them takes."""
    groups: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        is_for_columns = question.subject in _FOR_COLUMNS
        groups.setdefault((question.subject, "" if is_for_columns else question.id), []).append(question)
    return [[replace(group[0], choices=_choices_of(group)), *group[1:]] for group in groups.values()]


def _choices_of(group: Sequence[Question]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(choice for question in group for choice in question.choices))


def for_other_conflicts(conflicts: Sequence[RowChange]) -> Labelled:
    """Return what can be decided about several conflicts at once, in the words of all of them if these are the same."""
    offered = {conflict.choices for conflict in conflicts}
    if len(offered) == 1:
        return offered.pop()
    possible = {choice for choices in offered for choice, _ in choices}
    return tuple((choice, _OF_ALL_KINDS[choice]) for choice in Resolution if choice in possible)


def forgotten_answers(form: Mapping[str, str]) -> set[str]:
    return {name.removeprefix("again:") for name in form if name.startswith("again:")}


def forgotten_mappings(form: Mapping[str, str], mappables: Sequence[Mappable]) -> set[str]:
    return {one.tab.fingerprint for one in mappables if form.get(f"kind:{one.tab.fingerprint}") == RECOGNISED_BY_ITSELF}


def _answers(form: Mapping[str, str], before: Answers) -> Answers:
    """Give an answer for several columns to each of them, and leave out those to ask again."""
    given = {name.removeprefix("answer:"): text for name, text in form.items() if name.startswith("answer:") and text}
    for name, others in form.items():
        first = name.removeprefix("same:")
        if name.startswith("same:") and first in given:
            given = {question_id: given[first] for question_id in others.split("\n") if question_id} | given
    again = {text for name, text in form.items() if name.startswith("again:")}
    kept = {question_id: text for question_id, text in before.by_question.items() if question_id not in again}
    return replace(before, by_question={**kept, **given})


def _expected(form: Mapping[str, str], before: Expected | None, locale: Locale, currency: str) -> Expected | None:
    text = form.get("expected")
    if text is None:
        return before
    if not text.strip():
        return None
    # `1.234` is an amount to one reader and two to nobody: how they write comes before what could be meant.
    cents = locale.cents_in(text)
    return Expected(cents) if cents is not None else expected(text, currency)


def _mappings(form: Mapping[str, str], mappables: Sequence[Mappable]) -> dict[str, ChosenMapping]:
    """Return the mappings that differ from what the page showed: what was only looked at is not chosen."""
    found = {}
    for mappable in mappables:
        tab = mappable.tab
        if tab.fingerprint and form.get(f"kind:{tab.fingerprint}", RECOGNISED_BY_ITSELF) != RECOGNISED_BY_ITSELF:
            mapping = _mapping(form, tab)
            if mapping != mappable.shown:
                found[tab.fingerprint] = mapping
    return found


def _mapping(form: Mapping[str, str], tab: TabReport) -> ChosenMapping:
    given = form[f"kind:{tab.fingerprint}"]
    if given not in set(ListKind):
        return ChosenMapping(None, {})
    kind = ListKind(given)
    possible = set(fields_of(kind))
    fields: dict[int, str] = {}
    for column in tab.columns:
        field = form.get(f"column:{tab.fingerprint}:{column['column']}", "")
        if field == IGNORED or (field in possible and field not in fields.values()):
            fields[column_number(column["column"])] = field
    return ChosenMapping(kind, fields)


def _decisions(form: Mapping[str, str], before: Decisions) -> Decisions:
    others = _resolution(form.get("conflicts", ""))
    given = {name.removeprefix("conflict:"): text for name, text in form.items() if name.startswith("conflict:")}
    by_row = {row: resolution for row, text in given.items() if (resolution := _resolution(text))}
    return Decisions(others or before.others, {**before.by_row, **by_row})


def _resolution(text: str) -> Resolution | None:
    return Resolution(text) if text in set(Resolution) else None
