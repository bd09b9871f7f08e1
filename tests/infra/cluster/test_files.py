"""Workbooks are kept: versioned, encrypted, reached by TLS only, and never by the public."""

import json

from infra.cluster.files import sharing_policy


def of_files(stack, kind):
    return next(one for one in stack.of(kind) if ":FilesBucket::" in one.options.parent)


def test_the_bucket_stays_when_the_stack_goes(stack):
    options = stack.one("Bucket", "files").options

    assert (options.protect, options.retainOnDelete) == (True, True)


def test_it_is_versioned_and_encrypted(stack):
    encryption = of_files(stack, "BucketServerSideEncryptionConfiguration").inputs["rules"]

    assert of_files(stack, "BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert encryption == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]


def test_nothing_in_it_can_be_made_public(stack):
    inputs = of_files(stack, "BucketPublicAccessBlock").inputs

    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [inputs[name] for name in switches] == [True, True, True, True]


def test_it_is_reached_by_tls_only(stack):
    (statement,) = json.loads(of_files(stack, "BucketPolicy").inputs["policy"])["Statement"]

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["arn:aws:s3:::invoices-files-1", "arn:aws:s3:::invoices-files-1/*"]


def test_only_what_was_deleted_or_only_passes_through_is_forgotten(stack):
    rules = of_files(stack, "BucketLifecycleConfiguration").inputs["rules"]

    assert {one["filter"]["prefix"]: one["expiration"] for one in rules} == {
        "": {"expiredObjectDeleteMarker": True}, "imports/incoming/": {"days": 7},
    }  # fmt: skip
    assert rules[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_a_task_may_not_delete_a_version_for_good():
    allowed = [action for one in json.loads(sharing_policy("arn"))["Statement"] for action in one["Action"]]

    assert sorted(allowed) == [
        "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
    ]  # fmt: skip
