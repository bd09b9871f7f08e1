"""Restyle existing cells of a tab in place, and insert cells that do not exist yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.workbook.reading.cells import column_and_row, column_number, extent
from app.workbook.reading.workbook_parts import whole_number
from app.workbook.writing.cell_fills import add_fills
from app.workbook.writing.package_copy import PackageCopy
from app.workbook.writing.xml_text import Edits, Element

_DEPTH_OF_CELLS = 4


@dataclass(slots=True)
class _Place:
    name: str
    column: int
    row: int
    cell: Element | None = None
    style: int = 0


def mark_sheet(copy: PackageCopy, main_part: str, part: str, colours: Mapping[str, str]) -> list[str]:
    """Return the names of cells that can have a comment: all except those hidden by a merge."""
    marked = [_Place(name, *column_and_row(name)) for name in colours]
    wanted = {place.row for place in marked}
    with copy.edited(part, _DEPTH_OF_CELLS, lambda element: _is_needed(element, wanted)) as (root, edits):
        data = root.child("sheetData")
        if data is None:
            return []
        rows = _rows(data)
        covered = _covered(root)
        places = [place for place in marked if not _is_covered(place, covered)]
        for place in places:
            _find(place, rows)
        styles = add_fills(copy, main_part, {(place.style, colours[place.name]) for place in places})
        new_cells: dict[int, list[tuple[int, str]]] = {}
        for place in places:
            style = styles.get((place.style, colours[place.name]))
            if style is None:
                continue
            if place.cell is not None:
                edits.set(place.cell, s=style)
            else:
                written = f'<{data.prefix}c r="{place.name}" s="{style}"/>'
                new_cells.setdefault(place.row, []).append((place.column, written))
        for number, cells in sorted(new_cells.items()):
            _insert_cells(edits, data, rows, number, sorted(cells))
    return [place.name for place in places]


def _is_needed(element: Element, rows: Collection[int]) -> bool:
    if element.name == "row":
        number = element.attributes.get("r", "")
        return not number.isdigit() or int(number) in rows
    return element.parent is None or element.name in {"sheetData", "mergeCells"}


def _rows(data: Element) -> dict[int, Element]:
    rows: dict[int, Element] = {}
    number = 0
    for element in data.children:
        number = int(element.attributes.get("r", number + 1))
        rows.setdefault(number, element)
    return rows


def _covered(root: Element) -> list[tuple[range, range]]:
    merges = root.child("mergeCells")
    extents = []
    for merge in merges.children if merges else ():
        if found := extent(merge.attributes.get("ref", "")):
            top, left, bottom, right = found
            extents.append((range(top, bottom + 1), range(left + 1, right + 1)))
            extents.append((range(top + 1, bottom + 1), range(left, right + 1)))
    return extents


def _is_covered(place: _Place, extents: list[tuple[range, range]]) -> bool:
    return any(place.row in rows and place.column in columns for rows, columns in extents)


def _find(place: _Place, rows: dict[int, Element]) -> None:
    row = rows.get(place.row)
    if row is None:
        return
    place.style = whole_number(row.attributes.get("s")) if row.attributes.get("customFormat") in {"1", "true"} else 0
    for column, cell in _columns(row):
        if column == place.column:
            place.cell, place.style = cell, whole_number(cell.attributes.get("s"))


def _columns(row: Element) -> list[tuple[int, Element]]:
    column, found = -1, []
    for cell in row.children:
        reference = cell.attributes.get("r", "").rstrip("0123456789").upper()
        column = column_number(reference) if reference else column + 1
        found.append((column, cell))
    return found


def _insert_cells(
    edits: Edits, data: Element, rows: dict[int, Element], number: int, cells: list[tuple[int, str]]
) -> None:
    row = rows.get(number)
    if row is None:
        written = f'<{data.prefix}row r="{number}">{"".join(cell for _, cell in cells)}</{data.prefix}row>'
        edits.insert(data, next((other for at, other in rows.items() if at > number), None), written)
        return
    at_the_end = ""
    for column, written in cells:
        after = next((cell for other, cell in _columns(row) if other > column), None)
        if after is None:
            at_the_end += written
        else:
            edits.insert(row, after, written)
    if at_the_end:
        edits.append(row, at_the_end)
