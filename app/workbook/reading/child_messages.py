"""Messages from a child process to its parent: lines of JSON, kept apart from anything a library prints."""

import json
import os
import sys
from typing import Any

_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_output = _STANDARD_OUTPUT


def reserve_standard_output() -> None:
    """Reserve standard output for `send`; anything else that is printed goes to standard error."""
    global _output  # noqa: PLW0603  # a process has one standard output
    _output = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)


def send(**message: object) -> None:
    sys.stdout.flush()
    line = f"{json.dumps(message)}\n".encode()
    while line:
        line = line[os.write(_output, line) :]


def received(line: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
