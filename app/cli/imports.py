"""Workbook commands: import, imports, undo, export."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app import clock
from app.actions import exports
from app.actions import imports as import_actions
from app.cli import import_answers
from app.cli.opening import current_firm, importer, opened, refuse
from app.cli.printing import CONSOLE
from app.domain import fields
from app.domain.money import decimal_string, display
from app.domain.sentences import plain
from app.store.ledger import imports as store
from app.store.ledger.imports import State
from app.workbook.difference import Decisions, Outcome, Resolution, RowChange
from app.workbook.figures import Debtor, ImportFigures, OwedTotals
from app.workbook.importing import Examined, Importer
from app.workbook.meaning.cell_values.amounts import DecimalMark
from app.workbook.meaning.cell_values.dates import DateOrder
from app.workbook.meaning.results.questions import Answers
from app.workbook.meaning.results.records import ControlTotals, OwnTotal, Question
from app.workbook.preview import Choices, Preview, totals_as_strings
from app.workbook.reading.limits import WorkbookLimits
from app.workbook.reading.progress import Progress
from app.workbook.reporting import ImportReports
from app.workbook.writing import marking

SHOWN = 20

commands = typer.Typer()


class Undated(StrEnum):
    ISSUED = "issued"
    DUE = "due"


@commands.command("import")
def import_workbook(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The workbook (.xlsx, .xlsm) or list (.csv, .tsv).")
    ],
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it; without this, only tell what would be written.")
    ] = False,
    good_rows: Annotated[
        bool, typer.Option("--good-rows", help="Import what can be read, leaving problems out.")
    ] = False,
    dates: Annotated[DateOrder | None, typer.Option(help="How to read dates such as 03/04/2026.")] = None,
    decimal: Annotated[DecimalMark | None, typer.Option(help="How to read amounts such as 1.234.")] = None,
    terms: Annotated[
        int | None, typer.Option(min=0, max=730, help="Days until invoices without a due date are due.")
    ] = None,
    undated: Annotated[Undated | None, typer.Option(help="The day on which payments without one count.")] = None,
    conflicts: Annotated[
        Resolution | None, typer.Option(help="Keep the app's, take the workbook's, or add its payments beside ours.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help='Answers as JSON, {"question id": "answer"}, as --json asks.'),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="TAB!F=FIELD", help="What a column is, such as 'Open!F=balance'.")
    ] = None,
    skip_tab: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Leave a tab out.")] = None,
    expect: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What your book says is owed in all: refused if it differs.")
    ] = None,
    marked: Annotated[Path | None, typer.Option(help="Write a copy of the workbook here, its problems marked.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what a workbook would change, or, with --apply, import it: all of it or nothing."""
    subjects = {"dates": dates, "decimal": decimal, "terms": terms, "undated": undated}
    by_subject = {subject: str(answer) for subject, answer in subjects.items() if answer is not None}
    by_question = import_answers.by_question(answers, column or (), skip_tab or ())
    with opened() as settings, _progress(silent=as_json or not sys.stderr.isatty()) as progress:
        workbook_importer = importer(settings)
        own_book = import_answers.own_book(expect, current_firm(settings).currency)
        choices = Choices(Answers(by_subject, by_question), {}, Decisions(conflicts), good_rows, own_book)
        examined = workbook_importer.examine(file, choices, progress)
        import_answers.refuse_unused(by_question, examined.preview)
        if marked is not None:
            _write_marked(file, examined, marked, settings.workbook)
        import_id, state = _result(workbook_importer, file, examined, choices, progress, apply=apply)
    if as_json:
        typer.echo(plain(json.dumps(_as_json(examined.preview, import_id, state), indent=2, ensure_ascii=False)))
    else:
        _print(examined.preview, import_id, state)
    if examined.preview.questions:
        _ask(examined.preview.questions)
        raise typer.Exit(1)
    differs = own_book.differs_from(examined.preview.figures) if own_book else None
    if differs:
        refuse(differs)
    refused = examined.preview.why_not(choices) if apply and state is not State.APPLIED else None
    if refused and not examined.preview.is_all_stored:
        refuse(refused)


