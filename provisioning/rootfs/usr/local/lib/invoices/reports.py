"""The reports that the server keeps of itself, each a file that is replaced as a whole."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
FOLDER = Path("/var/lib/invoices/reports")


def now() -> datetime:
    return datetime.now(timezone.utc)


def written(moment: datetime) -> str:
    """Write a moment as reports do: `2026-11-28T09:05:00Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """Read a moment of a report, or one that names a backup: `20261128T090500Z`; raises ValueError."""
    if "-" not in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


def collected(parts: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], dict[str, str]]:
    """Return what the parts found, and why the others found nothing: none keeps another from being asked."""
    found: dict[str, T] = {}
    missing = {name: _missing(name, part, found) for name, part in parts.items()}
    return found, {name: why for name, why in missing.items() if why}


def _missing(name: str, part: Callable[[], T], found: dict[str, T]) -> str:
    try:
        found[name] = part()
    except Exception as error:  # noqa: BLE001  # whatever it is, the others are asked
        return str(error) or type(error).__name__
    return ""


def read(name: str) -> dict[str, Any]:
    """Return an empty report if there is none, or none that can be read."""
    try:
        found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(name: str, report: dict[str, Any]) -> None:
    """Replace the report at once: whoever reads it meanwhile sees the old one or the new one."""
    number, path = tempfile.mkstemp(dir=FOLDER, prefix=f".{name}-")
    beside = Path(path)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(report, file, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(FOLDER / f"{name}.json")
    except BaseException:
        beside.unlink(missing_ok=True)  # a full disk would otherwise get one more each minute
        raise
