"""An importer over an empty database and a folder of its own."""

import pytest
from support.workbooks import an_importer


@pytest.fixture
def importer(sqlite, tmp_path):
    return an_importer(tmp_path / "data")


@pytest.fixture
def importer_anywhere(database, tmp_path):
    """An importer, once over SQLite and once over PostgreSQL."""
    return an_importer(tmp_path / "data")
