"""A new signing key is accepted by every copy before one signs with it; what a cluster does not have is refused."""

import io
from contextlib import nullcontext
from dataclasses import replace

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
        ("everything", False, "Say what: --mail, --oidc, or --rotate with one of signing-key, database."),
    ],
)
def test_what_a_cluster_does_not_have_is_not_rotated(found, rotate, for_n8n, sentence):
    with pytest.raises(RefusedError) as told:
        secrets_rotation.change(found, rotate, mail=False, oidc=False, for_n8n=for_n8n)

    assert str(told.value) == sentence


@pytest.fixture
def asked(found, monkeypatch):
    """What was asked for, and what the secret was made to hold."""
    prompts, written = [], []
    monkeypatch.setattr(secrets_rotation.releases, "deployed", lambda _found: RELEASE)
    monkeypatch.setattr(secrets_rotation.lock, "held", lambda _found, _what: nullcontext())
    monkeypatch.setattr(secrets_rotation.history, "failure_noted", lambda *_words: nullcontext())
    monkeypatch.setattr(secrets_rotation.history, "append", lambda *_words: None)
    monkeypatch.setattr(secrets_rotation.secret, "values", lambda _found: {"SMTP_URL": "", "OIDC_CLIENT_SECRET": ""})
    monkeypatch.setattr(secrets_rotation.secret, "write", lambda _found, new: written.append(dict(new)))
    monkeypatch.setattr(secrets_rotation, "_roll", lambda *_words: None)
    monkeypatch.setattr(
        "getpass.getpass", lambda prompt: prompts.append(prompt.split(",")[0]) or f"typed {len(prompts)}"
    )
    return prompts, written


def test_mail_server_and_client_secret_are_asked_for_and_tasks_start_once_with_both(found, asked):
    prompts, written = asked

    secrets_rotation.change(found, "", mail=True, oidc=True, for_n8n=False)

    assert prompts == ["SMTP_URL", "OIDC_CLIENT_SECRET"]
    assert written == [{"SMTP_URL": "typed 1", "OIDC_CLIENT_SECRET": "typed 2"}]


def test_a_rehearsal_asks_for_nothing(found, asked):
    secrets_rotation.change(replace(found, is_rehearsal=True), "", mail=False, oidc=True, for_n8n=False)

    assert asked == ([], [])
    assert "OIDC_CLIENT_SECRET would be asked for; app and worker" in found.console.file.getvalue()
