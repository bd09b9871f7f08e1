"""Drills print what they measured as a table, once all have run."""

import pytest

_COLUMNS = ("drill", "requests", "failed", "lost", "twice", "seconds without success")
_MEASURED: list[tuple[str, ...]] = []


@pytest.fixture
def measured(request):
    """Add a line to the table; `load` has to have ended."""

    def add(load) -> None:
        kind = getattr(getattr(request.node, "callspec", None), "id", "")
        name = request.node.originalname.removeprefix("test_").replace("_", " ") + (f" ({kind})" if kind else "")
        numbers = (load.requests, sum(load.failures.values()), len(load.lost()), len(load.twice()))
        _MEASURED.append((name, *map(str, numbers), f"{load.longest_pause():.1f}"))

    return add


def pytest_terminal_summary(terminalreporter) -> None:
    if _MEASURED:
        terminalreporter.write_line(" | ".join(_COLUMNS))
        for line in _MEASURED:
            terminalreporter.write_line(" | ".join(line))
