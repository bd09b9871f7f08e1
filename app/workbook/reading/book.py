"""Read a workbook in a child process with limited memory and time."""

import json
import logging
import selectors
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any, BinaryIO

from app.workbook.reading import archive
from app.workbook.reading.cells import (
    Book,
    Cell,
    DamagedCell,
    Duration,
    ErrorValue,
    FormattedNumber,
    Merged,
    Row,
    Sheet,
    UncalculatedFormula,
    column_letter,
    extent,
)
from app.workbook.reading.child_messages import received
from app.workbook.reading.limits import WorkbookLimits
from app.workbook.reading.progress import Progress, Step
from app.workbook.reading.refusal import WorkbookRefusedError

Report = Callable[[Mapping[str, Any]], None]

_log = logging.getLogger(__name__)
_MERGED_AT_MOST = 200_000


def read_book(path: Path, limits: WorkbookLimits, progress: Progress, name: str | None = None) -> Book:
    """Raise WorkbookRefusedError if the file is not a workbook or exceeds the limits.

    `name` is the user's file name, if `path` has another.
    """
    archive.check(path, limits)
    with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
        lines = Path(folder) / "cells.jsonl"
        lines.touch()
        with lines.open("rb") as written:
            lines_read = _BookFromLines(written)

            def on_rows(message: Mapping[str, Any]) -> None:
                progress(Step(f"reading tab {message['tab']}", message["rows"], message["of"]))
                lines_read.read_on()

            limited = (limits.memory_bytes, limits.unpacked_bytes, limits.rows, limits.cells)
            arguments = [*map(str, (path.absolute(), lines, *limited)), name or path.name]
            run_limited("app.workbook.reading.sheet_reader", arguments, limits, on_rows)
            return lines_read.book()


def run_limited(
    module: str, arguments: list[str], limits: WorkbookLimits, reported: Report = lambda _message: None
) -> None:
    """Run a child program of this package; raises WorkbookRefusedError with its message."""
    deadline = time.monotonic() + limits.seconds
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            cwd=Path(__file__).parents[3],
        ) as child,
    ):
        try:
            refused = _follow(child, deadline, reported)
        finally:
            child.kill()
        if child.wait() == 0:
            return
        errors.seek(0)
        output = errors.read()[-4000:].decode(errors="replace")
        level = logging.INFO if refused else logging.WARNING
        _log.log(level, "the reading of a workbook ended with %s: %s", child.returncode, output)
        raise WorkbookRefusedError(
            refused
            or "The workbook needs more memory or time than one may take: split it, or remove what is not a list."
        )


def _follow(child: "subprocess.Popen[str]", deadline: float, reported: Report) -> str | None:
    """Pass on the child's reports until it ends; return its message if it refused the file."""
    assert child.stdout is not None  # it was started with a pipe
    refused = None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                raise WorkbookRefusedError(
                    "Reading the workbook took too long: split it, or remove what is not a list of invoices."
                )
            line = child.stdout.readline()
            if not line:
                child.wait()
                return refused
            message = received(line)
            refused = message.get("refused", refused)
            if "rows" in message:
                reported(message)


class _BookFromLines:
    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self._begun = b""
        self._sheets: list[Sheet] = []
        self._epoch_1904 = False
        self._name, self._hidden = "", False
        self._rows: list[Row] = []

    def read_on(self) -> None:
        """Read the lines written since the last call; an incomplete line is kept until the rest arrives."""
        for part in self._lines:
            line = self._begun + part
            if not line.endswith(b"\n"):
                self._begun = line
                return
            self._begun = b""
            self._take(json.loads(line.decode(), parse_float=Decimal))

    def book(self) -> Book:
        """Call it once the child has ended."""
        self.read_on()
        return Book(self._sheets, self._epoch_1904)

    def _take(self, item: list[Any] | dict[str, Any]) -> None:
        if isinstance(item, list):
            number, row_hidden, has_sum, cells = item
            # Most cells need no decoding: JSON has already made them a text, a number or a boolean.
            decoded = [_cell(cell) if type(cell) is list else cell for cell in cells]
            self._rows.append(Row(number, tuple(decoded), row_hidden, has_sum))
        elif "epoch_1904" in item:
            self._epoch_1904 = item["epoch_1904"]
        elif "sheet" in item:
            self._name, self._hidden, self._rows = item["sheet"], item["hidden"], []
        else:
            self._sheets.append(_sheet(self._name, self._rows, item, hidden=self._hidden))


def _sheet(name: str, rows: list[Row], seen: Mapping[str, Any], *, hidden: bool) -> Sheet:
    merged = tuple(filter(None, map(extent, seen["merged"])))
    filled_rows, merged_down = _fill_merged(name, rows, merged)
    widest = max((len(row.cells) for row in rows), default=0)
    return Sheet(
        name,
        filled_rows,
        hidden,
        filtered=seen["filter"] is not None and any(row.hidden for row in rows),
        merged_down=merged_down,
        stopped_after_empty_row=seen["stopped_after_empty_row"],
        cut_after_column=column_letter(widest - 1) if seen["is_cut"] and widest else None,
        merged=merged,
    )


def _cell(encoded: list[Any]) -> Cell:
    match encoded:
        case ["d", text]:
            return _day(text)
        case ["n", number, number_format]:
            return FormattedNumber(number, intern(number_format))
        case ["e", text]:
            return ErrorValue(text)
        case ["x", why]:
            return DamagedCell(why)
        case ["t", text]:
            return Duration(text)
        case _:
            return UncalculatedFormula()


_day = lru_cache(1 << 16)(datetime.fromisoformat)


def _fill_merged(tab: str, rows: list[Row], merged: Iterable[tuple[int, int, int, int]]) -> tuple[list[Row], int]:
    """Repeat each vertically merged value in all its rows; also return the number of cells filled."""
    numbers = [row.number for row in rows]
    filled = 0
    for top, column, bottom, _ in merged:
        if top == bottom:
            continue
        # A hostile file may claim a huge range: cut it to the rows that exist.
        first, end = bisect_left(numbers, top), bisect_right(numbers, bottom)
        value = rows[first].cell(column) if first < end and numbers[first] == top else None
        if value is None or isinstance(value, Merged):
            continue
        filled += end - first - 1
        if filled > _MERGED_AT_MOST:
            raise WorkbookRefusedError(f"Tab '{tab}' has too many merged cells: unmerge them in Excel.")
        for index in range(first + 1, end):
            rows[index] = _with_cell(rows[index], column, Merged(value))
    return rows, filled


def _with_cell(row: Row, column: int, value: Cell) -> Row:
    cells = [*row.cells, *[None] * (column + 1 - len(row.cells))]
    cells[column] = value
    return Row(row.number, tuple(cells), row.hidden, row.has_sum)
