"""The tab that lists the problems of a workbook; it replaces the tab of an earlier marked copy."""

import json
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from app.workbook.reading.book_size import BookSize
from app.workbook.reading.sheet_rows import COLUMNS_AT_MOST, SheetRows
from app.workbook.reading.workbook_parts import TabPart, WorkbookParts
from app.workbook.writing.package_copy import PackageCopy, is_strict, main_namespace, relations_namespace
from app.workbook.writing.xml_text import Element, as_text

_HEADERS = ("Tab", "Cell", "Problem")
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_DEPTH_OF_TABS = 3
_FROZEN_HEADERS = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
    'state="frozen"/></sheetView></sheetViews>'
)
_COLUMNS = (
    '<cols><col min="1" max="1" width="20" customWidth="1"/><col min="3" max="3" width="100" customWidth="1"/></cols>'
)


def list_problems(copy: PackageCopy, book: WorkbookParts, problems: Sequence[dict[str, str]]) -> None:
    for tab in book.tabs:
        if _lists_problems(copy, book, tab):
            _remove_tab(copy, book.main, tab)
    if problems:
        _insert_tab(copy, book, problems)


def _lists_problems(copy: PackageCopy, book: WorkbookParts, tab: TabPart) -> bool:
    with copy.package.open(tab.part) as xml:
        line = next(SheetRows(tab.name, xml, book, BookSize(1, COLUMNS_AT_MOST)).lines(), None)
    number, _, _, cells = json.loads(line) if line else (0, False, False, [])
    return number == 1 and tuple(cells[: len(_HEADERS)]) == _HEADERS


def _remove_tab(copy: PackageCopy, main: str, tab: TabPart) -> None:
    with copy.edited(main, _DEPTH_OF_TABS) as (root, edits):
        tabs = _children(root, "sheets")
        place = [element.attributes.get("name") for element in tabs].index(tab.name)
        edits.remove(tabs[place])
        for name in _children(root, "definedNames"):
            scope = int(name.attributes.get("localSheetId", -1))
            if scope == place:
                edits.remove(name)
            elif scope > place:
                edits.set(name, localSheetId=scope - 1)
        for view in _children(root, "bookViews"):
            shown = {key: int(view.attributes.get(key, 0)) for key in ("activeTab", "firstSheet")}
            moved = {key: max(0, value - 1) for key, value in shown.items() if value >= place and value > 0}
            if moved:
                edits.set(view, **moved)
    copy.remove(main, tab.part)


def _insert_tab(copy: PackageCopy, book: WorkbookParts, problems: Sequence[dict[str, str]]) -> None:
    with copy.edited(book.main, _DEPTH_OF_TABS) as (root, edits):
        strict = is_strict(edits.content)
        sheets = root.child("sheets")
        if sheets is None:
            raise ValueError("the workbook has no tabs")
        view = _FROZEN_HEADERS if _children(root, "bookViews") else ""
        rows = [_HEADERS, *((problem["tab"], problem["cell"], problem["text"]) for problem in problems)]
        written = "".join(f'<row r="{number}">{_cells(number, row)}</row>' for number, row in enumerate(rows, start=1))
        inside = f"{view}{_COLUMNS}<sheetData>{written}</sheetData>"
        sheet = f'<worksheet xmlns="{main_namespace(strict=strict)}">{inside}</worksheet>'
        part = copy.add("xl/worksheets/errors.xml", sheet, _SHEET_TYPE)
        relation = copy.relate(book.main, "worksheet", part, strict=strict)
        number = max(int(element.attributes.get("sheetId", 0)) for element in sheets.children) + 1
        edits.append(
            sheets,
            f'<{root.prefix}sheet xmlns:r="{relations_namespace(strict=strict)}" name={quoteattr(_free_name(sheets))} '
            f'sheetId="{number}" r:id="{relation}"/>',
        )


def _free_name(sheets: Element) -> str:
    taken = {element.attributes.get("name", "").casefold() for element in sheets.children}
    names = ("Errors", *(f"Errors {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name.casefold() not in taken)


def _cells(number: int, values: Sequence[str]) -> str:
    return "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{as_text(value)}</t></is></c>'
        for letter, value in zip("ABC", values, strict=True)
    )


def _children(root: Element, name: str) -> list[Element]:
    parent = root.child(name)
    return parent.children if parent else []
