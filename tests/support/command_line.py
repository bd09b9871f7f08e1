"""`invoices …` in a process of its own, forked from one that has imported it: importing takes most of its time."""

import atexit
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Started:
    """A command that runs, as no child of this process; the line tells how it ended."""

    pid: int
    line: socket.socket

    def ends_within(self, seconds: float) -> bool:
        return bool(select.select([self.line], [], [], seconds)[0])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return its exit code, or minus the signal that ended it."""
        with self.line:
            return int(_next(self.line))


def start(environment: Mapping[str, str], *arguments: object, files: tuple[int, int, int]) -> Started:
    """Start `invoices` with these files as its input, output and errors, and go on."""
    line, other_end = socket.socketpair()
    with other_end:
        socket.send_fds(_warm_program(), [b"\n"], [other_end.fileno(), *files])
    line.sendall(json.dumps([list(map(str, arguments)), dict(environment)]).encode() + b"\n")
    return Started(int(_next(line)), line)


def run(environment: Mapping[str, str], *arguments: object, says: str = "") -> subprocess.CompletedProcess[str]:
    """Run `invoices`, and return its exit code and what it printed."""
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complained:
        read.write(says.encode())
        read.seek(0)
        files = (read.fileno(), printed.fileno(), complained.fileno())
        code = start(environment, *arguments, files=files).wait()
        return subprocess.CompletedProcess(arguments, code, _text_of(printed), _text_of(complained))


def run_anew(environment: Mapping[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `invoices` in a Python of its own, for what a Python looks at when it starts."""
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _next(line: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"\n"):
        some = line.recv(1)
        assert some, "the process that forks has ended"
        read += some
    return read


@cache
def _warm_program() -> socket.socket:
    """Start the process that forks, and return where it is asked; it ends when this is closed."""
    asked, other_end = socket.socketpair()
    with other_end:
        program = subprocess.Popen([sys.executable, __file__], cwd=ROOT, stdin=other_end)
    atexit.register(_end, program, asked)
    return asked


def _end(program: subprocess.Popen[bytes], asked: socket.socket) -> None:
    asked.close()
    program.wait()


def _fork_whenever_asked(asked: socket.socket) -> None:
    import pydantic  # noqa: F401  # typer imports it when it is called

    import app.cli  # noqa: F401  # what is forked has it already

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # how the keepers end interests nobody
    while (request := socket.recv_fds(asked, 1, 4))[0]:
        line, *files = request[1]
        if os.fork() == 0:
            asked.close()
            _keep(socket.socket(fileno=line), files)
        for file in request[1]:
            os.close(file)


def _keep(line: socket.socket, files: list[int]) -> None:
    """Run the command in another process, and tell its number and its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    arguments, environment = json.loads(_next(line))
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(files, arguments, environment)
    line.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    line.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(files: list[int], arguments: list[str], environment: dict[str, str]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    sys.argv = ["invoices", *arguments]
    runpy.run_module("app.cli", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    with socket.socket(fileno=os.dup(0)) as on_standard_input:
        _fork_whenever_asked(on_standard_input)
