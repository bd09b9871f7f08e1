"""A new signing key is accepted by every copy before one signs with it; what a cluster does not have is refused."""

import io

import pytest
from rich.console import Console
from support.cluster_facts import CLUSTER

from playbooks.cluster import secrets_rotation
from playbooks.cluster.releases import ClusterRelease
from playbooks.steps.aws import Aws
from playbooks.steps.progress import Steps
from playbooks.steps.session import ClusterSession, RefusedError
from provisioning.settings import ClusterSettings

RELEASE = ClusterRelease("v1", {}, [], {})


@pytest.fixture
def found():
    settings = ClusterSettings.model_validate(CLUSTER)
    return ClusterSession(settings, Aws("us-east-1"), Steps(Console(file=io.StringIO())))


def test_a_key_is_accepted_everywhere_before_it_signs(found, monkeypatch):
    kept = {"SECRET_KEY": "second", "SECRET_KEYS_BEFORE": "first,zeroth"}
    done = []
    monkeypatch.setattr(secrets_rotation.secret, "values", lambda _found: dict(kept))
    monkeypatch.setattr(secrets_rotation.secret, "new_key", lambda: "third")
    monkeypatch.setattr(secrets_rotation.secret, "write", lambda _found, new: done.append(dict(new)))
    monkeypatch.setattr(secrets_rotation, "_roll", lambda _found, _release, _step: done.append("rolled"))

    secrets_rotation._rotate_signing_key(found, RELEASE)

    assert done == [
        {"SECRET_KEY": "second", "SECRET_KEYS_BEFORE": "third,first,zeroth"},
        "rolled",
        {"SECRET_KEY": "third", "SECRET_KEYS_BEFORE": "second,first"},
        "rolled",
    ]


@pytest.mark.parametrize(
    ("rotate", "for_n8n", "sentence"),
    [
        ("redis", False, "invoices: a cluster has no Redis: its queue is in the database."),
        ("automation-token", False, "invoices: a cluster has no automation, so there is nothing to set for n8n."),
        ("", True, "invoices: a cluster has no automation, so there is nothing to set for n8n."),
        ("everything", False, "Say what: --mail, or --rotate with one of signing-key, database."),
    ],
)
def test_what_a_cluster_does_not_have_is_not_rotated(found, rotate, for_n8n, sentence):
    with pytest.raises(RefusedError) as told:
        secrets_rotation.change(found, rotate, mail=False, for_n8n=for_n8n)

    assert str(told.value) == sentence
