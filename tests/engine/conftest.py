"""A stack that was rented once, which each test gets a copy of."""

import shutil

import pytest
from support.pulumi_engine import Engine


def pytest_collection_modifyitems(items):
    if shutil.which("pulumi") is None or shutil.which("pulumi-language-python") is None:
        skip = pytest.mark.skip(reason="pulumi is not installed: `make tools` builds it where Go is")
        for item in items:
            if "engine" in item.path.parts:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Engine:
    """A project whose stack has nothing yet."""
    return Engine.initialised(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="session")
def rented_once(fresh, tmp_path_factory) -> Engine:
    engine = fresh.copied(tmp_path_factory.mktemp("rented"))
    engine.up()
    return engine


@pytest.fixture
def rented(rented_once, tmp_path) -> Engine:
    """A stack of this test's own in which everything is rented."""
    return rented_once.copied(tmp_path)
