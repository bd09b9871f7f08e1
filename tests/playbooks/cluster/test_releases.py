"""A release is noted once it has served: a deploy that fails or is interrupted leaves the notes of before."""

import io

import pytest
from rich.console import Console
from support.cluster_facts import CLUSTER

from playbooks.cluster import deploy, releases
from playbooks.cluster.deploy import ClusterDeployment
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.aws import Aws
from playbooks.steps.progress import Steps
from playbooks.steps.release import Release, ReleaseError
from playbooks.steps.session import ClusterError, ClusterSession
from provisioning.settings import ClusterSettings

V1 = ClusterRelease("v1", {}, [], {"invoices-app": "app:1", "invoices-once": "once:1"}, "2026-11-28T09:00:00Z")


@pytest.fixture
def found():
    settings = ClusterSettings.model_validate(CLUSTER)
    return ClusterSession(settings, Aws("us-east-1"), Steps(Console(file=io.StringIO())))


@pytest.fixture
def cluster(monkeypatch):
    """The notes of a cluster, and the revision that its service of the app runs."""
    kept, running = {}, {"taskDefinition": "app:1"}
    monkeypatch.setattr(releases.notes, "read", lambda _found, name: kept[name])
    monkeypatch.setattr(releases.notes, "write", lambda _found, name, noted: kept.update({name: dict(noted)}))
    monkeypatch.setattr(releases.notes, "names_in", lambda _found, _folder: list(kept))
    monkeypatch.setattr(releases, "service", lambda _found, _name: running)
    return kept, running


def test_before_the_first_deploy_nothing_serves(found, cluster):
    with pytest.raises(ReleaseError, match="invoices: nothing was deployed yet: run `fab deploy` first"):
        releases.deployed(found)


def test_tasks_of_no_release_that_is_noted_are_of_an_interrupted_deploy(found, cluster):
    releases.write(found, V1)
    cluster[1]["taskDefinition"] = "app:2"

    with pytest.raises(ReleaseError, match="invoices: a deploy was interrupted: run `fab deploy` again"):
        releases.deployed(found)


def test_other_settings_that_do_not_start_leave_the_release_of_the_same_version(found, cluster, monkeypatch):
    releases.write(found, V1)
    fakes = {
        "ClusterDeployment._is_unchanged": lambda *_words: False,
        "images.pushed": lambda *_words, **_options: {},
        "secret.ensure": lambda *_words: None,
        "ClusterDeployment._registered": lambda *_words: ClusterRelease("v1", {}, [], {"invoices-app": "app:2"}),
        "ClusterDeployment._migrate": lambda *_words, **_options: None,
        "services.rolled_again": lambda *_words: [],
        "services.roll": _never_ready,
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(f"{deploy.__name__}.{name}", fake)

    with pytest.raises(ClusterError):
        ClusterDeployment(found, Release("v1", "HEAD"))._deploy(V1)

    assert releases.deployed(found) == V1


def _never_ready(*_words):
    raise ClusterError("invoices: v1 does not become ready")
