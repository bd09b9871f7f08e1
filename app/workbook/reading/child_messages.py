"""Messages from a child process to its parent: lines of JSON, kept apart from anything a library prints."""

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from typing import Any

from app.workbook.reading.refusal import WorkbookRefusedError

_FAILED = 3
_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_output = _STANDARD_OUTPUT


def exit_code_of(work: Callable[[], None], memory_bytes: int, sentence: Callable[[Exception], str]) -> int:
    """Do a child's work in so much memory; if that fails, send why, by default in the sentence for the error."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    reserve_standard_output()
    try:
        work()
    except WorkbookRefusedError as refused:
        send(refused=str(refused))
    except MemoryError as error:
        send(refused=sentence(error))
    except Exception as error:  # noqa: BLE001  # a damaged or hostile file can raise anything
        traceback.print_exc()
        send(refused=sentence(error))
    else:
        return 0
    return _FAILED


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
