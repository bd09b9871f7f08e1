"""IAM policies as JSON."""

import json
from typing import Any


def allow(sid: str, actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def deny(sid: str, actions: list[str], *resources: str) -> dict[str, Any]:
    return {**allow(sid, actions, *resources), "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
