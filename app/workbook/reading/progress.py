"""How far the reading or writing of a workbook is."""

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.sentences import count_text, counted


@dataclass(frozen=True, slots=True)
class Step:
    """`of` is the number of rows in all, 0 if nobody knows it."""

    what: str
    rows: int = 0
    of: int = 0

    @property
    def message(self) -> str:
        if not self.rows:
            return self.what
        if self.is_measured:
            return f"{self.what}: {count_text(self.rows)} of {count_text(self.of)} rows"
        return f"{self.what}: {counted(self.rows, 'row', 'rows')}"

    @property
    def is_measured(self) -> bool:
        return 0 < self.rows <= self.of


Progress = Callable[[Step], None]
