"""How a child process speaks to the one that started it: lines of JSON, among which no library can print."""

import json
import os
import sys
from typing import Any

_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_voice = _STANDARD_OUTPUT


def take_over_standard_output() -> None:
    """Keep what was standard output for `tell` alone; whatever else is printed goes to standard error."""
    global _voice  # noqa: PLW0603  # a process has one standard output
    _voice = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)


def tell(**message: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    """Send one message."""
    sys.stdout.flush()
    line = f"{json.dumps(message)}\n".encode()
    while line:
        line = line[os.write(_voice, line) :]


def heard(line: str) -> dict[str, Any]:
    """Return the message in the line; a line that is none says nothing."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
