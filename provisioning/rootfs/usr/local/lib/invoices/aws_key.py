"""The server's own key for AWS: it may send figures and logs, and read the key of an encrypted disk."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path("/etc/invoices/aws.json")


def read() -> dict[str, str]:
    """Return an empty key where nothing is sent; raises ValueError."""
    try:
        found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def client(service: str, key: Mapping[str, str]) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return one that gives up soon: the next minute tries again."""
    import boto3  # noqa: PLC0415  # half a second, and only where something is sent
    from botocore.config import Config  # noqa: PLC0415  # as above, only where somebody is sent to

    return boto3.client(
        service,
        region_name=key["region"],
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
        endpoint_url=key.get("endpoint_url"),
        config=Config(connect_timeout=5, read_timeout=5, retries={"max_attempts": 1}),
    )
