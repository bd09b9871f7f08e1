"""The product as a newcomer starts it: `invoices serve` with its worker, over a database of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Server:
    address: str
    email: str
    password: str
    data_dir: Path


@contextmanager
def running_server(data_dir: Path) -> Iterator[Server]:
    """Fill a data folder with the demo, serve it on a free port, and stop it in the end."""
    port = _free_port()
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "SERVER_WORKERS": "1"}
    command = [sys.executable, "-m", "app.cli"]
    demo = subprocess.run([*command, "demo"], env=environment, capture_output=True, text=True, check=True)
    email, password = re.search(r"as (\S+) with the password (\S+)", demo.stdout).groups()
    log = (data_dir / "server.log").open("w+")
    process = subprocess.Popen([*command, "serve"], env=environment, stdout=log, stderr=log, process_group=0)
    try:
        address = f"http://127.0.0.1:{port}"
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


def _wait_until_it_answers(process, address, log) -> None:
    """Ask for its health again and again; a connection that is refused says that it is not there yet."""
    import time

    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    log.seek(0)
    raise AssertionError(f"the server did not start: {log.read()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
