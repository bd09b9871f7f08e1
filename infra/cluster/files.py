"""The bucket of the uploaded workbooks, which the tasks of the app share."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import s3

from infra.closed_bucket import close
from infra.iam_policies import TLS_ONLY, allow, deny_everybody, policy
from infra.settings import InfraSettings
from infra.tags import tags_of

FOLDER = "imports"
_DAYS_OF_WHAT_WAS_DELETED = 30
_DAYS_OF_WHAT_COMES_IN = 7
_INCOMPLETE_UPLOAD_DAYS = 2


class FilesBucket(ComponentResource):
    """Versioned, encrypted, by TLS only, not public. When the stack goes, the bucket stays."""

    def __init__(self, name: str, settings: InfraSettings, opts: ResourceOptions) -> None:
        super().__init__("invoices:infra:FilesBucket", name, opts=opts)
        kept = ResourceOptions(parent=self, retain_on_delete=True)
        bucket = s3.Bucket(
            "files",
            bucket_prefix=f"{settings.server_name}-files-",
            force_destroy=False,
            tags=tags_of(settings.server_name),
            opts=ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.name, self.arn = bucket.bucket, bucket.arn
        blocked = close(bucket, kept)
        versioning = s3.BucketVersioning(
            "versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=kept
        )
        s3.BucketLifecycleConfiguration(
            "lifecycle",
            bucket=bucket.id,
            rules=_rules(),
            opts=ResourceOptions.merge(kept, ResourceOptions(depends_on=[versioning])),
        )
        s3.BucketPolicy(
            "tls-only",
            bucket=bucket.id,
            policy=bucket.arn.apply(_tls_only),
            opts=ResourceOptions.merge(kept, ResourceOptions(depends_on=[blocked])),
        )
        self.register_outputs({"name": self.name})


def sharing_policy(arn: str) -> str:
    """Let the app's tasks read, write and delete; what they delete is kept as a version for a month."""
    return policy(
        allow(
            "Share",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            f"{arn}/{FOLDER}/*",
        ),
        _listing(arn),
    )


def reading_policy(arn: str) -> str:
    return policy(allow("Read", ["s3:GetObject"], f"{arn}/{FOLDER}/*"), _listing(arn))


def _listing(arn: str) -> dict[str, object]:
    return {**allow("List", ["s3:ListBucket"], arn), "Condition": {"StringLike": {"s3:prefix": f"{FOLDER}*"}}}


def _tls_only(arn: str) -> str:
    return policy(deny_everybody("TlsOnly", ["s3:*"], arn, f"{arn}/*", when=TLS_ONLY))


def _rules() -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    return [
        {
            "id": "forget-what-was-deleted",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": _DAYS_OF_WHAT_WAS_DELETED},
            "expiration": {"expired_object_delete_marker": True},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _INCOMPLETE_UPLOAD_DAYS},
        },
        {
            "id": "forget-what-came-in",
            "status": "Enabled",
            "filter": {"prefix": f"{FOLDER}/incoming/"},
            "expiration": {"days": _DAYS_OF_WHAT_COMES_IN},
        },
    ]
