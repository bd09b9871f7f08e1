"""The policy of the account that bounds the IAM users of a stack, without which few operators may make users."""

from collections.abc import Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

KEY = "permissionsBoundary"
_COMMON = "invoices"  # the boundary of that name is for all servers whose names begin with it


def of_account(server_name: str) -> str:
    """Return its ARN, empty where the account has none, or cannot be asked: `fab preflight` says why."""
    try:
        identity = boto3.client("sts").get_caller_identity()
        place = f"arn:{identity['Arn'].split(':')[1]}:iam::{identity['Account']}:policy"
        return next((arn for arn in _candidates(place, server_name) if _is_there(arn)), "")
    except (BotoCoreError, ClientError):
        return ""


def _candidates(place: str, server_name: str) -> Iterator[str]:
    yield f"{place}/{server_name}-boundary"
    if server_name.startswith(f"{_COMMON}-"):
        yield f"{place}/{_COMMON}-boundary"


def _is_there(arn: str) -> bool:
    try:
        boto3.client("iam").get_policy(PolicyArn=arn)
    except ClientError:  # it is not there, or not for this operator
        return False
    return True
