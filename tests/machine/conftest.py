"""A virtual machine whose disk is encrypted, for tests that need a kernel of its own."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.ministack import running_ministack
from tests.support.virtual_machine import VirtualMachine, virtual_machine, why_there_is_none

HERE = Path(__file__).parent


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

    def client(port: int):
        return boto3.client(
            "secretsmanager", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    with running_ministack(tmp_path_factory.mktemp("aws"), lambda port: client(port).list_secrets()) as port:
        yield client(port), port
