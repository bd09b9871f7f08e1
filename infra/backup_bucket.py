"""The backup bucket: locked, versioned, encrypted and not public, with the policies of its users."""

from pulumi import ComponentResource, Resource, ResourceOptions
from pulumi_aws import iam, s3

from infra.access_keys import AccessKeys
from infra.closed_bucket import close
from infra.iam_policies import TLS_ONLY, allow, deny, deny_everybody, policy
from infra.server_user import own_user
from infra.settings import InfraSettings
from infra.tags import tags_of

_DAYS_AFTER_LOCK = 5
_INCOMPLETE_UPLOAD_DAYS = 2
_NEVER_REPLACED = ("dumps", "files", "certificates")
_FORGOTTEN_AFTER_LOCK = ("dumps", "certificates")
# Actions that would undo the lock: denied by name to the keys we hand out, whatever a later policy allows, and to
# everybody who shows no second factor.
_DESTROYING = (
    "s3:DeleteObjectVersion",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:BypassGovernanceRetention",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:DeleteBucket",
)


class BackupBucket(ComponentResource):
    """A bucket whose backups cannot be destroyed before their lock expires, not even by an intruder on the server.

    Three principals: the writer, which is the server's user or a task of the cluster, adds; the restorer, elsewhere,
    reads; administrators, with a second factor, do the rest. Below `wal/` the server reads and hides objects too, as
    pgBackRest needs that.
    When the stack goes, the bucket stays, with all that protects it.
    """

    def __init__(self, name: str, settings: InfraSettings, writer: iam.User | None) -> None:
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
        self.name, self.arn = bucket.bucket, bucket.arn
        closed = close(bucket, self._kept())
        locked = self._lock(bucket, settings)
        s3.BucketPolicy(  # last: it denies what makes the others
            "guard",
            bucket=bucket.id,
            policy=bucket.arn.apply(_bucket_policy),
            opts=self._kept(closed, *locked),
        )
        if writer:
            iam.UserPolicy("writer", user=writer.name, policy=bucket.arn.apply(_writer_policy), opts=self._own)
        self.restorer_key = self._restorer(bucket, settings)
        self._administrators(bucket, server_name)
        self.register_outputs({"name": self.name})

    def _kept(self, *after: Resource) -> ResourceOptions:
        return ResourceOptions(parent=self, retain_on_delete=True, depends_on=list(after))

    def _lock(self, bucket: s3.Bucket, settings: InfraSettings) -> tuple[Resource, ...]:
        versioning = s3.BucketVersioning(
            "versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=self._kept()
        )
        lock = s3.BucketObjectLockConfiguration(
            "lock",
            bucket=bucket.id,
            rule={"default_retention": {"mode": settings.backup_lock_mode, "days": settings.backup_lock_days}},
            opts=self._kept(versioning),
        )
        lifecycle = s3.BucketLifecycleConfiguration(
            "lifecycle",
            bucket=bucket.id,
            rules=_rules(settings.backup_lock_days + _DAYS_AFTER_LOCK),
            opts=self._kept(versioning),
        )
        return lock, lifecycle

    def _restorer(self, bucket: s3.Bucket, settings: InfraSettings) -> iam.AccessKey:
        user = own_user(f"{settings.server_name}-restorer", settings, self._own)
        iam.UserPolicy("restorer", user=user.name, policy=bucket.arn.apply(_restorer_policy), opts=self._own)
        return AccessKeys("restorer", settings, user, self).newest

    def _administrators(self, bucket: s3.Bucket, server_name: str) -> None:
        # Kept with the bucket. AWS deletes no group that somebody was added to, and a group that is kept must not have
        # the name that the next stack gives its own: so Pulumi adds some letters to this one.
        group = iam.Group(f"{server_name}-backup-administrators", opts=self._kept())
        iam.GroupPolicy(
            "administrators", group=group.name, policy=bucket.arn.apply(_administrator_policy), opts=self._kept()
        )


def _rules(days: int) -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Return how the bucket forgets; what is locked outlives each rule until its lock is over."""
    replaced: s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "forget-what-was-replaced",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": _INCOMPLETE_UPLOAD_DAYS},
    }
    aged: list[s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": f"forget-{folder}",
            "status": "Enabled",
            "filter": {"prefix": f"{folder}/"},
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": _DAYS_AFTER_LOCK},
        }
        for folder in _FORGOTTEN_AFTER_LOCK
    ]
    marks: s3.BucketLifecycleConfigurationRuleArgsDict = {  # which pgBackRest leaves behind wherever it deletes
        "id": "forget-marks",
        "status": "Enabled",
        "filter": {"prefix": "wal/"},
        "expiration": {"expired_object_delete_marker": True},
    }
    return [replaced, *aged, marks]


def _writer_policy(arn: str) -> str:
    added = [f"{arn}/{folder}/*" for folder in ("dumps", "files", "certificates", "wal")]
    return policy(
        allow("Add", ["s3:PutObject", "s3:AbortMultipartUpload"], *added),
        allow("Archive", ["s3:GetObject", "s3:DeleteObject"], f"{arn}/wal/*"),
        allow("List", ["s3:ListBucket"], arn),
        deny("NeverDestroy", list(_DESTROYING), arn, f"{arn}/*"),
    )


def dump_policy(arn: str) -> str:
    """Let a task add backups: nothing is archived from a cluster, whose database AWS can restore to a point in time."""
    return policy(
        allow("Add", ["s3:PutObject", "s3:AbortMultipartUpload"], f"{arn}/dumps/*", f"{arn}/files/*"),
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


def _bucket_policy(arn: str) -> str:
    everything = (arn, f"{arn}/*")
    kept = [f"{arn}/{folder}/*" for folder in _NEVER_REPLACED]
    return policy(
        deny_everybody("TlsOnly", ["s3:*"], *everything, when=TLS_ONLY),
        # IfExists: a key that somebody keeps knows of no second factor at all, and counts as one without.
        deny_everybody(
            "SecondFactor",
            list(_DESTROYING),
            *everything,
            when={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        ),
        # Only what makes an object: the parts of a large one carry no condition, putting them together does.
        deny_everybody(
            "OnlyNewObjects",
            ["s3:PutObject"],
            *kept,
            when={"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        ),
    )
