"""How many jobs of each kind the worker has done, and how many failed: a file, as the app is another process."""

import contextlib
import fcntl
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huey import Huey
from huey.api import Task

DONE, FAILED = "done", "failed"  # a job whose failure is stored with what it is about returns FAILED


@dataclass(frozen=True, slots=True)
class JobCounts:
    data_dir: Path

    def counted(self) -> Counter[tuple[str, str]]:
        """Return the jobs since the file was begun, by kind and outcome."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return Counter({(str(kind), str(outcome)): int(count) for kind, outcome, count in found})
        except (OSError, ValueError, TypeError):
            return Counter()

    def count_all_of(self, queue: Huey) -> None:
        """Count from now on."""
        queue.post_execute("count")(self._count)

    def _count(self, task: Task, returned: object, raised: Exception | None) -> None:
        with contextlib.suppress(OSError), self._alone():  # a full disk ends no job
            counted = self.counted()
            counted[task.name, FAILED if raised or returned == FAILED else DONE] += 1
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps([[*one, count] for one, count in counted.items()]), encoding="utf-8")
            fresh.replace(self._file)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Another worker of this machine may count as well."""
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _file(self) -> Path:
        return self.data_dir / "jobs.json"
