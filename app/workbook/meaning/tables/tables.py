"""Split a tab into tables, below one another or side by side, each with a header of one to three rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from app.workbook.meaning.cell_values.kinds import ColumnValues, column_values, values_of
from app.workbook.meaning.tables.headers import ChosenMapping, Header, HeaderLine, chosen, recognised
from app.workbook.meaning.vocabulary.headings import ListKind, is_known, normalised
from app.workbook.meaning.vocabulary.words import has_known_word
from app.workbook.reading.cells import Cell, Merged, Row, Sheet, clean_text

_ROWS_SEARCHED = 30
_LINES_AT_MOST = 3
_ROWS_BELOW = 25
_ROWS_OF_WORDS_TRIED = 500
_LONGEST_HEADING = 80
_ERRORS_TAB = ("tab", "cell", "problem")


@dataclass(frozen=True, slots=True)
class SheetTable:
    """`sheet` has only the table's rows, with cells at their original columns; `title` is the text above it.

    `header` is None if no list is recognised: `line` is then the likeliest. `is_only` is whether the tab has no other
    table.
    """

    sheet: Sheet
    title: str
    line: HeaderLine | None
    header: Header | None
    values: tuple[ColumnValues, ...] = ()
    is_left_out: bool = False
    is_only: bool = True


def tables(sheet: Sheet, mappings: Mapping[str, ChosenMapping]) -> list[SheetTable]:
    """Return the tables from top to bottom; a single one without a header if no list is recognised."""
    found = _first(sheet, mappings)
    if found is None:
        return [SheetTable(sheet, _title(sheet.rows[:1]), _likeliest_line(sheet), None)]
    result: list[SheetTable] = []
    start = 0
    while found is not None:
        place, line = found
        following = _following(sheet, place, line, mappings)
        end = len(sheet.rows) if following is None else following[0] - _lines(following[1]) + 1
        above = sheet.rows[start : place - _lines(line) + 1]
        body_end = end if following is None else _without_caption(sheet, place + 1, end)
        part = replace(sheet, rows=sheet.rows[place + 1 : body_end])
        result += _side_by_side(sheet, part, line, _title(above), mappings)
        start, found = body_end, following
    return [replace(table, is_only=len(result) == 1) for table in result]


def is_list_of_problems(sheet: Sheet) -> bool:
    return bool(sheet.rows) and tuple(map(normalised, sheet.rows[0].cells[:3])) == _ERRORS_TAB


def header_line(row: Row) -> HeaderLine:
    headings = tuple(_text(cell) for cell in row.cells)
    return HeaderLine(row.number, row.number, headings, headings)


# --- where a header stands


def _likeliest_line(sheet: Sheet) -> HeaderLine | None:
    rows = [row for row in sheet.rows[:_ROWS_SEARCHED] if len(_texts(row)) >= 2]
    return header_line(max(rows, key=lambda row: len(_texts(row)))) if rows else None


def _first(sheet: Sheet, mappings: Mapping[str, ChosenMapping]) -> tuple[int, HeaderLine] | None:
    """Return the position of the header's last row, and its headings: the mapped one, else the most likely."""
    best: tuple[float, int, HeaderLine] | None = None
    for place, line in _header_lines(sheet, 0, _ROWS_SEARCHED):
        if line.fingerprint in mappings:
            return place, line
        if not _may_be_a_header(line):
            continue
        read = recognised(line, _values_below(sheet, place, line), sheet.name)
        if read and (best is None or read[0] > best[0]):
            best = read[0], place, line
    return (best[1], best[2]) if best else None


def _following(
    sheet: Sheet, place: int, line: HeaderLine, mappings: Mapping[str, ChosenMapping]
) -> tuple[int, HeaderLine] | None:
    """Return the header of the next list below, or None; rows of a list are seldom all words."""
    known = line.fingerprint
    tried = 0
    for below in range(place + 1, len(sheet.rows)):
        row = sheet.rows[below]
        if not _is_all_words(row) or _are_codes(_texts(row)) or not any(map(has_known_word, _texts(row))):
            continue
        tried += 1
        if tried > _ROWS_OF_WORDS_TRIED:
            return None  # a list of words, such as one of customers
        for end, other in _header_lines(sheet, below, 1):
            if other.fingerprint == known:
                continue
            if other.fingerprint in mappings or recognised(other, (), sheet.name):
                return end, other
            if _reads_like_a_header(other):
                return end, other
    return None


