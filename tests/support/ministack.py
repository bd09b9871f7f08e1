"""An account of AWS of this machine's own, which ministack plays."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.support.polling import is_so_within
from tests.support.ports import free_port

PROGRAM = Path(__file__).parents[2] / ".venv-s3/bin/ministack"
_STARTS_WITHIN_SECONDS = 60


@contextmanager
def running_ministack(folder: Path, ask: Callable[[int], object], **settings: str) -> Iterator[int]:
    """Yield its port once `ask`, which is called with it, raises no BotoCoreError; skips the test where there is none.

    It keeps its files in the folder.
    """
    if not PROGRAM.exists():
        pytest.skip("ministack is not installed (make .venv-s3/s3)")
    port = free_port()
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM], cwd=folder, env={**os.environ, **own, **settings}, stdout=log, stderr=log)
    try:
        assert is_so_within(_STARTS_WITHIN_SECONDS, lambda: process.poll() is not None or _answers(ask, port))
        assert process.poll() is None, "ministack did not start"
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(ask: Callable[[int], object], port: int) -> bool:
    try:
        ask(port)
    except BotoCoreError:
        return False
    return True
