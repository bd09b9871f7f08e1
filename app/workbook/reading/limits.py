"""The limits of a workbook: a module of its own, as each reading of a file starts a process that imports it."""

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """The limits beyond which a workbook is refused, in bytes, counts and seconds."""

    file_bytes: int
    unpacked_bytes: int
    entries: int
    rows: int
    cells: int
    memory_bytes: int
    seconds: int
