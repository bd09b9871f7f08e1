"""The child process that reads a workbook: `sheet_reader FILE OUT MEMORY OUT_BYTES MAX_ROWS`.

It streams each sheet once and writes JSON lines to OUT: a sheet's name, its rows, its end with what was seen of it.
openpyxl's read-only mode hides what matters here (hidden rows, merged cells, formulas beside their stored values), and
its full mode takes twenty times the memory; its parser of sheets, which both modes share, gives everything in one pass.
"""

import errno
import json
import math
import re
import resource
import sys
import traceback
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, TextIO, cast
from xml.etree.ElementTree import Element, ParseError, iterparse  # see _refuse_document_types
from xml.parsers import expat

COULD_NOT_READ = 3
_SUMS = re.compile(r"\b(SUM|SUBTOTAL|AGGREGATE)\(", re.IGNORECASE)
_DECORATION = re.compile(r"\[(?:red|black|blue|green|white|yellow|cyan|magenta|color\d+)\]|_.|\*.", re.IGNORECASE)
_TELLS_MORE = re.compile(r"00(?![.,#]?$)|^00|[%\"$€£¥\\]|\[\$|[A-Za-z]{2,}-?0")
_ROWS_A_REPORT = 2_000
_EMPTY_ROWS_AT_MOST = 100_000
_COLUMNS_AT_MOST = 400
_LONGEST_TEXT = 32_767  # the most that a cell of Excel can hold


_TOO_MUCH = "The workbook needs more memory than one may take: split it, or remove what is not a list."


class _Refused(Exception):  # noqa: N818  # it carries a sentence to the parent, nothing failed
    pass


def main(arguments: list[str]) -> int:
    """Read the workbook; on failure print one sentence as JSON and return COULD_NOT_READ."""
    source, target, memory_bytes, out_bytes, rows_at_most = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    # A text that a file holds once can stand in a million cells; what we write of it must not fill the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(out_bytes), int(out_bytes)))
    warnings.simplefilter("ignore")
    try:
        # Opened here: given a path, openpyxl goes by its ending.
        with Path(source).open("rb") as workbook, Path(target).open("w", encoding="utf-8") as out:
            _read(workbook, out, int(rows_at_most))
    except _Refused as refused:
        _tell(refused=str(refused))
    except MemoryError:
        _tell(refused=_TOO_MUCH)
    except Exception as error:  # noqa: BLE001  # whatever a damaged or hostile file makes openpyxl raise
        traceback.print_exc()
        _tell(refused=_sentence(error))
    else:
        return 0
    return COULD_NOT_READ


def _sentence(error: Exception) -> str:
    from defusedxml.common import DefusedXmlException

    if isinstance(error, DefusedXmlException):
        return "The file uses XML entities, which no workbook needs: it was not read."
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return _TOO_MUCH
    if isinstance(error, ParseError | expat.ExpatError | zipfile.BadZipFile | EOFError):
        return "A part of the workbook is damaged: open it in Excel, save it again and upload that."
    return f"The workbook cannot be read ({type(error).__name__}): open it in Excel, save it again and upload that."


def _read(workbook: IO[bytes], out: TextIO, rows_at_most: int) -> None:
    _refuse_document_types(workbook)
    from openpyxl import load_workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    # A sheet's claim of its own extent may be wrong and is not used here; looking for it would read the sheet twice.
    ReadOnlyWorksheet._get_size = lambda _: None  # type: ignore[attr-defined]  # not in the stubs
    book = load_workbook(workbook, read_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "_get_source")]
    if not sheets:
        raise _Refused("The workbook has no sheet with cells.")
    _write(out, {"epoch_1904": book.epoch.year == 1904})
    for sheet in sheets:
        _write(out, {"sheet": sheet.title, "hidden": sheet.sheet_state != "visible"})
        with sheet._get_source() as xml:
            parser = _sheet_parser(book, sheet, xml)
            for count, (number, cells) in enumerate(parser.rows(), start=1):
                if number > rows_at_most:
                    raise _Refused(
                        f"Tab '{sheet.title}' has more than {rows_at_most:,} rows, the most that is read: split it."
                    )
                _write(out, [number, number in parser.hidden_rows, number in parser.sum_rows, cells])
                if count % _ROWS_A_REPORT == 0:
                    _tell(tab=sheet.title, rows=number)
        _write(
            out,
            {
                "end": sheet.title,
                "merged": parser.merged,
                "filter": parser.filter_range,
                "stopped_after_empty_row": parser.stopped_at,
                "is_cut": parser.is_cut,
            },
        )


def _refuse_document_types(workbook: IO[bytes]) -> None:
    """Refuse a workbook whose parts declare a document type, the only place where XML entities can be declared.

    A part is XML by what a relation says of it, whatever its name: all are looked at, and a picture's first bytes say
    that it is none. With none declared the fast parser of the standard library is safe on a sheet; openpyxl reads the
    small parts with defusedxml all the same.
    """
    with zipfile.ZipFile(workbook) as parts:
        for name in parts.namelist():
            with parts.open(name) as part:
                _read_prolog(part)


