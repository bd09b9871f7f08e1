"""What the worker saw in the inbox folder: a file, as the app is another process and has no such folder."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class InboxState:
    """`waiting` names the first of `count` files, `troubles` are sentences on what stays there and why."""

    count: int = 0
    waiting: Sequence[str] = ()
    troubles: Sequence[str] = ()

    @classmethod
    def read(cls, data_dir: Path) -> Self | None:
        """Return None if the worker has not looked yet."""
        try:
            found = json.loads(_path(data_dir).read_text(encoding="utf-8"))
            return cls(int(found["count"]), tuple(found["waiting"]), tuple(found["troubles"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, data_dir: Path) -> None:
        if self != self.read(data_dir):
            with contextlib.suppress(OSError):  # a full disk ends no job
                fresh = _path(data_dir).with_suffix(".new")
                fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
                fresh.replace(_path(data_dir))


def _path(data_dir: Path) -> Path:
    return data_dir / "inbox.json"