@commands.command()
def imports(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """List the imports, newest first."""
    with opened():
        found = store.newest_first()
    if as_json:
        items = [
            {
                "import": one.id,
                "file": one.file_name,
                "sha256": one.sha256,
                "state": one.state,
                "uploaded_at": one.uploaded_at.isoformat(),
                "counts": one.counts,
            }
            for one in found
        ]
        typer.echo(json.dumps(items, indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("There are no imports yet: `invoices import FILE.xlsx` shows what a workbook would change.")
        return
    table = Table("Import", "File", "State", "When (UTC)", "New", "Changed")
    for one in found:
        counts = (str(one.counts.get(name, "")) for name in ("new", "changed"))
        table.add_row(str(one.id), one.file_name, one.state, f"{one.uploaded_at:%Y-%m-%d %H:%M}", *counts)
    CONSOLE.print(table)


@commands.command("import-report")
def import_report(
    import_id: Annotated[int, typer.Argument(metavar="IMPORT", help="The number of the import.")],
) -> None:
    """Print what became of an import, as mails and the inbox folder report it."""
    with opened() as settings:
        stored = store.get(import_id)
        if stored is None:
            refuse(f"There is no import {import_id}: `invoices imports` lists them.")
        report = ImportReports(importer(settings), settings.public_url).of(stored)
    if report is None:
        refuse(f"Import {import_id} is {stored.state}: ask again in a moment.")
    typer.echo(f"{report.subject}\n\n{report.text}", nl=False)


@commands.command()
def undo(import_id: Annotated[int, typer.Argument(metavar="IMPORT", help="The number of the import.")]) -> None:
    """Undo everything an import did, unless later changes depend on it."""
    with opened() as settings:
        import_actions.undo(importer(settings), import_id)
    typer.echo(f"Import {import_id} was undone.")


@commands.command()
def export(file: Annotated[Path, typer.Argument(help="The workbook to write, .xlsx.")]) -> None:
    """Write everything as a workbook of three tabs; importing it again changes nothing."""
    if file.suffix.lower() != ".xlsx":
        refuse(f"'{file}' must end in .xlsx.")
    with opened() as settings:
        content, stored = exports.everything(importer(settings), file.name, None, clock.utc_now())
        # Write it elsewhere first, then copy it: if the disk is full, the target file is unchanged.
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            whole = Path(folder) / "export.xlsx"
            whole.write_bytes(content)
            _copy(whole, file)
    payments = sum(map(len, stored.payments.values()))
    typer.echo(
        f"Wrote {len(stored.customers):,} customers, {len(stored.invoices):,} invoices and {payments:,} payments "
        f"to {file}."
    )


def _write_marked(file: Path, examined: Examined, marked: Path, limits: WorkbookLimits) -> None:
    """Call this before the import, so that if it fails nothing has been imported."""
    with marking.marked_copy(file, examined.preview, limits) as copy:
        _copy(copy, marked)


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        refuse(f"'{target}' cannot be written: {error.strerror}.", error)


def _result(
    workbook_importer: Importer, file: Path, examined: Examined, choices: Choices, progress: Progress, *, apply: bool
) -> tuple[int | None, State]:
    """Apply the import if it may be, and return its id and state.

    If everything is stored already, they are those of an earlier import of the same file; without either, the id is
    None and the state PREVIEWED.
    """
    if not examined.preview.writes:
        earlier = import_actions.earlier(file)
        return (earlier.id, earlier.state) if earlier else (None, State.PREVIEWED)
    if not apply or examined.preview.why_not(choices):
        return None, State.PREVIEWED
    import_id = import_actions.apply_file(workbook_importer, file, examined, choices, None, progress)
    return import_id, State.APPLIED


def _as_json(preview: Preview, import_id: int | None, state: State) -> dict[str, Any]:
    return {
        "import": import_id,
        "state": state,
        "tabs": [
            {"name": tab.name, "kind": tab.kind, "rows": tab.rows, "totals": totals_as_strings(tab.totals)}
            for tab in preview.tabs
        ],
        "counts": dict(preview.counts),
        "problems": [{"tab": one.tab, "cell": one.cell, "message": one.message} for one in preview.problems],
        "figures": {
            name: [_amounts_as_json(one) for one in getattr(preview.figures, name)]
            for name in ("before", "after", "debtors")
        },
        "questions": [
            {
                **{name: getattr(one, name) for name in _SAID_OF_QUESTIONS},
                "examples": [{"cell": ex.cell, "text": ex.text, **ex.readings} for ex in one.examples],
            }
            for one in preview.questions
        ],
        "answered": [
            {"id": one.question.id, "text": one.question.text, "answer": one.answer, "remembered": one.is_remembered}
            for one in preview.answered
        ],
        "notices": [{"tab": one.tab, "message": one.message} for one in preview.notices],
    }


def _amounts_as_json(one: OwedTotals | Debtor) -> dict[str, Any]:
    texts = {"name", "currency", "open_invoices"}
    return {name: value if name in texts else decimal_string(value) for name, value in asdict(one).items()}


def _print_figures(figures: ImportFigures) -> None:
    table = Table("", title="What is owed", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("Before", "After"):
        table.add_column(heading, justify="right", no_wrap=True)
    for before, after in zip(figures.before, figures.after, strict=True):
        for label, name in (("outstanding", "outstanding"), ("of it overdue", "overdue"), ("credit", "credit")):
            amounts = (display(getattr(one, name)) for one in (before, after))
            table.add_row(f"{after.currency} {label}", *amounts)
        table.add_row("open invoices", f"{before.open_invoices:,}", f"{after.open_invoices:,}")
    for debtor in figures.debtors:
        table.add_row(f"  {debtor.name} {debtor.currency}", display(debtor.before), display(debtor.after))
    if figures.after:
        CONSOLE.print(table)


def _print(preview: Preview, import_id: int | None, state: State) -> None:
    _print_figures(preview.figures)
    tabs = Table("Tab", "Read as", title="What the workbook holds", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in ("Rows", "", "Gross", "Paid", "Open"):
        tabs.add_column(header, justify="right", no_wrap=True)
    for tab in preview.tabs:
        amounts = ["\n".join(column) for column in zip(*map(_total_cells, tab.totals), strict=True)] or [""] * 4
        tabs.add_row(tab.name, (tab.kind and f"{tab.kind}s") or "not read", f"{tab.rows:,}", *amounts)
    CONSOLE.print(tabs)
    own_totals = (f"{tab.name}!{_own_total(one)}" for tab in preview.tabs for one in tab.own_totals)
    _print_some("The workbook's own totals", own_totals)
    CONSOLE.print("  ".join(f"{name} {count:,}" for name, count in preview.counts.items()))
    for change in [one for one in preview.changes if one.outcome is not Outcome.NEW][:SHOWN]:
        CONSOLE.print(plain(_change_line(change)))
    _print_some("Missing from the file", (f"{one.tab}: {one.subject}" for one in preview.missing))
    remembered = (f"{one.question.text} {one.answer}" for one in preview.answered if one.is_remembered)
    _print_some("Answered as for an earlier workbook of this shape", remembered)
    _print_some("Notices", (f"{one.tab}: {one.message}" for one in preview.notices))
    _print_some("Problems", (f"{one.tab}!{one.message}" for one in preview.problems))
    if state is State.APPLIED:
        done = f"Import {import_id} is applied." if preview.writes else f"Nothing to do: import {import_id} brought it."
        CONSOLE.print(done)
    elif preview.writes and not preview.questions:
        CONSOLE.print("Nothing was written; --apply imports it.")


def _print_some(title: str, lines: Iterable[str]) -> None:
    everything = list(lines)
    if everything:
        CONSOLE.print(title, style="bold")
    for line in everything[:SHOWN]:
        CONSOLE.print(f"  {plain(line)}")
    if len(everything) > SHOWN:
        CONSOLE.print(f"  … and {len(everything) - SHOWN:,} more (--json tells all, --marked FILE.xlsx marks them)")


def _total_cells(total: ControlTotals) -> tuple[str, str, str, str]:
    return total.currency, display(total.gross), display(total.paid), display(total.open)


def _own_total(total: OwnTotal) -> str:
    verdict = "agrees" if total.stated == total.read else f"but {display(total.read)} was read"
    return f"{total.cell} '{total.header}' says {display(total.stated)}: {verdict}"


def _change_line(change: RowChange) -> str:
    changes = "; ".join(
        f"{fields.label(one.field)}: {one.old or 'empty'} → {one.new or 'empty'}" for one in change.fields
    )
    line = f"  {change.outcome} {change.tab} row {change.row}, {change.subject}: {changes}"
    return f"{line} ({change.reason})" if change.reason else line


_SAID_OF_QUESTIONS = ("id", "subject", "tab", "text", "choices", "labels", "effects")
_ANSWERED_BY_OPTION = ("dates", "decimal", "terms", "undated")


def _ask(questions: Iterable[Question]) -> None:
    for question in questions:
        typer.echo(plain(f"{question.text} {_how_to_answer(question)}"), err=True)
        for choice in question.choices:
            if question.labels:
                effect = f" ({question.effects[choice]})" if choice in question.effects else ""
                typer.echo(plain(f"  {choice}: {question.labels.get(choice, choice)}{effect}"), err=True)
        for example in question.examples:
            if not example.readings:
                typer.echo(f"  {example.cell}: '{example.text}'", err=True)
                continue
            readings = ", or ".join(f"{reading} ({answer})" for answer, reading in example.readings.items())
            typer.echo(plain(f"  {example.cell}: '{example.text}' is {readings}?"), err=True)


def _how_to_answer(question: Question) -> str:
    if question.subject in _ANSWERED_BY_OPTION:
        choices = "DAYS" if question.subject == "terms" else "|".join(question.choices)
        return f"Answer with --{question.subject} {choices}."
    if question.subject == "column":
        return f"Answer with --column '{question.id.removeprefix('column:')}={'|'.join(question.choices)}'."
    if question.id == f"tab:{question.tab}" and question.choices == ("skip",):
        return f"Answer with --skip-tab '{question.tab}'."
    return (
        f"Answer with --answers FILE.json, {json.dumps({question.id: '|'.join(question.choices)}, ensure_ascii=False)}."
    )


@contextmanager
def _progress(*, silent: bool) -> Iterator[Progress]:
    if silent:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True, markup=False), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda step: bar.update(task, description=plain(step.message))
