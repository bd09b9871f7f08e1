"""IAM policies as JSON."""

import json
from typing import Any


def allow(sid: str, actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def deny(sid: str, actions: list[str], *resources: str) -> dict[str, Any]:
    return {**allow(sid, actions, *resources), "Effect": "Deny"}


TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def deny_everybody(sid: str, actions: list[str], *resources: str, when: dict[str, Any]) -> dict[str, Any]:
    """Return a statement for the policy of a resource."""
    return {**deny(sid, actions, *resources), "Principal": "*", "Condition": when}


def trust(service: str, when: dict[str, Any]) -> str:
    """Return the policy that lets a service of AWS take a role."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}, "Condition": when}
    return policy(statement)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
