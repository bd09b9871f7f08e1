"""The database of a cluster: snapshots, moments that it can be restored to, and which instance is in use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from playbooks.cluster import secret
from playbooks.steps import aws
from playbooks.steps.session import ClusterSession, RefusedError

_WAITING = {"Delay": 15, "MaxAttempts": 480}  # two hours


def identifier(found: ClusterSession) -> str:
    """Return the instance that the secret leads to: after a restore it is another than the one that was rented."""
    known = secret.values(found)
    return secret.host_of(known).partition(".")[0] if known else found.settings.database_identifier


def described(found: ClusterSession, name: str = "") -> dict[str, Any]:
    instance = name or identifier(found)
    answer = found.aws.client("rds").describe_db_instances(DBInstanceIdentifier=instance)
    one: dict[str, Any] = answer["DBInstances"][0]
    return one


def snapshot(found: ClusterSession, name: str) -> None:
    """Make one, and wait until it is there."""
    rds = found.aws.client("rds")
    try:
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=identifier(found))
    except ClientError as error:
        # Asked again after a lost answer, AWS finds the one that the first try has begun.
        if aws.code(error) != "DBSnapshotAlreadyExists":
            raise
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig=_WAITING)


def snapshots(found: ClusterSession) -> Sequence[dict[str, Any]]:
    """Return them oldest first, those of each day that AWS makes as well."""
    pages = found.aws.client("rds").get_paginator("describe_db_snapshots")
    listed = pages.paginate(DBInstanceIdentifier=identifier(found))
    every = [one for page in listed for one in page["DBSnapshots"] if one.get("SnapshotCreateTime")]
    return sorted(every, key=lambda one: one["SnapshotCreateTime"])


def require_free(found: ClusterSession, name: str) -> None:
    """Raise RefusedError for a name that an instance has already: of an earlier try, with figures of then."""
    try:
        described(found, name)
    except ClientError as error:
        if aws.code(error) not in {"DBInstanceNotFound", "DBInstanceNotFoundFault"}:
            raise
        return
    raise RefusedError(
        f"{found.settings.name}: the database would be restored as {name}, and an instance of that name is there "
        "already: delete it, then run this again."
    )


def restored(found: ClusterSession, name: str, at: datetime | None) -> dict[str, Any]:
    """Restore the database into a new instance, as of a moment or the newest state, and wait until it can be used."""
    rds, source = found.aws.client("rds"), described(found)
    moment = {"RestoreTime": at} if at else {"UseLatestRestorableTime": True}
    try:
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier=source["DBInstanceIdentifier"], TargetDBInstanceIdentifier=name,
            **moment, **_as(source),
        )  # fmt: skip
    except ClientError as error:
        if aws.code(error) != "DBInstanceAlreadyExists":
            raise
    return wait_for(found, name)


def from_snapshot(found: ClusterSession, name: str, snapshot_name: str) -> dict[str, Any]:
    """Restore a snapshot into a new instance, and wait until it can be used."""
    rds, source = found.aws.client("rds"), described(found)
    rds.restore_db_instance_from_db_snapshot(
        DBSnapshotIdentifier=snapshot_name, DBInstanceIdentifier=name, **_as(source)
    )
    return wait_for(found, name)


def wait_for(found: ClusterSession, name: str) -> dict[str, Any]:
    found.aws.client("rds").get_waiter("db_instance_available").wait(DBInstanceIdentifier=name, WaiterConfig=_WAITING)
    return described(found, name)


def _as(source: dict[str, Any]) -> dict[str, Any]:
    """Return what AWS would choose by itself for a new instance, and differently from the one before."""
    return {
        "DBInstanceClass": source["DBInstanceClass"],
        "DBSubnetGroupName": source["DBSubnetGroup"]["DBSubnetGroupName"],
        "VpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in source["VpcSecurityGroups"]],
        "DBParameterGroupName": source["DBParameterGroups"][0]["DBParameterGroupName"],
        "MultiAZ": source["MultiAZ"],
        "PubliclyAccessible": False,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "ManageMasterUserPassword": True,
        "AutoMinorVersionUpgrade": bool(source.get("AutoMinorVersionUpgrade", True)),
    }
