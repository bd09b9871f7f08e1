"""A restore looks at a new instance before anything changes; what fails leaves the database of before in use."""

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console
from support.cluster_facts import CLUSTER

from playbooks.cluster import restore as module
from playbooks.cluster import secret
from playbooks.cluster.once import Ended
from playbooks.cluster.releases import ClusterRelease
from playbooks.cluster.restore import Wish
from playbooks.steps.aws import Aws
from playbooks.steps.progress import Steps
from playbooks.steps.session import ClusterError, ClusterSession, RefusedError
from provisioning.settings import ClusterSettings

BEFORE, AFTER = "invoices.1.us-east-1.rds.amazonaws.com", "invoices-2.1.us-east-1.rds.amazonaws.com"
FIGURES = {
    "ok": True,
    "sentence": "It can be read, and its audit is whole.",
    "figures": {"outstanding": {"USD": 12345}},
}
ADDRESS = "postgresql://{}:secret@{}:5432/invoices?sslmode=require"


class Cluster:
    """Remembers what was done to it, in order; AWS's restore to a moment is not to be had here."""

    def __init__(self, monkeypatch):
        self.done, self.notes, self.fails_at = [], {}, None
        self.values = {name: ADDRESS.format(role, BEFORE) for name, role in secret.ROLES.items()}
        self.said = io.StringIO()
        settings = ClusterSettings.model_validate(CLUSTER)
        self.session = ClusterSession(settings, Aws("us-east-1"), Steps(Console(file=self.said, width=160)))
        release = ClusterRelease("v1", {}, [], {"invoices-once": "once:1", "invoices-backup": "backup:1"})
        fakes = {
            "releases.deployed": lambda _found: release,
            "lock.acquire": lambda _found, what: self.done.append(f"lock for {what}"),
            "lock.release": lambda _found: self.done.append("unlock"),
            "history.append": lambda *_words: None,
            "database.identifier": lambda _found: secret.host_of(self.values).partition(".")[0],
            "database.require_free": lambda _found, name: self.done.append(f"nothing is {name}"),
            "database.restored": self._restored,
            "secret.values": lambda _found: dict(self.values),
            "secret.write": self._written,
            "notes.read": lambda _found, name: self.notes.get(name, {}),
            "notes.write": lambda _found, name, noted: self.notes.update({name: noted}),
            "notes.remove": lambda _found, name: self.notes.pop(name, None),
            "services.rolled_again": lambda _found, _release: [],
            "services.roll": self._rolled,
            "OneOff.of_app": lambda _session: self,
            "OneOff.of_backup": lambda _session: self,
            "_remove": lambda _found, name: self.done.append(f"delete {name[:16]}"),
        }
        for name, fake in fakes.items():
            monkeypatch.setattr(f"playbooks.cluster.restore.{name}", fake)

    def run(self, *command, **_options):
        self.done.append(" ".join(command[:3]))
        return Ended(0, json.dumps(FIGURES))

    def output_of(self, *command, **options):
        return self.run(*command, **options).out

    def _restored(self, _found, name, at):
        self.done.append(f"restore {name[:16]} at {at}")
        return {"Endpoint": {"Address": AFTER}}

    def _written(self, _found, values):
        self.values = dict(values)
        self.done.append(f"use {secret.host_of(values)}")

    def _rolled(self, *_words):
        self.done.append("roll")
        if secret.host_of(self.values) == self.fails_at:
            raise ClusterError("invoices: v1 does not become ready")


def always_failing(*_words):
    raise ClusterError("invoices: v1 does not become ready")


@pytest.fixture
def cluster(monkeypatch):
    return Cluster(monkeypatch)


def test_a_restore_looks_first_then_lets_nobody_write_then_switches(cluster):
    module.restore(cluster.session, Wish(at="2026-11-28T09:05:00Z"))

    assert cluster.done == [
        "lock for restore --at 2026-11-28T09:05:00Z",
        "nothing is invoices-2",
        f"restore invoices-2 at {datetime(2026, 11, 28, 9, 5, tzinfo=UTC)}",
        "invoices recover figures",
        "invoices recover figures",
        "invoices maintenance on",
        f"use {AFTER}",
        "roll",
        "invoices maintenance off",
        "unlock",
    ]
    assert "Outstanding today: 123.45 USD." in cluster.said.getvalue()


def test_a_trial_changes_nothing_and_deletes_what_it_made(cluster):
    module.restore(cluster.session, Wish(to_scratch=True))

    assert secret.host_of(cluster.values) == BEFORE
    assert cluster.done[-2:] == ["delete invoices-scratch", "unlock"]
    assert "roll" not in cluster.done


def test_a_restore_whose_tasks_do_not_start_leaves_the_database_of_before(cluster):
    cluster.fails_at = AFTER

    with pytest.raises(ClusterError):
        module.restore(cluster.session, Wish())

    assert cluster.notes == {}
    assert cluster.done[-6:] == [f"use {AFTER}", "roll", f"use {BEFORE}", "roll", "invoices maintenance off", "unlock"]


def test_a_return_whose_tasks_do_not_start_can_be_tried_again(cluster):
    module.restore(cluster.session, Wish())
    cluster.fails_at = BEFORE

    with pytest.raises(ClusterError):
        module.back(cluster.session)

    assert cluster.notes == {"restored": {"before": BEFORE, "after": AFTER}}
    assert secret.host_of(cluster.values) == AFTER


def test_nobody_writes_while_neither_database_can_be_used(cluster, monkeypatch):
    monkeypatch.setattr("playbooks.cluster.restore.services.roll", always_failing)

    with pytest.raises(ClusterError):
        module.restore(cluster.session, Wish())

    assert cluster.notes == {"restored": {"before": BEFORE, "after": AFTER}}
    assert cluster.done[-2:] == [f"use {BEFORE}", "unlock"]


def test_what_was_there_before_is_gone_back_to(cluster):
    module.restore(cluster.session, Wish())

    module.back(cluster.session)

    assert secret.host_of(cluster.values) == BEFORE


def test_without_a_restore_there_is_nothing_to_go_back_to(cluster):
    with pytest.raises(RefusedError, match="invoices: nothing was restored that could be gone back from"):
        module.back(cluster.session)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("yesterday", "'yesterday' is no moment, such as 2026-11-28T09:05:00Z."),
        ("2026-11-28T09:05:00", "'2026-11-28T09:05:00' says no time zone: write it such as 2026-11-28T09:05:00Z."),
    ],
)
def test_a_moment_that_is_none_is_refused_before_anything_is_done(cluster, at, sentence):
    with pytest.raises(RefusedError) as told:
        module.restore(cluster.session, Wish(at=at))

    assert str(told.value) == sentence
    assert cluster.done == []
