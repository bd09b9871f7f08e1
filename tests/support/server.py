"""The product as a newcomer starts it: `invoices serve` with its worker, over a database of its own."""

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support import command_line
from support.polling import is_so_within
from support.ports import free_port

STARTS_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Server:
    address: str
    email: str
    password: str
    data_dir: Path


@contextmanager
def running_server(data_dir: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """Fill a data folder with the demo, serve it on a free port, and stop it in the end; browsers ask for `host`."""
    email, password = copy_the_demo(data_dir)
    port = free_port()
    address = f"http://{host}:{port}"
    site = {"DATA_DIR": str(data_dir), "PORT": str(port), "PUBLIC_URL": address}
    environment = {"SERVER_WORKERS": "1", **os.environ, **site}
    command = [sys.executable, "-m", "app.cli", "serve"]
    log = (data_dir / "server.log").open("w+")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, process_group=0)
    try:
        _wait_until_it_answers(process, address, log)
        yield Server(address, email, password, data_dir)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def copy_the_demo(data_dir: Path) -> tuple[str, str]:
    """Lay the demo out in a data folder, and return who signs in to it, and by which password."""
    filled, printed = _demo()
    shutil.copytree(filled.name, data_dir, dirs_exist_ok=True)
    return re.search(r"as (\S+) with the password (\S+)", printed).groups()


@cache
def _demo() -> tuple[tempfile.TemporaryDirectory, str]:
    """Run `invoices demo` once for this process, in a folder that goes with it."""
    folder = tempfile.TemporaryDirectory(prefix="demo-")
    demo = command_line.run({**os.environ, "DATA_DIR": folder.name}, "demo")
    assert demo.returncode == 0, demo.stderr
    atexit.register(folder.cleanup)
    return folder, demo.stdout


def _wait_until_it_answers(process, address, log) -> None:
    ended_or_answers = is_so_within(STARTS_WITHIN_SECONDS, lambda: process.poll() is not None or _is_well(address))
    if not ended_or_answers or process.poll() is not None:
        log.seek(0)
        raise AssertionError(f"the server did not start: {log.read()}")


def _is_well(address) -> bool:
    """Say whether it answers; a connection that is refused or slow says that it is not there yet."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
