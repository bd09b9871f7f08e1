"""What operators note for one another: JSON objects below `fab/` in the bucket of the files, which no task reads."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from playbooks.steps import aws
from playbooks.steps.session import ClusterSession

FOLDER = "fab"
_ABSENT = {"NoSuchKey", "404"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


def read(found: ClusterSession, name: str) -> dict[str, Any]:
    """Return nothing where it is not there."""
    try:
        answer = found.aws.client("s3").get_object(**_place(found, name))
    except ClientError as error:
        if aws.code(error) in _ABSENT:
            return {}
        raise
    noted: dict[str, Any] = json.loads(answer["Body"].read())
    return noted


def write(found: ClusterSession, name: str, noted: Mapping[str, Any]) -> None:
    found.aws.client("s3").put_object(**_place(found, name), Body=json.dumps(noted).encode())


def is_created(found: ClusterSession, name: str, noted: Mapping[str, Any]) -> bool:
    """Write it unless it is there already; return whether it was written."""
    try:
        found.aws.client("s3").put_object(**_place(found, name), Body=json.dumps(noted).encode(), IfNoneMatch="*")
    except ClientError as error:
        # Asked again after a lost answer, S3 finds what the first try has written.
        if aws.code(error) in _TAKEN:
            return read(found, name) == noted
        raise
    return True


def remove(found: ClusterSession, name: str) -> None:
    found.aws.client("s3").delete_object(**_place(found, name))


def names_in(found: ClusterSession, folder: str) -> list[str]:
    """Return them in the order of their names."""
    pages = found.aws.client("s3").get_paginator("list_objects_v2")
    listed = pages.paginate(Bucket=found.settings.files_bucket, Prefix=f"{FOLDER}/{folder}/")
    return [one["Key"].removeprefix(f"{FOLDER}/") for page in listed for one in page.get("Contents", ())]


def _place(found: ClusterSession, name: str) -> dict[str, str]:
    return {"Bucket": found.settings.files_bucket, "Key": f"{FOLDER}/{name}"}