def _read_prolog(part: IO[bytes]) -> None:
    parser = expat.ParserCreate()
    inside: list[str] = []

    def refuse(*_: object) -> None:
        raise _Refused("The file declares XML entities, which no workbook needs: it was not read.")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: inside.append(name)
    while not inside and (chunk := part.read(512)):
        try:
            parser.Parse(chunk)
        except expat.ExpatError:
            return  # not XML at all: whoever takes it for XML will say so


def _sheet_parser(book: Any, sheet: Any, xml: Any) -> Any:
    from openpyxl.styles.numbers import BUILTIN_FORMATS
    from openpyxl.worksheet._reader import (
        FILTER_TAG,
        FORMULA_TAG,
        MERGE_TAG,
        ROW_TAG,
        WorkSheetParser,
    )

    formats: dict[int, str | None] = {}

    def telling_format(style_id: int) -> str | None:
        """Return the number format of a style where it says more than how many decimals are shown."""
        if style_id not in formats:
            number = book._cell_styles[style_id].numFmtId
            text = BUILTIN_FORMATS.get(number) or book._number_formats[number - 164]
            plain = _DECORATION.sub("", text.split(";")[0])
            formats[style_id] = text if _TELLS_MORE.search(plain) else None
        return formats[style_id]

    class SheetParser(WorkSheetParser):
        def __init__(self) -> None:
            super().__init__(
                xml,
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            self.hidden_rows: set[int] = set()
            self.sum_rows: set[int] = set()
            self.merged: list[str] = []
            self.filter_range: str | None = None
            self.stopped_at: int | None = None
            self.is_cut = False

        def rows(self) -> Iterator[tuple[int, list[Any]]]:
            """Yield the rows that hold anything: number, cells from column A on."""
            last_row = last_row_with_cells = 0
            for _, element in iterparse(self.source):  # noqa: S314  # see _refuse_document_types
                if element.tag == ROW_TAG:
                    number, row = self.parse_row(cast("Any", element))
                    if number <= last_row:
                        raise _Refused("A part of the workbook is damaged: its rows are not in order. Save it again.")
                    last_row = number
                    hidden = element.get("hidden") in {"1", "true"}
                    element.clear()
                    cells = self._dense(cast("list[tuple[int, Any]]", row))
                    if cells:
                        last_row_with_cells = number
                        if hidden:
                            self.hidden_rows.add(number)
                        yield number, cells
                    elif number - last_row_with_cells > _EMPTY_ROWS_AT_MOST:
                        self.stopped_at = number
                        return
                elif element.tag == MERGE_TAG:
                    self.merged = [str(merge.get("ref")) for merge in element]
                elif element.tag == FILTER_TAG:
                    self.filter_range = element.get("ref")

        def _dense(self, row: list[tuple[int, Any]]) -> list[Any]:
            """Return the cells from column A on; what stands far to the right is no column of a list."""
            filled = [(column, value) for column, value in row if value is not None]
            near = [(column, value) for column, value in filled if 0 < column <= _COLUMNS_AT_MOST]
            self.is_cut = self.is_cut or len(near) < len(filled)
            if not near:
                return []
            cells = [None] * max(column for column, _ in near)
            for column, value in near:
                cells[column - 1] = value
            return cells

        def parse_cell(self, element: Element) -> Any:
            cell = super().parse_cell(element)
            formula = element.find(FORMULA_TAG)
            if formula is not None and _SUMS.search(formula.text or ""):
                self.sum_rows.add(cell["row"])
            if cell["value"] is None:
                # Excel stores an empty text as t="str"; a program that never calculated stores no value at all.
                uncalculated = formula is not None and element.get("t") != "str"
                return cell["column"], ["f"] if uncalculated else None
            return cell["column"], _encoded(cell, telling_format)

    return SheetParser()


def _encoded(cell: dict[str, Any], telling_format: Any) -> Any:
    value = cell["value"]
    if cell["data_type"] == "e":
        return ["e", str(value)]
    if isinstance(value, datetime):
        return ["d", value.isoformat()]
    if isinstance(value, date):
        return ["d", datetime.combine(value, time.min).isoformat()]
    if isinstance(value, time | timedelta):
        return ["t", str(value)]
    if isinstance(value, str):
        return value[: _LONGEST_TEXT + 1]
    if isinstance(value, bool):
        return value
    if not math.isfinite(value):
        return ["e", str(value)]
    number_format = telling_format(cell["style_id"])
    return value if number_format is None else ["n", value, number_format]


def _write(out: TextIO, line: Any) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    out.write("\n")


def _tell(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
