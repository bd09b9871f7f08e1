"""What every bucket of ours has: no public access, one owner, encryption."""

from pulumi import ResourceOptions
from pulumi_aws import s3


def close(bucket: s3.Bucket, opts: ResourceOptions) -> s3.BucketPublicAccessBlock:
    """Return the block of public access, which a policy of the bucket has to wait for."""
    blocked = s3.BucketPublicAccessBlock(
        "not-public",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    s3.BucketOwnershipControls("owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
    s3.BucketServerSideEncryptionConfiguration(
        "encryption",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    return blocked
