"""The product in several copies, loaded all the time; what the drills measured is printed as a table in the end."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.copies import Site, running_site
from support.measured_page import write_measured
from support.postgresql_cluster import installed_versions
from support.steady_load import Seen, SteadyLoad
from support.tools_of_ha import why_not

HERE = Path(__file__).parent
LAST = "test_totals.py"
_WHOLE_WITHIN_SECONDS = 60
_COLUMNS = ("drill", "requests", "failed", "longest time without a success", "seen", "goal")
_MEASURED: list[tuple[str, ...]] = []
_TOTALS: list[str] = []


@dataclass
class Drill:
    """One drill: from `began` on, until `end` gives what clients saw."""

    name: str
    load: SteadyLoad
    began: float

    def end(self, *, goal: str, seen: str = "") -> Seen:
        """Add a line to the table and return what clients saw."""
        found = self.load.since(self.began)
        numbers = (str(len(found.attempts)), str(len(found.failed)), f"{found.longest_pause:.1f} s")
        _MEASURED.append((self.name, *numbers, seen, goal))
        return found


def pytest_addoption(parser) -> None:
    parser.addoption("--write", action="store_true", help="write the figures into docs/high-availability.md")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out of a run that does not name their folder."""
    named = [Path(config.invocation_params.dir, word.partition("::")[0]).resolve() for word in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


def pytest_collection_modifyitems(items) -> None:
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def running(tmp_path_factory) -> Iterator[tuple[Site, SteadyLoad]]:
    if reason := why_not():
        pytest.skip(reason)
    if not installed_versions():
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_site(tmp_path_factory.mktemp("site")) as both:
        yield both


@pytest.fixture
def site(running) -> Site:
    """Two copies and two workers, primary and standby, as each drill finds them; what it ended is started again."""
    found, load = running
    found.fill_up()
    assert found.pair.is_whole_within(_WHOLE_WITHIN_SECONDS)
    assert load.goes_on()
    return found


@pytest.fixture
def load(running, site) -> SteadyLoad:  # the site is whole before a drill
    return running[1]


@pytest.fixture
def drill(request, load) -> Drill:
    name = request.node.originalname.removeprefix("test_").replace("_", " ")
    return Drill(name, load, time.monotonic())


@pytest.fixture
def totals() -> Callable[[str], None]:
    return _TOTALS.append


@pytest.fixture
def own_network() -> None:
    if "OWN_NETWORK" not in os.environ:
        pytest.skip("a network of its own is not installed here (make ha-test as root)")


def pytest_terminal_summary(terminalreporter, config) -> None:
    if _MEASURED and config.getoption("--write"):
        write_measured(_COLUMNS, _MEASURED, _TOTALS)
    lines = [" | ".join(line) for line in (_COLUMNS, *_MEASURED)] if _MEASURED else []
    for line in (*lines, *_TOTALS):
        terminalreporter.write_line(line)
