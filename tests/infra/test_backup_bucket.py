"""Backups cannot be destroyed before their days are over: not by the server, not by mistake, not by everybody."""

import json
from fnmatch import fnmatchcase

import pytest
from support.pulumi_stack import rented

ARN = "arn:aws:s3:::invoices-backups-1"


@pytest.fixture(scope="module")
def stack():
    return rented()


def statements(stack, kind, name):
    return json.loads(stack.one(kind, name).inputs["policy"])["Statement"]


def may(statements, action, resource):
    """Tell whether the statements allow it, as IAM reads them: a denial wins."""

    def says(effect):
        return any(
            one["Effect"] == effect
            and any(fnmatchcase(action, pattern) for pattern in one["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in one["Resource"])
            for one in statements
        )

    return says("Allow") and not says("Deny")


def test_the_bucket_is_locked_protected_and_kept_when_the_stack_goes(stack):
    bucket = stack.one("Bucket")

    assert (bucket.inputs["objectLockEnabled"], bucket.inputs["forceDestroy"]) == (True, False)
    assert (bucket.options.protect, bucket.options.retainOnDelete) == (True, True)


@pytest.mark.parametrize(("mode", "days"), [("GOVERNANCE", 30), ("COMPLIANCE", 7)])
def test_backups_are_locked_as_configured(mode, days):
    stack = rented(backupLockMode=mode, backupLockDays=str(days))

    rule = stack.one("BucketObjectLockConfiguration").inputs["rule"]
    assert rule == {"defaultRetention": {"mode": mode, "days": days}}


def test_the_lock_comes_after_the_versions(stack):
    for kind in ("BucketObjectLockConfiguration", "BucketLifecycleConfiguration"):
        assert any("BucketVersioning" in urn for urn in stack.one(kind).options.dependencies)
    assert stack.one("BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}


def test_what_was_replaced_is_forgotten_only_after_its_lock(stack):
    (rule,) = stack.one("BucketLifecycleConfiguration").inputs["rules"]

    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 35}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 2}
    assert "expiration" not in rule


def test_nothing_of_the_bucket_is_public(stack):
    closed = stack.one("BucketPublicAccessBlock").inputs

    assert [value for name, value in sorted(closed.items()) if name != "bucket"] == [True, True, True, True]
    assert stack.one("BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_the_bucket_is_encrypted(stack):
    (rule,) = stack.one("BucketServerSideEncryptionConfiguration").inputs["rules"]

    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_the_bucket_is_spoken_to_over_tls_only(stack):
    (statement,) = statements(stack, "BucketPolicy", "tls-only")

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert any("BucketPublicAccessBlock" in urn for urn in stack.one("BucketPolicy").options.dependencies)


@pytest.mark.parametrize(
    ("action", "resource", "is_allowed"),
    [
        ("s3:PutObject", f"{ARN}/dumps/1.age", True),
        ("s3:PutObject", f"{ARN}/files/1.age", True),
        ("s3:PutObject", f"{ARN}/certificates/1.json", True),
        ("s3:PutObject", f"{ARN}/wal/1", True),
        ("s3:PutObject", f"{ARN}/elsewhere", False),
        ("s3:GetObject", f"{ARN}/wal/1", True),
        ("s3:GetObject", f"{ARN}/dumps/1.age", False),
        ("s3:GetObject", f"{ARN}/files/1.age", False),
        ("s3:GetObject", f"{ARN}/certificates/1.json", False),
        ("s3:DeleteObject", f"{ARN}/dumps/1.age", False),
        ("s3:DeleteObjectVersion", f"{ARN}/wal/1", False),
        ("s3:PutObjectRetention", f"{ARN}/dumps/1.age", False),
        ("s3:BypassGovernanceRetention", f"{ARN}/dumps/1.age", False),
        ("s3:PutLifecycleConfiguration", ARN, False),
        ("s3:PutBucketVersioning", ARN, False),
        ("s3:PutBucketPolicy", ARN, False),
        ("s3:ListBucket", ARN, True),
    ],
)
def test_the_server_adds_and_destroys_nothing(stack, action, resource, is_allowed):
    assert may(statements(stack, "UserPolicy", "writer"), action, resource) == is_allowed


@pytest.mark.parametrize(
    ("action", "is_allowed"),
    [
        ("s3:GetObject", True),
        ("s3:GetObjectVersion", True),
        ("s3:PutObject", False),
        ("s3:DeleteObject", False),
        ("s3:DeleteObjectVersion", False),
    ],
)
def test_the_restorer_reads_and_changes_nothing(stack, action, is_allowed):
    assert may(statements(stack, "UserPolicy", "restorer"), action, f"{ARN}/dumps/1.age") == is_allowed


def test_administrators_need_a_second_factor(stack):
    (statement,) = statements(stack, "GroupPolicy", "administrators")

    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_a_higher_key_number_means_new_keys_beside_the_old():
    assert {one.name for one in rented(keyNumber="2").of("AccessKey")} == {"server-2", "restorer-2"}


def test_without_backups_there_is_neither_bucket_nor_restorer():
    stack = rented(backups="false")

    assert "Bucket" not in stack.kinds()
    assert [one.name for one in stack.of("User")] == ["server"]
    assert stack.outputs["backup_bucket"] == ""
