"""Child process that reads a workbook or a list: `sheet_reader FILE OUT MEMORY OUT_BYTES ROWS CELLS NAME`.

It writes JSON lines to OUT: the name of a sheet, its rows, and its end with what was found. A list, such as .csv, is
one sheet of texts, named after the file.
"""

import errno
import gc
import json
import resource
import sys
import zipfile
from pathlib import Path
from typing import IO, TextIO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from app.workbook.reading import text_file
from app.workbook.reading.archive import is_zip
from app.workbook.reading.book_size import BookSize
from app.workbook.reading.child_messages import exit_code_of, send
from app.workbook.reading.package import Package
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.reading.sheet_rows import COLUMNS_AT_MOST, SheetRows
from app.workbook.reading.tab_names import tab_name
from app.workbook.reading.workbook_parts import LONGEST_TEXT, TabPart, WorkbookParts

_ROWS_A_REPORT = 2_000


def main(arguments: list[str]) -> int:
    source, target, memory_bytes, out_bytes, rows_at_most, cells_at_most, name = arguments
    # A text stored once in the file can be used by a million cells: the output must not fill the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(out_bytes), int(out_bytes)))
    gc.disable()  # a million small objects, and no reference cycles

    def read() -> None:
        size = BookSize(int(rows_at_most), int(cells_at_most))
        with Path(source).open("rb") as file, Path(target).open("w", encoding="utf-8") as out:
            if is_zip(Path(source)):
                _read(file, out, size)
            else:
                _read_list(file.read(), tab_name(name), out, size)

    return exit_code_of(read, int(memory_bytes), _sentence)


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.EFBIG):
        return "The workbook needs more memory than one may take: split it, or remove what is not a list."
    if isinstance(error, ParseError | expat.ExpatError | zipfile.BadZipFile | EOFError):
        return "A part of the workbook is damaged: open it in Excel, save it again and upload that."
    return "The workbook cannot be read: open it in Excel, save it again and upload that."


def _read(workbook: IO[bytes], out: TextIO, size: BookSize) -> None:
    package = Package(workbook)
    book = WorkbookParts.of(package)
    if not book.tabs:
        raise WorkbookRefusedError("The workbook has no sheet with cells.")
    _write(out, {"epoch_1904": book.epoch_1904})
    for tab in book.tabs:
        _write(out, {"sheet": tab.name, "hidden": tab.hidden})
        with package.open(tab.part) as xml:
            _read_tab(tab, SheetRows(tab.name, xml, book, size), out)


def _read_tab(tab: TabPart, rows: SheetRows, out: TextIO) -> None:
    for count, line in enumerate(rows.lines(), start=1):
        out.write(line)
        if count % _ROWS_A_REPORT == 0:
            out.flush()
            send(tab=tab.name, rows=rows.number, of=rows.stated)
    _write_end(
        out,
        tab.name,
        merged=rows.merged,
        filter=rows.filter_range,
        stopped_after_empty_row=rows.stopped_at,
        is_cut=rows.is_cut,
    )


def _read_list(content: bytes, name: str, out: TextIO, size: BookSize) -> None:
    _write(out, {"epoch_1904": False})
    _write(out, {"sheet": name, "hidden": False})
    count, is_cut, text = 0, False, text_file.as_text(content)
    lines = len(text.splitlines())
    for number, values in enumerate(text_file.rows(text), start=1):
        cells = [value[: LONGEST_TEXT + 1] or None for value in values]
        if not any(cells):
            continue
        count += 1
        size.add_row(len(cells[:COLUMNS_AT_MOST]))
        is_cut = is_cut or any(cells[COLUMNS_AT_MOST:])
        _write(out, [number, False, False, cells[:COLUMNS_AT_MOST]])
        if count % _ROWS_A_REPORT == 0:
            out.flush()
            send(tab=name, rows=number, of=lines)
    _write_end(out, name, is_cut=is_cut)


def _write_end(out: TextIO, name: str, **seen: object) -> None:
    nothing: dict[str, object] = {"merged": [], "filter": None, "stopped_after_empty_row": None}
    _write(out, {"end": name, **nothing, **seen})


def _write(out: TextIO, line: object) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    out.write("\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
