"""Keeps what every container printed, also after a deploy removes it, in files that cannot grow for ever.

A line of a kept file is the container, the moment and what it printed, as `fab logs` shows it.
"""

import gzip
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import kept_lines
import machine
import reports
import ship_logs

ROTATED_AT = 10_000_000
MOST_BYTES = 300_000_000
MOST_DAYS = 90
_SECONDS = 120
_STATE = ".kept.json"


def main() -> int:
    kept = _kept()
    ours = machine.containers()
    for one in ours:
        kept[one.id] = keep(one, kept.get(one.id, ""))
    here = {one.id for one in ours}
    _write(kept_lines.FOLDER / _STATE, json.dumps({id_: moment for id_, moment in kept.items() if id_ in here}))
    for path in kept_lines.FOLDER.glob("*.log"):
        rotate(path)
    bound()
    return 0


def main_of_timer() -> int:
    """Keep first: what cannot be sent now is sent later."""
    main()
    try:
        ship_logs.ship(kept_lines.FOLDER, reports.now())
    except Exception as error:  # noqa: BLE001  # whatever it is, the lines are kept, and sent the next time
        print(f"Logs are not sent: {error}.", file=sys.stderr)
        return 1
    return 0


def keep(container: machine.StackContainer, since: str) -> str:
    """Append what it printed after that moment; return the moment of its last line."""
    newest = since
    with (kept_lines.FOLDER / f"{container.service}.log").open("a", encoding="utf-8") as file:
        for line in _printed_since(container.id, since):
            moment = line.partition(" ")[0]
            if moment > since:
                file.write(f"{container.name} {line}")
                newest = moment
    return newest


def rotate(path: Path) -> None:
    """Compress a file that became large, under the moment at which that was."""
    if path.stat().st_size < ROTATED_AT:
        return
    moved = path.with_name(f"{path.stem}.{time.time_ns()}.log")
    path.rename(moved)
    with moved.open("rb") as plain, gzip.open(f"{moved}.gz", "wb") as compressed:
        shutil.copyfileobj(plain, compressed)
    moved.unlink()


def bound() -> None:
    """Remove what is older than three months, and then the oldest until the rest has room enough."""
    rotated = sorted(kept_lines.FOLDER.glob("*.gz"), key=lambda path: path.stat().st_mtime)
    size = sum(path.stat().st_size for path in kept_lines.FOLDER.iterdir())
    for path in rotated:
        is_old = time.time() - path.stat().st_mtime > MOST_DAYS * 86_400
        if not is_old and size <= MOST_BYTES:
            continue
        size -= path.stat().st_size
        path.unlink()


def _printed_since(id_: str, since: str) -> Iterator[str]:
    command = ["docker", "logs", "--timestamps", *(["--since", since] if since else []), id_]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    ) as running:
        assert running.stdout is not None
        yield from (line if line.endswith("\n") else f"{line}\n" for line in running.stdout)
        running.wait(_SECONDS)


def _kept() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((kept_lines.FOLDER / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main_of_timer())
