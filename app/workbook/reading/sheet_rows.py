"""The rows of one tab as lines of JSON, and facts about the tab found on the way.

Reading is fast because each distinct value and style is converted to JSON once, and because the XML parser calls no
Python code for each element.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from json import JSONEncoder
from typing import IO
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser  # see Package.refuse_document_types

from app.workbook.reading.book_size import BookSize
from app.workbook.reading.cells import column_number, extent
from app.workbook.reading.number_formats import is_moment, is_span, shows_more_than_number
from app.workbook.reading.package import local_name
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.reading.workbook_parts import WorkbookParts, is_true, rich_text, text_as_json

_CHUNK_BYTES = 1 << 16
_VALUES_CACHED = 1 << 16
_EMPTY_ROWS_AT_MOST = 100_000
COLUMNS_AT_MOST = 400
_DIGITS = "0123456789"
_COLUMN = re.compile(r"[A-Za-z]{1,3}")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_SUMS = re.compile(r"\b(SUM|SUBTOTAL|AGGREGATE)\(", re.IGNORECASE)
_SHOWN = Context(prec=15, rounding=ROUND_HALF_UP)  # Excel shows and rounds to 15 digits: 108.88499999999999 is 108.885
_LARGEST_EXPONENT, _SMALLEST_EXPONENT = 307, -330
_DIGITS_OF_INTEGERS = 4_000  # Python refuses to parse more
_to_json = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_UNCALCULATED = '["f"]'
_WINDOWS, _MACINTOSH = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  # cells have no time zone
_LAST_SERIAL = 2_958_466  # the first day of the year 10000
_MILLISECONDS_A_DAY = 86_400_000


class SheetRows:
    """Attributes that depend on the end of the tab are set when `lines` is exhausted."""

    def __init__(self, tab: str, xml: IO[bytes], book: WorkbookParts, size: BookSize) -> None:
        self.merged: list[str] = []
        self.filter_range: str | None = None
        self.stopped_at: int | None = None
        self.is_cut = False
        self.number = 0
        self.stated = 0  # the last row that the tab says it has, which need not be true
        self._tab = tab
        self._xml = xml
        self._book = book
        self._size = size
        self._row_tag = ""
        self._tags = ("", "", "")
        self._columns: dict[str, int] = {}
        self._number_as_json = lru_cache(_VALUES_CACHED)(self._number_of)

    def lines(self) -> Iterator[str]:
        """Yield a JSON line for each non-empty row; raises WorkbookRefusedError."""
        last_filled = 0
        for row in self._row_elements():
            # Keep iterating: the merged ranges and the filter are at the end of the tab.
            if self.stopped_at or row.tag != self._row_tag:
                continue
            self.number = self._row_number(row)
            if self.number - last_filled > _EMPTY_ROWS_AT_MOST:
                self.stopped_at = self.number
                continue
            cells, has_sum = self._cells(row)
            if cells:
                last_filled = self.number
                self._size.add_row(len(cells))
                hidden = "true" if is_true(row.get("hidden")) else "false"
                yield f"[{self.number},{hidden},{'true' if has_sum else 'false'},[{','.join(cells)}]]\n"

    def _row_elements(self) -> Iterator[Element]:
        """Yield each complete row and drop it from the tree, so that the whole tab is never in memory."""
        builder = TreeBuilder()
        parser = XMLParser(target=builder)  # noqa: S314  # see Package.refuse_document_types
        rows: Element | None = None
        while chunk := self._xml.read(_CHUNK_BYTES):
            parser.feed(chunk)
            if rows is None:
                # Called before the end, the builder returns the root of the tree built so far.
                rows = self._sheet_data(builder.close())
            if rows is not None:
                whole = rows[:-1]
                del rows[:-1]
                yield from whole
        root = parser.close()
        rows = self._sheet_data(root)
        if rows is not None:
            yield from rows
        for element in root:
            name = local_name(element.tag)
            if name == "mergeCells":
                self.merged = [str(merge.get("ref")) for merge in element]
            elif name == "autoFilter":
                self.filter_range = element.get("ref")

    def _sheet_data(self, root: Element | None) -> Element | None:
        found = (element for element in root or () if local_name(element.tag) == "sheetData")
        rows = next(found, None)
        if rows is not None:
            self.stated = next(filter(None, map(_last_row, root or ())), 0)
            namespace = rows.tag.removesuffix("sheetData")
            self._row_tag = f"{namespace}row"
            self._tags = (f"{namespace}v", f"{namespace}f", f"{namespace}is")
        return rows

    def _row_number(self, row: Element) -> int:
        written = row.get("r")
        if written is None:
            return self.number + 1
        number = int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
        if number <= self.number:
            raise WorkbookRefusedError(
                f"Tab '{self._tab}' is damaged, its rows are not in order: open the workbook in Excel, save it again "
                "and upload that."
            )
        return number

    def _cells(self, row: Element) -> tuple[list[str], bool]:
        """Return the cells from column A on, as JSON, and whether a formula of the row adds up other cells."""
        cells: list[str] = []
        column, has_sum, known = -1, False, self._columns
        value_tag, formula_tag, inline_tag = self._tags
        for cell in row:
            reference = cell.get("r")
            if reference is None:
                column += 1
            else:
                letters = reference.rstrip(_DIGITS)
                column = known[letters] if letters in known else self._column(letters)
            text, formula, inline = None, None, None
            for part in cell:
                tag = part.tag
                if tag == value_tag:
                    text = part.text
                elif tag == formula_tag:
                    formula = part
                elif tag == inline_tag:
                    inline = part
            if formula is not None and _SUMS.search(formula.text or ""):
                has_sum = True
            value = self._value(cell, text, inline)
            if value is None:
                # Excel stores an empty text as t="str"; a formula that was never calculated has no value at all.
                if formula is None or cell.get("t") == "str":
                    continue
                value = _UNCALCULATED
            if column >= COLUMNS_AT_MOST:
                self.is_cut = True
            elif column == len(cells):
                cells.append(value)
            else:
                cells.extend(["null"] * (column + 1 - len(cells)))
                cells[column] = value
        return cells, has_sum

    def _column(self, letters: str) -> int:
        if not _COLUMN.fullmatch(letters):
            raise WorkbookRefusedError(
                f"Tab '{self._tab}', row {self.number} has a cell without a column: open the workbook in Excel, save "
                "it again and upload that."
            )
        return self._columns.setdefault(letters, column_number(letters.upper()))

    def _value(self, cell: Element, text: str | None, inline: Element | None) -> str | None:
        kind = cell.get("t")
        if kind == "inlineStr" and inline is not None:
            text = rich_text(inline)
        if not text:
            return None
        match kind:
            case None | "n":
                return None if text.isspace() else self._number_as_json(text, cell.get("s"))
            case "s":
                return self._shared_text(text)
            case "str" | "inlineStr":
                return text_as_json(text)
            case "b":
                return _yes_or_no(text)
            case "e":
                return _to_json(["e", text])
            case "d":
                return _written_day(text)
            case _:
                return _damaged(f"'{kind[:40]}' is no kind of cell")

    def _shared_text(self, index: str) -> str:
        texts = self._book.texts
        if index.isascii() and index.isdigit() and len(index) < 10 and int(index) < len(texts):
            return texts[int(index)]
        return _damaged("its text is missing")

    def _number_of(self, text: str, style: str | None) -> str:
        """Return JSON: a date or time, a number, or a number with a format that matters."""
        text = text.strip()
        if not _NUMBER.fullmatch(text) or len(text) > _DIGITS_OF_INTEGERS:
            return _damaged(f"'{text[:40]}' is no number")
        number = _as_shown(Decimal(text)) if set(text) & set(".eE") else int(text)
        if isinstance(number, Decimal) and number.adjusted() > _LARGEST_EXPONENT:
            return _damaged(f"'{text[:40]}' is no number")
        number_format = self._format(style)
        if is_moment(number_format):
            moment = _moment(number, epoch_1904=self._book.epoch_1904, is_span=is_span(number_format))
            # Excel shows ##### for a number outside its range of dates.
            return str(number) if moment is None else _to_json(moment)
        return f'["n",{number},{_to_json(number_format)}]' if shows_more_than_number(number_format) else str(number)

    def _format(self, style: str | None) -> str:
        formats = self._book.formats
        index = int(style) if style and style.isascii() and style.isdigit() and len(style) < 10 else 0
        return formats[index] if index < len(formats) else ""


def _as_shown(number: Decimal) -> Decimal:
    if number.adjusted() < _SMALLEST_EXPONENT:
        return Decimal(0)
    if len(number.as_tuple().digits) <= _SHOWN.prec:
        return number
    rounded = _SHOWN.plus(number).normalize()
    return rounded if int(rounded.as_tuple().exponent) <= 0 else rounded.quantize(Decimal(1))


def _damaged(why: str) -> str:
    return _to_json(["x", why])


def _yes_or_no(text: str) -> str:
    word = text.strip().lower()
    if word not in {"0", "1", "false", "true"}:
        return _damaged(f"'{text[:40]}' is neither true nor false")
    return "true" if is_true(word) else "false"


def _written_day(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return _damaged(f"'{text[:40]}' is no date")
    # The day of a moment with a time zone depends on the business's zone; the text is read as a date later.
    return _to_json(text.strip() if moment.tzinfo else ["d", moment.isoformat()])


def _moment(serial: int | Decimal, *, epoch_1904: bool, is_span: bool) -> list[str] | None:
    if not 0 <= serial < _LAST_SERIAL:
        return None
    days, fraction = int(serial), serial % 1
    rest = timedelta(milliseconds=round(fraction * _MILLISECONDS_A_DAY))
    if is_span:
        return ["t", str(timedelta(days=days) + rest)]
    if days == 0 and rest.days == 0:
        return ["t", str((_MACINTOSH + rest).time())]
    # Excel counts 29 February 1900, which did not exist.
    if days < 60 and not epoch_1904:
        days += 1
    return ["d", ((_MACINTOSH if epoch_1904 else _WINDOWS) + timedelta(days=days) + rest).isoformat()]


def _last_row(element: Element) -> int:
    found = extent(element.get("ref", "")) if local_name(element.tag) == "dimension" else None
    return found[2] if found else 0
