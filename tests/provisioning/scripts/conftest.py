"""Scripts that run on the server, with a machine that only answers."""

import pytest
from support.server_scripts import Machine


@pytest.fixture
def server(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)
