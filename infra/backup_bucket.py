"""The backup bucket: locked, versioned, encrypted and not public, with the policies of its users."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import iam, s3

from infra.iam_policies import allow, deny, policy
from infra.settings import InfraSettings
from infra.tags import tags_of

_DAYS_AFTER_LOCK = 5
_INCOMPLETE_UPLOAD_DAYS = 2
# Actions that would undo the lock: denied by name to the keys we hand out, whatever a later policy allows.
_DESTROYING = (
    "s3:DeleteObjectVersion",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:BypassGovernanceRetention",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:DeleteBucket",
)


class BackupBucket(ComponentResource):
    """A bucket whose backups cannot be destroyed before their lock expires, not even by an intruder on the server.

    Three principals: the writer, which is the server's user, adds; the restorer, elsewhere, reads; administrators, with
    a second factor, do the rest. Below `wal/` the writer also reads and hides objects: pgBackRest needs that.
    """

    def __init__(self, name: str, settings: InfraSettings, writer: iam.User) -> None:
        super().__init__("invoices:infra:BackupBucket", name)
        server_name = settings.server_name
        self._own = ResourceOptions(parent=self)
        bucket = s3.Bucket(
            "backups",
            bucket_prefix=f"{server_name}-backups-",
            object_lock_enabled=True,
            force_destroy=False,
            tags=tags_of(server_name),
            opts=ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.name = bucket.bucket
        self._close(bucket)
        self._lock(bucket, settings)
        iam.UserPolicy("writer", user=writer.name, policy=bucket.arn.apply(_writer_policy), opts=self._own)
        self.restorer_key = self._restorer(bucket, settings)
        self._administrators(bucket, server_name)
        self.register_outputs({"name": self.name})

    def _close(self, bucket: s3.Bucket) -> None:
        blocked = s3.BucketPublicAccessBlock(
            "not-public",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._own,
        )
        s3.BucketOwnershipControls(
            "owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self._own
        )
        s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._own,
        )
        s3.BucketPolicy(
            "tls-only",
            bucket=bucket.id,
            policy=bucket.arn.apply(_tls_only_policy),
            opts=ResourceOptions(parent=self, depends_on=[blocked]),
        )

    def _lock(self, bucket: s3.Bucket, settings: InfraSettings) -> None:
        versioning = s3.BucketVersioning(
            "versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=self._own
        )
        versioned = ResourceOptions(parent=self, depends_on=[versioning])
        s3.BucketObjectLockConfiguration(
            "lock",
            bucket=bucket.id,
            rule={"default_retention": {"mode": settings.backup_lock_mode, "days": settings.backup_lock_days}},
            opts=versioned,
        )
        s3.BucketLifecycleConfiguration(
            "lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "forget-what-was-replaced",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": settings.backup_lock_days + _DAYS_AFTER_LOCK},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": _INCOMPLETE_UPLOAD_DAYS},
                }
            ],
            opts=versioned,
        )

    def _restorer(self, bucket: s3.Bucket, settings: InfraSettings) -> iam.AccessKey:
        """Create the restorer and its key; a higher key number makes a new key before the old one is deleted."""
        server_name = settings.server_name
        user = iam.User("restorer", name=f"{server_name}-restorer", tags=tags_of(server_name), opts=self._own)
        iam.UserPolicy("restorer", user=user.name, policy=bucket.arn.apply(_restorer_policy), opts=self._own)
        return iam.AccessKey(
            f"restorer-{settings.key_number}",
            user=user.name,
            opts=ResourceOptions(parent=self, additional_secret_outputs=["secret"]),
        )

    def _administrators(self, bucket: s3.Bucket, server_name: str) -> None:
        group = iam.Group("administrators", name=f"{server_name}-backup-administrators", opts=self._own)
        iam.GroupPolicy(
            "administrators", group=group.name, policy=bucket.arn.apply(_administrator_policy), opts=self._own
        )


def _writer_policy(arn: str) -> str:
    added = [f"{arn}/{folder}/*" for folder in ("dumps", "files", "certificates", "wal")]
    return policy(
        allow("Add", ["s3:PutObject", "s3:AbortMultipartUpload"], *added),
        allow("Archive", ["s3:GetObject", "s3:DeleteObject"], f"{arn}/wal/*"),
        allow("List", ["s3:ListBucket"], arn),
        deny("NeverDestroy", list(_DESTROYING), arn, f"{arn}/*"),
    )


def _restorer_policy(arn: str) -> str:
    return policy(
        allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{arn}/*"),
        allow("List", ["s3:ListBucket", "s3:ListBucketVersions"], arn),
        deny("NeverChange", [*_DESTROYING, "s3:PutObject", "s3:DeleteObject"], arn, f"{arn}/*"),
    )


def _administrator_policy(arn: str) -> str:
    with_second_factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    reading = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"]
    lifting = ["s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:BypassGovernanceRetention"]
    return policy({**allow("Administer", reading + lifting, arn, f"{arn}/*"), "Condition": with_second_factor})


def _tls_only_policy(arn: str) -> str:
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return policy({**deny("TlsOnly", ["s3:*"], arn, f"{arn}/*"), "Principal": "*", "Condition": plain})
