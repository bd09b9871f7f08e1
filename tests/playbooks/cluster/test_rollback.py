"""A rollback looks again once it has the lock: another operator may have deployed meanwhile."""

import io
from contextlib import nullcontext

import pytest
from rich.console import Console
from support.cluster_facts import CLUSTER

from playbooks.cluster import rollback as module
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.aws import Aws
from playbooks.steps.progress import Steps
from playbooks.steps.session import ClusterSession, RefusedError
from provisioning.settings import ClusterSettings

V1, V2, V3 = (ClusterRelease(f"v{n}", {}, [], {}, f"2026-11-28T0{n}:00:00Z") for n in (1, 2, 3))


def test_what_was_deployed_while_a_rollback_was_asked_for_is_not_gone_back_from(monkeypatch):
    found = ClusterSession(
        ClusterSettings.model_validate(CLUSTER), Aws("us-east-1"), Steps(Console(file=io.StringIO()))
    )
    serving = iter([V2, V3])
    rolled = []
    monkeypatch.setattr(module.releases, "deployed", lambda _found: next(serving))
    monkeypatch.setattr(module.releases, "served", lambda _found: [V2, V1])
    monkeypatch.setattr(module.lock, "held", lambda _found, _what: nullcontext())
    monkeypatch.setattr(module.history, "append", lambda *_words: None)
    monkeypatch.setattr(module.services, "roll", lambda *words: rolled.append(words))

    with pytest.raises(RefusedError, match="invoices: another version serves by now: run this again"):
        module.rollback(found, "")

    assert rolled == []
