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


def denied(stack, sid):
    (found,) = [one for one in statements(stack, "BucketPolicy", "guard") if one["Sid"] == sid]
    assert found["Effect"] == "Deny"
    return found


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


@pytest.fixture(scope="module")
def forgotten(stack):
    """Return the rules by which the bucket forgets, by the prefix that each is about."""
    rules = stack.one("BucketLifecycleConfiguration").inputs["rules"]
    assert {rule["status"] for rule in rules} == {"Enabled"}
    return {rule["filter"]["prefix"]: rule for rule in rules}


def test_what_was_replaced_is_forgotten_only_after_its_lock(forgotten):
    assert forgotten[""]["noncurrentVersionExpiration"] == {"noncurrentDays": 35}
    assert forgotten[""]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 2}


@pytest.mark.parametrize("prefix", ["dumps/", "certificates/"])
def test_dumps_and_certificates_are_forgotten_once_their_lock_is_over(forgotten, prefix):
    assert forgotten[prefix]["expiration"] == {"days": 35}
    assert forgotten[prefix]["noncurrentVersionExpiration"] == {"noncurrentDays": 5}


def test_marks_that_hide_nothing_any_more_go(forgotten):
    assert forgotten["wal/"]["expiration"] == {"expiredObjectDeleteMarker": True}


def test_uploaded_workbooks_are_never_forgotten(forgotten):
    assert set(forgotten) == {"", "dumps/", "certificates/", "wal/"}
    assert "expiration" not in forgotten[""]


PROTECTING = [
    "BucketPublicAccessBlock", "BucketOwnershipControls", "BucketServerSideEncryptionConfiguration", "BucketPolicy",
    "BucketVersioning", "BucketObjectLockConfiguration", "BucketLifecycleConfiguration", "Group", "GroupPolicy",
]  # fmt: skip


@pytest.mark.parametrize("kind", PROTECTING)
def test_a_bucket_that_is_kept_stays_as_protected_as_it_was(stack, kind):
    assert stack.one(kind).options.retainOnDelete


def test_everything_that_is_about_the_bucket_is_kept_with_it(stack):
    about = {one.kind for one in stack.resources if one.inputs.get("bucket") == "invoices-backups-1"}

    assert about <= set(PROTECTING)


def test_a_group_that_is_kept_does_not_stand_in_the_way_of_the_next_stack(stack):
    group = stack.one("Group")

    assert (group.name, "name" in group.inputs) == ("invoices-backup-administrators", False)


def test_users_get_no_further_than_the_boundary_that_is_named(stack):
    arn = "arn:aws:iam::123456789012:policy/invoices-boundary"
    bounded = rented(permissionsBoundary=arn)

    assert {one.inputs["permissionsBoundary"] for one in bounded.of("User")} == {arn}
    assert [one.inputs.get("permissionsBoundary") for one in stack.of("User")] == [None, None]


@pytest.mark.parametrize("user", ["invoices-server", "invoices-restorer"])
def test_a_key_made_by_hand_does_not_stop_tearing_down(stack, user):
    assert stack.one("User", user).inputs["forceDestroy"]


def test_nothing_of_the_bucket_is_public(stack):
    closed = stack.one("BucketPublicAccessBlock").inputs

    assert [value for name, value in sorted(closed.items()) if name != "bucket"] == [True, True, True, True]
    assert stack.one("BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_the_bucket_is_encrypted(stack):
    (rule,) = stack.one("BucketServerSideEncryptionConfiguration").inputs["rules"]

    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_the_bucket_is_spoken_to_over_tls_only(stack):
    statement = denied(stack, "TlsOnly")

    assert (statement["Principal"], statement["Action"]) == ("*", ["s3:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    "action",
    [
        "s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:PutObjectLegalHold",
        "s3:PutLifecycleConfiguration", "s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:DeleteBucket", "s3:PutBucketPublicAccessBlock",
    ],
)  # fmt: skip
def test_whoever_has_no_second_factor_does_not_undo_the_lock(stack, action):
    statement = denied(stack, "SecondFactor")

    assert action in statement["Action"]
    assert (statement["Principal"], statement["Resource"]) == ("*", [ARN, f"{ARN}/*"])


def test_a_key_that_knows_no_second_factor_counts_as_one_without(stack):
    assert denied(stack, "SecondFactor")["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


def test_what_is_there_is_never_put_over(stack):
    statement = denied(stack, "OnlyNewObjects")

    assert statement["Action"] == ["s3:PutObject"]
    assert statement["Resource"] == [f"{ARN}/dumps/*", f"{ARN}/files/*", f"{ARN}/certificates/*"]


def test_parts_of_a_large_object_need_no_condition_and_putting_them_together_does(stack):
    assert denied(stack, "OnlyNewObjects")["Condition"] == {
        "Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["BucketPublicAccessBlock", "BucketObjectLockConfiguration", "BucketLifecycleConfiguration"]
)
def test_the_policy_comes_last_as_it_denies_what_makes_the_others(stack, kind):
    assert any(kind in urn for urn in stack.one("BucketPolicy").options.dependencies)


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
        ("s3:DeleteObject", f"{ARN}/wal/1", True),
        ("s3:DeleteObject", f"{ARN}/dumps/1.age", False),
        ("s3:DeleteObject", f"{ARN}/files/1.age", False),
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


def keys(**changes):
    return [one.name for one in rented(**changes).of("AccessKey")]


def test_a_higher_key_number_means_new_keys_beside_the_old():
    assert keys(keyNumber="2") == ["restorer-1", "restorer-2", "server-1", "server-2"]


def test_the_old_keys_go_once_they_are_retired():
    assert keys(keyNumber="2", retiredKeyNumber="1") == ["restorer-2", "server-2"]


def test_the_newest_keys_are_those_that_are_put_out():
    assert rented(keyNumber="2").outputs["aws_access_key_id"] == "server-2-id"


def test_without_backups_there_is_neither_bucket_nor_restorer():
    stack = rented(backups="false")

    assert "Bucket" not in stack.kinds()
    assert [one.name for one in stack.of("User")] == ["invoices-server"]
    assert stack.outputs["backup_bucket"] == ""