def _header_lines(sheet: Sheet, start: int, rows: int) -> Iterator[tuple[int, HeaderLine]]:
    for place in range(start, min(start + rows, len(sheet.rows))):
        if len(_texts(sheet.rows[place])) >= 2:
            yield place, header_line(sheet.rows[place])
        if not sheet.rows[place].cells or not _is_all_words(sheet.rows[place], at_least=1):
            continue
        for end in range(place + 1, min(place + _LINES_AT_MOST, len(sheet.rows))):
            lines = sheet.rows[place : end + 1]
            if lines[-1].number - lines[0].number != end - place or not _is_all_words(lines[-1], at_least=1):
                break
            if joined := _joined(sheet, lines):
                yield end, joined


def _joined(sheet: Sheet, lines: Sequence[Row]) -> HeaderLine | None:
    """Join the headings of several rows, with a group's heading in each of its columns; None for titles."""
    width = max(len(line.cells) for line in lines)
    lowest = [_text(lines[-1].cell(index)) for index in range(width)]
    spread = [_spread(sheet, line, lowest) for line in lines[:-1]]
    if any(texts is None for texts in spread):
        return None
    levels = [*(texts for texts in spread if texts is not None), lowest]
    headings = []
    for index in range(width):
        own = [texts[index] for texts in levels]
        needed = bool(own[-1]) or any(_text(line.cell(index)) for line in lines)
        headings.append(" ".join(dict.fromkeys(text for text in own if text)) if needed else "")
    if sum(map(bool, headings)) < 2:
        return None
    bare = tuple(low or heading for low, heading in zip(lowest, headings, strict=True))
    return HeaderLine(lines[0].number, lines[-1].number, tuple(headings), bare)


def _spread(sheet: Sheet, line: Row, lowest: Sequence[str]) -> list[str] | None:
    """Spread a row's headings over all columns of their groups; None for a title.

    A group ends where a column has no heading at all.
    """
    width = len(lowest)
    merged = {left: right for top, left, bottom, right in sheet.merged if top <= line.number <= bottom}
    own = [_text(line.cell(index)) for index in range(width)]
    filled = [index for index, text in enumerate(own) if text]
    if len(filled) == 1 and (filled[0] not in merged or merged[filled[0]] - filled[0] + 1 >= width):
        return None
    if merged and any(right > left for left, right in merged.items()):
        for left, right in merged.items():
            for index in range(left + 1, min(right + 1, width)):
                own[index] = own[left]
        return own
    for index in range(1, width):
        if lowest[index]:
            own[index] = own[index] or own[index - 1]
    return own


def _values_below(sheet: Sheet, place: int, line: HeaderLine) -> list[ColumnValues]:
    return column_values(sheet.rows[place + 1 : place + 1 + _ROWS_BELOW], len(line.headings))


def _may_be_a_header(line: HeaderLine) -> bool:
    """Return whether at least two headings are known; otherwise the rows below need not be read."""
    return not _are_codes(line.headings) and len(list(islice(_known(line), 2))) == 2


def _reads_like_a_header(line: HeaderLine) -> bool:
    known = len(list(_known(line)))
    return known >= 3 and known * 3 >= len(list(filter(None, line.headings))) * 2


def _known(line: HeaderLine) -> Iterator[str]:
    return (text for text in line.headings if text and is_known(text))


def _is_all_words(row: Row, at_least: int = 2) -> bool:
    texts = 0
    for cell in row.cells:
        if cell is None:
            continue
        value = cell.value if isinstance(cell, Merged) else cell
        if not isinstance(value, str):
            return False
        if value[:1].isdigit() or len(value) > _LONGEST_HEADING:
            return False
        texts += bool(value.strip())
    return texts >= at_least


