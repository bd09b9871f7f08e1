"""Drills print what they measured as a table, once all have run."""

import pytest
from support.drilled_worker import recipients

_COLUMNS = ("drill", "requests", "failed", "lost", "twice", "seconds without success")
_COLUMNS_OF_JOBS = ("drill", "imports", "applied", "twice", "mails", "arrived", "twice", "seconds", "sign-in")
_MEASURED: list[tuple[str, ...]] = []
_JOBS_SEEN: list[tuple[str, ...]] = []


@pytest.fixture
def measured(request):
    """Add a line to the table; `load` has to have ended."""

    def add(load) -> None:
        kind = getattr(getattr(request.node, "callspec", None), "id", "")
        name = request.node.originalname.removeprefix("test_").replace("_", " ") + (f" ({kind})" if kind else "")
        numbers = (load.requests, sum(load.failures.values()), len(load.lost()), len(load.twice()))
        _MEASURED.append((name, *map(str, numbers), f"{load.longest_pause():.1f}"))

    return add


@pytest.fixture
def jobs_seen(request):
    """Add a line to the table of jobs, with the seconds until all was done again."""

    def add(jobs, inbox, seconds, note="") -> None:
        sent = recipients(inbox)
        numbers = (len(jobs.import_ids), jobs.applied(), jobs.applied_twice())
        mails = (len(jobs.mail_ids), len(sent), sum(count > 1 for count in sent.values()))
        name = request.node.originalname.removeprefix("test_").replace("_", " ")
        _JOBS_SEEN.append((name, *map(str, (*numbers, *mails)), f"{seconds:.1f}", note))

    return add


def pytest_terminal_summary(terminalreporter) -> None:
    for columns, lines in ((_COLUMNS, _MEASURED), (_COLUMNS_OF_JOBS, _JOBS_SEEN)):
        for line in (columns, *lines) if lines else ():
            terminalreporter.write_line(" | ".join(line))
