"""Disk space: writing stops before the disk is full, so that stored data stays readable."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.domain.permissions import Right
from app.settings import AppSettings
from app.web.http.errors import DiskFullError
from app.workbook.reading.limits import MEGABYTE

# Signing in and access control keep working as long as the database can write.
_ENTRY_RIGHTS = frozenset({Right.EDIT, Right.EDIT_CUSTOMERS, Right.MATCH_PAYMENTS, Right.IMPORT})


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The disk with the app's files (and the database, on a server with one disk); `reserve` is in bytes."""

    folder: Path
    reserve: int

    @classmethod
    def by(cls, settings: AppSettings) -> Self:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(settings.data_dir, settings.disk_reserve_megabytes * MEGABYTE)

    @property
    def is_scarce(self) -> bool:
        return shutil.disk_usage(self.folder).free < self.reserve

    def check(self, right: Right) -> None:
        """Raise DiskFullError if space is scarce and the right is one to enter data."""
        if right in _ENTRY_RIGHTS and self.is_scarce:
            raise DiskFullError
