"""Room: how much of the disk is kept free, so that what is there can be read however full it gets."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.domain.permissions import Right
from app.settings import AppSettings
from app.web.http.errors import DiskFullError

# Signing in, and what keeps others out, goes on for as long as the database can take it.
_ENTERING = frozenset({Right.EDIT, Right.EDIT_CUSTOMERS, Right.IMPORT})


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The disk that the app's files are on, which on a server of one disk is the database's as well; bytes."""

    folder: Path
    reserve: int

    @classmethod
    def by(cls, settings: AppSettings) -> Self:
        """Return what the settings ask, with the folder made."""
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(settings.data_dir, settings.disk_reserve_bytes)

    @property
    def is_scarce(self) -> bool:
        """Tell whether less is free than is kept free."""
        return shutil.disk_usage(self.folder).free < self.reserve

    def check(self, right: Right) -> None:
        """Raise DiskFullError where room is scarce and what is to be written needs a right to enter something."""
        if right in _ENTERING and self.is_scarce:
            raise DiskFullError
