"""Child process that marks a workbook: `python -m app.workbook.writing.marker FILE OUT MEMORY_BYTES MARKS TAB`.

Cells get colours and comments and a tab lists the problems; anything else in the file stays as it is. A text list, such
as a .csv, becomes a workbook with one tab named TAB.
"""

import json
import sys
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import IO

from app.workbook.reading import text_file
from app.workbook.reading.archive import is_zip
from app.workbook.reading.child_messages import exit_code_of
from app.workbook.reading.workbook_parts import TabPart, WorkbookParts
from app.workbook.writing.cell_comments import add_comments
from app.workbook.writing.package_copy import PackageCopy
from app.workbook.writing.problems_tab import list_problems
from app.workbook.writing.sheet_marks import mark_sheet
from app.workbook.writing.xml_text import storable

COLOURS = {"problem": "F8CBAD", "conflict": "FFE699", "changed": "BDD7EE", "new": "E2EFDA"}


def main(arguments: list[str]) -> int:
    source, target, memory_bytes, marks, tab = arguments

    def mark() -> None:
        content = json.loads(Path(marks).read_text(encoding="utf-8"))
        with Path(source).open("rb") as file:
            _mark(file if is_zip(Path(source)) else _as_workbook(file.read(), tab), Path(target), content)

    return exit_code_of(mark, int(memory_bytes), _sentence)


def _sentence(error: Exception) -> str:
    why = "is too large to be marked" if isinstance(error, MemoryError) else "cannot be marked as it is put together"
    return f"The workbook {why}; the page shows its problems."


def _mark(file: IO[bytes], target: Path, marks: dict[str, list[dict[str, str]]]) -> None:
    copy = PackageCopy(file)
    book = WorkbookParts.of(copy.package)
    by_tab: dict[str, list[dict[str, str]]] = defaultdict(list)
    for mark in (*marks["changes"], *marks["problems"]):
        by_tab[mark["tab"]].append(mark)
    for tab in book.tabs:
        if tab.name in by_tab:
            _mark_tab(copy, book.main, tab, by_tab[tab.name])
    list_problems(copy, book, marks["problems"])
    copy.save(target)


def _mark_tab(copy: PackageCopy, main_part: str, tab: TabPart, marks: list[dict[str, str]]) -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        if mark["text"] not in texts[mark["cell"]]:
            texts[mark["cell"]].append(mark["text"])
    marked = mark_sheet(copy, main_part, tab.part, {mark["cell"]: COLOURS[mark["outcome"]] for mark in marks})
    add_comments(copy, tab.part, {name: "\n\n".join(texts[name]) for name in marked})


def _as_workbook(content: bytes, tab: str) -> IO[bytes]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(tab)
    for values in text_file.rows(text_file.as_text(content)):
        cells = []
        for value in values:
            cell = WriteOnlyCell(sheet, storable(value))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    stream = BytesIO()
    book.save(stream)
    return stream


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
