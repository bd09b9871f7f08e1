import pytest
from support.pulumi_stack import CLUSTER, rented


@pytest.fixture(scope="session")
def stack():
    """A stack of the shape cluster, with nothing changed in it."""
    return rented(**CLUSTER)


@pytest.fixture(scope="session")
def both():
    return rented(**{**CLUSTER, "shape": "both"})