def _are_codes(texts: Sequence[str]) -> bool:
    """Return whether half of the texts have digits or are email addresses, unlike headings."""
    present = [text for text in texts if text]
    codes = sum("@" in text or any(map(str.isdigit, text)) for text in present)
    return codes > 0 and codes * 2 >= len(present)


# --- the rows of a table


def _side_by_side(
    sheet: Sheet, part: Sheet, line: HeaderLine, title: str, mappings: Mapping[str, ChosenMapping]
) -> list[SheetTable]:
    whole = _table(part, line, title, mappings, sheet)
    extents, is_sure = _pieces(part, line)
    if line.fingerprint in mappings or len(extents) == 1:
        return [whole]
    pieces = [
        _table(_cut(part, left, right), _cut_line(line, left, right), title, mappings, sheet) for left, right in extents
    ]
    if is_sure or sum(piece.header is not None for piece in pieces) > 1:
        return pieces
    return [whole]


def _pieces(part: Sheet, line: HeaderLine) -> tuple[list[tuple[int, int]], bool]:
    """Return the column ranges (end exclusive) of lists that may stand side by side, and whether they surely do.

    An empty column may be decoration; a second column of invoice numbers starts another list.
    """
    is_sure = False
    identifying = {"number", "invoice_number"}
    seen: set[str] = set()
    starts = [0]
    gap = False
    for index, heading in enumerate(line.headings):
        if not heading:
            gap = gap or not values_of(row.cell(index) for row in part.rows[:400]).filled
            continue
        name = normalised(heading)
        is_key = any(
            claim.field in identifying and not claim.is_guess for claim in line.claims(index, ListKind.INVOICE)
        )
        is_second_key = is_key and name in seen
        if index > starts[-1] and (gap or is_second_key):
            starts.append(index)
            gap = False
            is_sure = is_sure or is_second_key
        seen.add(name)
    return list(zip(starts, [*starts[1:], len(line.headings)], strict=True)), is_sure


def _table(
    part: Sheet, line: HeaderLine, title: str, mappings: Mapping[str, ChosenMapping], sheet: Sheet
) -> SheetTable:
    width = max([len(line.headings), *(len(row.cells) for row in part.rows[:400])])
    padded = replace(
        line,
        headings=(*line.headings, *[""] * (width - len(line.headings))),
        bare=(*line.bare, *[""] * (width - len(line.bare))),
    )
    values = tuple(column_values(part.rows, width))
    choice = mappings.get(line.fingerprint)
    if choice is not None:
        return SheetTable(part, title, padded, chosen(padded, choice), values, is_left_out=choice.kind is None)
    read = recognised(padded, values, f"{sheet.name} {title}" if title else sheet.name)
    return SheetTable(part, title, padded, read[1] if read else None, values)


def _cut(part: Sheet, left: int, right: int) -> Sheet:
    rows = []
    for row in part.rows:
        cells = tuple(cell if left <= index < right else None for index, cell in enumerate(row.cells[:right]))
        if any(cell is not None for cell in cells):
            rows.append(replace(row, cells=cells))
    return replace(part, rows=rows)


def _cut_line(line: HeaderLine, left: int, right: int) -> HeaderLine:
    def cut(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text if left <= index < right else "" for index, text in enumerate(texts[:right]))

    return replace(line, headings=cut(line.headings), bare=cut(line.bare))


def _lines(line: HeaderLine) -> int:
    return line.row - line.first_row + 1


def _without_caption(sheet: Sheet, start: int, end: int) -> int:
    """Return the end of a table: rows with a single text right above the next header are that header's caption."""
    while end > start and len(_texts(sheet.rows[end - 1])) == 1 == _filled(sheet.rows[end - 1]):
        end -= 1
    return end


def _title(rows: Sequence[Row]) -> str:
    texts = [_texts(row)[0] for row in rows if len(_texts(row)) == 1 == _filled(row)]
    return " ".join(text for text in texts[-2:] if len(text) <= _LONGEST_HEADING)


def _texts(row: Row) -> list[str]:
    return [text for cell in row.cells if (text := _text(cell))]


def _filled(row: Row) -> int:
    return sum(cell is not None for cell in row.cells)


def _text(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Merged) else cell
    return clean_text(value) if isinstance(value, str) else ""
