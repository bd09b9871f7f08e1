"""The child process that marks a workbook: `python -m app.workbook.writing.marker FILE OUT MEMORY_BYTES MARKS`.

Only here is a workbook opened whole, because it is written again; that takes some 50 times its size in memory.
"""

import json
import resource
import sys
import traceback
import warnings
import zipfile
from pathlib import Path
from typing import Any

PROBLEMS_TAB = "Errors"
_COLOURS = {"problem": "F8CBAD", "conflict": "FFE699", "changed": "BDD7EE", "new": "E2EFDA"}


def main(arguments: list[str]) -> int:
    """Mark the workbook; returns 0 when the marked copy is written."""
    source, target, memory_bytes, marks = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    warnings.simplefilter("ignore")
    try:
        _mark(source, target, json.loads(Path(marks).read_text(encoding="utf-8")))
    except MemoryError:
        sys.stdout.write(
            json.dumps({"refused": "The workbook is too large to be marked; the page shows its problems."})
        )
        return 3
    except Exception:  # noqa: BLE001  # whatever a file that can be read, but not written again, makes openpyxl raise
        traceback.print_exc()
        refused = (
            "The workbook has parts that cannot be written again, so it cannot be marked; the page shows its problems."
        )
        sys.stdout.write(json.dumps({"refused": refused}))
        return 3
    return 0


def _mark(source: str, target: str, marks: dict[str, list[dict[str, str]]]) -> None:
    from openpyxl import load_workbook

    with zipfile.ZipFile(source) as parts:
        has_macros = "xl/vbaProject.bin" in parts.namelist()
    with Path(source).open("rb") as file:
        book = load_workbook(file, keep_vba=has_macros, keep_links=False)
    for mark in marks["changes"]:
        _mark_cell(book, mark, mark["outcome"])
    for mark in marks["problems"]:
        _mark_cell(book, mark, "problem")
    _list_problems(book, marks["problems"])
    # The stored results of formulas are lost by writing; Excel works them out anew when it opens the copy.
    book.calculation.fullCalcOnLoad = True
    book.save(target)


def _mark_cell(book: Any, mark: dict[str, str], colour: str) -> None:  # openpyxl is untyped
    from openpyxl.cell.cell import MergedCell
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    cell = book[mark["tab"]][mark["cell"]]
    if isinstance(cell, MergedCell):
        return
    cell.fill = PatternFill("solid", fgColor=_COLOURS[colour])
    said = f"{cell.comment.text}\n\n" if cell.comment else ""
    cell.comment = Comment(f"{said}{mark['text']}", "Invoices", height=120, width=280)


def _list_problems(book: Any, problems: list[dict[str, str]]) -> None:  # as above
    for sheet in list(book.worksheets):
        if [cell.value for cell in sheet[1][:3]] == ["Tab", "Cell", "Problem"]:
            del book[sheet.title]
    if not problems:
        return
    sheet = book.create_sheet(PROBLEMS_TAB)
    sheet.append(["Tab", "Cell", "Problem"])
    for problem in problems:
        sheet.append([problem["tab"], problem["cell"], problem["text"]])
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["C"].width = 20, 100
    sheet.freeze_panes = "A2"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
