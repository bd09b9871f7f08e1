"""Commands of `fab`, run against a server that only remembers."""

import io
from contextlib import contextmanager

import pytest
from invoke.context import Context
from rich.console import Console
from support.recording_stack import FACTS, Server

from playbooks.steps.progress import Steps
from playbooks.steps.session import EXPECTED, RefusedError, Session
from provisioning.settings import HostSettings


class Command:
    """Runs the task of a module against the server, and keeps what it printed."""

    def __init__(self, monkeypatch):
        self.server = Server()
        self.printed = ""
        self.facts = dict(FACTS)
        self._monkeypatch = monkeypatch

    def run(self, module, task, **options):
        said = io.StringIO()

        @contextmanager
        def session(_context, _server, _stack, *, dry_run=False):
            self.server.is_rehearsal = dry_run
            yield Session(HostSettings.from_outputs(self.facts), self.server, Steps(Console(file=said, width=160)))

        @contextmanager
        def session_of_either(context, server, stack, *, of_cluster, dry_run):
            with session(context, server, stack, dry_run=dry_run) as found:
                yield found

        self._monkeypatch.setattr("playbooks.steps.session.session", session)
        self._monkeypatch.setattr("playbooks.steps.session.session_of_either", session_of_either)
        try:
            getattr(module, task)(Context(), **options)
        finally:
            self.printed = said.getvalue()
        return self.printed

    def refused(self, module, task, **options):
        with pytest.raises((*EXPECTED, RefusedError)) as told:
            self.run(module, task, **options)
        return str(told.value)


@pytest.fixture(autouse=True)
def public_values(monkeypatch):
    """What public DNS answers; at first the domain leads to the server."""
    answers = {"A": frozenset({"198.51.100.9"})}
    monkeypatch.setattr(
        "playbooks.steps.public_records.public_values", lambda _name, kind: answers.get(kind, frozenset())
    )
    return answers


@pytest.fixture
def command(monkeypatch):
    return Command(monkeypatch)
