"""What a command in a container of the backups reports: one object of JSON on its last line."""

import json
from typing import Any

from playbooks.steps.session import RefusedError
from playbooks.steps.stack import ONCE, Stack

Report = dict[str, Any]
SECONDS = 4 * 3600


def reported(stack: Stack, service: str, *command: str, stdin: str = "{}", options: tuple[str, ...] = ()) -> Report:
    """Raise RefusedError with its sentence unless it is ok."""
    done = stack.execute(*ONCE, *options, service, *command, stdin=stdin, check=False, seconds=SECONDS)
    report = _last_object(done.out)
    if not (report.get("ok") and done.ok):  # a container may be killed after it reported
        said = (done.err or done.out).strip().splitlines()
        raise RefusedError(str(report.get("sentence") or (said[-1] if said else "The command reported nothing.")))
    return report


def _last_object(printed: str) -> Report:
    for line in reversed(printed.strip().splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}
