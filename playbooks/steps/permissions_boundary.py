"""The policy of the account that bounds the IAM users of a stack, without which few operators may make users."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

KEY = "permissionsBoundary"


def of_account(server_name: str) -> str:
    """Return its ARN, empty where the account has none, or cannot be asked: `fab preflight` says why."""
    try:
        identity = boto3.client("sts").get_caller_identity()
        partition = identity["Arn"].split(":")[1]
        arn = f"arn:{partition}:iam::{identity['Account']}:policy/{server_name}-boundary"
        boto3.client("iam").get_policy(PolicyArn=arn)
    except (BotoCoreError, ClientError):
        return ""
    return arn
