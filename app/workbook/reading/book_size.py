"""The rows and cells of a whole workbook, counted as they are read."""

from app.domain.sentences import count_text
from app.workbook.reading.refusal import WorkbookRefusedError

_TOO_MANY = "The workbook has more than {} {}, the most that is read: split it, or remove {} that are not needed."


class BookSize:
    """What reads the cells of a workbook holds all of them, so that not one tab is limited, but all tabs together."""

    def __init__(self, rows_at_most: int, cells_at_most: int) -> None:
        self._rows_at_most, self._cells_at_most = rows_at_most, cells_at_most
        self._rows = self._cells = 0

    def add_row(self, cells: int) -> None:
        """Raise WorkbookRefusedError if that makes too many rows or cells; `cells` counts blank ones between others."""
        self._rows += 1
        self._cells += cells
        if self._rows > self._rows_at_most:
            raise WorkbookRefusedError(_TOO_MANY.format(count_text(self._rows_at_most), "rows", "tabs and rows"))
        if self._cells > self._cells_at_most:
            raise WorkbookRefusedError(_TOO_MANY.format(count_text(self._cells_at_most), "cells", "tabs and columns"))
