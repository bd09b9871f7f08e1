"""Options of the import command that answer questions in advance, and the expected total of the user's own books."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.cli.opening import refuse
from app.workbook.figures import Expected, expected
from app.workbook.meaning.cell_values.amounts import UnreadableError
from app.workbook.meaning.columns.table_columns import field_named
from app.workbook.meaning.tables.headers import IGNORED, ListKind, fields_of
from app.workbook.preview import Preview

_COLUMN = re.compile(r"(?P<tab>.+)!(?P<letters>[A-Za-z]{1,3})=(?P<field>[a-z_]+)")


def by_question(answers: Path | None, columns: Iterable[str], skipped: Iterable[str]) -> dict[str, str]:
    """Return the answers by question id; ends the command with a sentence if one is invalid."""
    found = _of_file(answers) if answers else {}
    for text in columns:
        match = _COLUMN.fullmatch(text)
        if match is None:
            refuse(f"--column '{text}' is not of the form 'Tab!F=balance'.")
        if not _is_field(match["field"]):
            known = "total, paid, balance, net, tax, discount, amount, ignore"
            refuse(f"--column '{text}' names no field: use {known}, or one that --json shows for a column.")
        found[f"column:{match['tab']}!{match['letters'].upper()}"] = match["field"]
    return found | {f"tab:{name}": "skip" for name in skipped}


def own_book(text: str | None, currency: str) -> Expected | None:
    """End the command with a sentence if the amount cannot be read."""
    if text is None:
        return None
    try:
        return expected(text, currency)
    except UnreadableError as error:
        refuse(f"--expect {error}: write it as 1234.50 or 'EUR 1234.50'.")


def refuse_unused(given: Mapping[str, str], preview: Preview) -> None:
    """End the command with a sentence if an answer fits no question of the workbook or is not one of its choices."""
    open_questions = {question.id: question for question in preview.questions}
    used = {one.question.id for one in preview.answered}
    for question_id, answer in given.items():
        if question_id in open_questions:
            choices = " or ".join(open_questions[question_id].choices)
            refuse(f"'{answer}' is no answer to '{question_id}': it takes {choices}.")
        if question_id not in used:
            open_ids = ", ".join(f"'{one}'" for one in open_questions) or "nothing"
            refuse(f"Nothing in this workbook is called '{question_id}'; still asked is {open_ids}.")


def _of_file(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        refuse(
            f'\'{path}\' cannot be read as JSON: write {{"question id": "answer"}}, with the ids that --json shows.',
            error,
        )
    if not isinstance(found, dict) or not all(isinstance(answer, str) for answer in found.values()):
        refuse(f'\'{path}\' must hold one object of texts: {{"question id": "answer"}}.')
    return found


def _is_field(name: str) -> bool:
    field = field_named(name)
    return field == IGNORED or any(field in fields_of(kind) for kind in ListKind)
