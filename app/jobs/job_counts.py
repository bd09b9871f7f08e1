"""How many jobs of each kind the worker has done, and how many failed: for the app, which is another process."""

import contextlib
import json
from collections import Counter
from dataclasses import dataclass

from huey import Huey
from huey.api import Task

from app.process_state import ProcessState

_NAME = "jobs"
DONE, FAILED = "done", "failed"  # a job whose failure is stored with what it is about returns FAILED


@dataclass(frozen=True, slots=True)
class JobCounts:
    state: ProcessState

    def counted(self) -> Counter[tuple[str, str]]:
        """Return the jobs since the first was counted, by kind and outcome."""
        try:
            found = json.loads(self.state.read(_NAME) or "")
            return Counter({(str(kind), str(outcome)): int(count) for kind, outcome, count in found})
        except (OSError, ValueError, TypeError):
            return Counter()

    def count_all_of(self, queue: Huey) -> None:
        """Count from now on."""
        queue.post_execute("count")(self._count)

    def _count(self, task: Task, returned: object, raised: Exception | None) -> None:
        with contextlib.suppress(OSError), self.state.alone(_NAME):  # a full disk ends no job
            counted = self.counted()
            counted[task.name, FAILED if raised or returned == FAILED else DONE] += 1
            self.state.write(_NAME, json.dumps([[*one, count] for one, count in counted.items()]))
