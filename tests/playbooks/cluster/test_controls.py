"""Each control of a cluster is kept by what is rented, and says what it saw where it is not."""

import copy
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from support.cluster_facts import CLUSTER

from playbooks.cluster import controls
from playbooks.steps.session import ClusterSession
from provisioning.host import HostError
from provisioning.settings import ClusterSettings

OPEN = {"IpProtocol": "tcp", "FromPort": 5432}
KEPT = {
    "listener": {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
    "database": {
        "StorageEncrypted": True, "MultiAZ": True, "DeletionProtection": True, "BackupRetentionPeriod": 14,
        "PubliclyAccessible": False, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}],
    },
    "public": {
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
    },
    "versions": {"Status": "Enabled"},
    "rule": {**OPEN, "IpRanges": [], "UserIdGroupPairs": [{"GroupId": "sg-3"}]},
    "container": {
        "name": "app", "image": "r/app@sha256:1", "user": "10001:10001", "readonlyRootFilesystem": True,
    },
    "service": {
        "taskDefinition": "app:1",
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    },
    "answer": {
        "Location": "https://invoices.example.com/", "Strict-Transport-Security": "1", "Content-Security-Policy": "1",
        "X-Content-Type-Options": "nosniff",
    },
    "served": {"problem": ""},
}  # fmt: skip


@pytest.fixture
def look(monkeypatch):
    """Return a function that asks one control of a cluster in which one thing is other than it should be."""

    def run(control, what="served", **changed):
        rented = copy.deepcopy(KEPT)
        rented[what].update(changed)
        monkeypatch.setattr(controls, "wait_until_served", lambda *_words, **_options: served(rented))
        monkeypatch.setattr(controls.database, "described", lambda _found: rented["database"])
        monkeypatch.setattr(controls.releases, "service", lambda _found, _name: rented["service"])
        for connection in ("HTTPConnection", "HTTPSConnection"):
            monkeypatch.setattr(controls.http.client, connection, lambda *_words, **_options: Connection(rented))
        aws = SimpleNamespace(client=lambda _service: account(rented))
        session = ClusterSession(ClusterSettings.model_validate(CLUSTER), aws, None)
        return getattr(controls, control)(session)

    return run


def served(rented):
    if rented["served"]["problem"]:
        raise HostError(rented["served"]["problem"])


class Connection:
    def __init__(self, rented):
        self.status, self._headers = 200, rented["answer"]

    def request(self, *_words, **_options):
        pass

    def getresponse(self):
        return self

    def getheader(self, name):
        return self._headers.get(name)

    def close(self):
        pass


def account(rented):
    def public(**_bucket):
        if not rented["public"]["BlockPublicAcls"]:
            raise ClientError({"Error": {"Code": "NoSuchPublicAccessBlockConfiguration"}}, "GetPublicAccessBlock")
        return {"PublicAccessBlockConfiguration": rented["public"]}

    return SimpleNamespace(
        describe_listeners=lambda **_words: {"Listeners": [rented["listener"]]},
        get_public_access_block=public,
        get_bucket_versioning=lambda **_words: rented["versions"],
        describe_security_groups=lambda GroupIds: {  # noqa: N803  # its name at AWS
            "SecurityGroups": [{"GroupId": name, "IpPermissions": [rented["rule"]]} for name in GroupIds]
        },
        describe_task_definition=lambda **_words: {"taskDefinition": {"containerDefinitions": [rented["container"]]}},
    )


@pytest.mark.parametrize("control", [control.__name__ for control in controls.CONTROLS])
def test_what_is_rented_keeps_each_control(look, control):
    assert look(control) == ""


BOTH_SERVICES = "app of invoices-app {0}; app of invoices-worker {0}"
BROKEN = [
    ("site_answers_over_https", "served", {"problem": "It does not answer."}, "It does not answer."),
    ("plain_http_leads_to_https", "answer", {"Location": None}, "port 80 answers 200, and leads to ''"),
    ("pages_have_security_headers", "answer", {"X-Content-Type-Options": None}, "missing: X-Content-Type-Options"),
    ("balancer_takes_new_tls_only", "listener", {"SslPolicy": "Old"}, "the listener's policy is Old"),
    ("database_is_encrypted", "database", {"StorageEncrypted": False}, "its storage is not encrypted"),
    ("database_is_in_two_zones", "database", {"MultiAZ": False}, "MultiAZ is off"),
    (
        "database_is_protected_from_deletion",
        "database",
        {"DeletionProtection": False},
        "deletion protection is off",
    ),
    ("database_keeps_backups_of_14_days", "database", {"BackupRetentionPeriod": 7}, "it keeps those of 7 days"),
    ("database_is_not_public", "database", {"PubliclyAccessible": True}, "it has a public address"),
    (
        "buckets_are_closed_to_the_public",
        "public",
        {"RestrictPublicBuckets": False},
        "invoices-files-1 is not closed to the public; invoices-backups-1 is not closed to the public",
    ),
    (
        "buckets_are_closed_to_the_public",
        "public",
        {"BlockPublicAcls": False},
        "invoices-files-1 is not closed to the public; invoices-backups-1 is not closed to the public",
    ),
    (
        "buckets_keep_versions",
        "versions",
        {"Status": "Suspended"},
        "versions of invoices-files-1 are Suspended; versions of invoices-backups-1 are Suspended",
    ),
    (
        "only_the_balancer_is_reachable",
        "rule",
        {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        "addresses are let in by sg-1, sg-2",
    ),
    (
        "only_the_balancer_is_reachable",
        "rule",
        {"PrefixListIds": [{"PrefixListId": "pl-1"}]},
        "addresses are let in by sg-1, sg-2",
    ),
    (
        "tasks_cannot_write_their_disk",
        "container",
        {"readonlyRootFilesystem": False},
        BOTH_SERVICES.format("writes its own disk"),
    ),
    ("tasks_are_not_root", "container", {"user": "0:0"}, BOTH_SERVICES.format("is root")),
    ("tasks_are_not_root", "container", {"user": None}, BOTH_SERVICES.format("is root")),
    ("tasks_run_images_by_digest", "container", {"image": "r/app:v1"}, BOTH_SERVICES.format("runs r/app:v1")),
    (
        "services_go_back_by_themselves",
        "service",
        {"deploymentConfiguration": {}},
        "no circuit breaker rolls back invoices-app, invoices-worker",
    ),
]


@pytest.mark.parametrize(("control", "what", "changed", "seen"), BROKEN)
def test_a_control_that_is_not_kept_says_what_was_seen(look, control, what, changed, seen):
    assert look(control, what, **changed) == seen


def test_each_control_is_seen_broken_here():
    assert {control for control, *_ in BROKEN} == {control.__name__ for control in controls.CONTROLS}
