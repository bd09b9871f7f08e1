"""A virtual machine whose disk is encrypted, for tests that need a kernel of its own."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.support.polling import is_so_within
from tests.support.virtual_machine import VirtualMachine, virtual_machine, why_there_is_none

HERE = Path(__file__).parent
MINISTACK = Path(__file__).parents[2] / ".venv-s3/bin/ministack"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out of a run that does not name their folder."""
    named = [Path(config.invocation_params.dir, word.partition("::")[0]).resolve() for word in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


@pytest.fixture(scope="module")
def machine(tmp_path_factory) -> Iterator[VirtualMachine]:
    """A machine that was booted for the first time."""
    if reason := why_there_is_none():
        pytest.skip(f"not installed: {reason}")
    with virtual_machine(tmp_path_factory.mktemp("machine")) as made:
        made.boot()
        yield made


@pytest.fixture(scope="module")
def secrets_manager(tmp_path_factory) -> Iterator[tuple[object, int]]:
    """A client of a stand-in for Secrets Manager on this machine, and its port."""
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed (make .venv-s3/s3)")
    folder = tmp_path_factory.mktemp("aws")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([MINISTACK], cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
    client = boto3.client(
        "secretsmanager", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip

    def answers() -> bool:
        try:
            client.list_secrets()
        except BotoCoreError:
            return False
        return True

    try:
        assert is_so_within(60, answers)
        yield client, port
    finally:
        process.terminate()
        process.wait()
