"""A test instance for the tests of whole deployments; they run only where they are asked for by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docker_engine import ensure_running, why_there_is_none
from tests.support.instance import Instance, running

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out of a run that does not name their folder."""
    named = [Path(config.invocation_params.dir, word.partition("::")[0]).resolve() for word in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Have a Docker engine, or say loudly why there is none."""
    if reason := why_there_is_none():
        pytest.skip(f"not installed: {reason}")
    ensure_running()


@pytest.fixture(scope="session")
def instance(docker_engine: None) -> Iterator[Instance]:
    """A freshly booted server that nothing was done to yet; removed at the end."""
    with running("tested") as started:
        yield started
