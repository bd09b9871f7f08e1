"""Where Pulumi keeps the state of a stack: a folder of this machine, or a versioned bucket of the operator's own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from playbooks.steps import operator_files
from playbooks.steps.inventory import ROOT
from playbooks.steps.session import RefusedError

_FILE, _S3 = "file://", "s3://"
_SECONDS = 60
_ABSENT = {"404", "NoSuchBucket"}
_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def prepare(stack: str, region: str, wanted: str) -> str:
    """Make state, passphrase and stack where they are missing, and return the place of the state; raises RefusedError.

    `wanted` is `s3://BUCKET` or `file://FOLDER`, empty for the place noted before, else a folder beside the passphrase.
    """
    place = _place(stack, region, wanted)
    operator_files.make_folder(operator_files.FOLDER)
    if place.startswith(_S3):
        _ensure_bucket(place.removeprefix(_S3).partition("?")[0], region)
    elif place.startswith(_FILE):
        operator_files.make_folder(Path(place.removeprefix(_FILE)))
    if not operator_files.variables_of(stack).exists():
        operator_files.note_variables(stack, place)
    if not operator_files.has_passphrase(stack):
        if stack in _stacks(stack):
            raise RefusedError(
                f"{operator_files.passphrase_of(stack)} is not here, and opens the state of the stack {stack}: "
                "put your copy of it there."
            )
        operator_files.make_passphrase(stack)
    _pulumi(stack, "stack", "select", "--create", "--stack", stack)
    return place


def _place(stack: str, region: str, wanted: str) -> str:
    noted = operator_files.environment(stack).get(operator_files.BACKEND, "")
    if wanted and not wanted.startswith((_S3, _FILE)):
        raise RefusedError(f"--state: '{wanted}' is neither s3://BUCKET nor file://FOLDER.")
    if wanted and noted and wanted.partition("?")[0] != noted.partition("?")[0]:
        raise RefusedError(f"--state: the state of {stack} is kept in {noted} already: leave the option out.")
    if wanted.startswith(_S3) and "?" not in wanted:
        wanted = f"{wanted}?region={region}"
    return noted or wanted or f"{_FILE}{operator_files.FOLDER / 'state'}"


def _ensure_bucket(name: str, region: str) -> None:
    """Leave a bucket that is there as it is; make any other, versioned and closed to the public."""
    client = boto3.client("s3", region_name=region)
    try:
        if _is_there(client, name):
            return
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client.create_bucket(Bucket=name, **place)
    except (BotoCoreError, ClientError) as error:
        raise RefusedError(f"The bucket {name} for the state cannot be had: {error}.") from error
    try:
        client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKED, True))
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    except (BotoCoreError, ClientError) as error:
        raise RefusedError(
            f"The bucket {name} was made, but is not versioned and closed to the public: set both by hand, as a bucket "
            f"that is there is left as it is ({error})."
        ) from error


def _is_there(client: Any, name: str) -> bool:  # noqa: ANN401  # boto3 has no types
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        return False
    return True


def _stacks(stack: str) -> list[str]:
    return [one["name"].rpartition("/")[2] for one in json.loads(_pulumi(stack, "stack", "ls", "--json"))]


def _pulumi(stack: str, *words: str) -> str:
    command = ["pulumi", *words, "--non-interactive"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=operator_files.environment(stack), capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise RefusedError(
            "Pulumi is not here: https://www.pulumi.com/docs/install/ says how it is installed."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise RefusedError(f"`pulumi {' '.join(words[:2])}` said nothing for {_SECONDS} seconds.") from error
    if done.returncode:
        raise RefusedError(f"`pulumi {' '.join(words[:2])}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
