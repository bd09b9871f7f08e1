"""A copy in Secrets Manager of the app's keys, which no backup holds and a lost server would take with it.

The operator's machine reads and writes it, with the operator's own credentials: the server has no right to it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from playbooks.steps.carrying import volume
from playbooks.steps.session import RefusedError, Session, UnfinishedError
from playbooks.steps.stack import ONCE, Stack
from provisioning.host import Host
from provisioning.settings import HostSettings

Keys = Mapping[str, str]

_NAMES = ("secret_key", "secret_keys_before", "smtp_url")
_VOLUME = "secrets-app"
_NO_VALUE = "ResourceNotFoundException"
_CONFIG = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 3})


def of_server_before(host: Host, settings: HostSettings) -> Keys:
    """Return the keys that a server without any goes on with; none if it has its own, or no copy was kept.

    Raises RefusedError if AWS refuses: with new keys the server would write over the copy.
    """
    arn = settings.app_secret
    if not arn or _of_server(host):
        return {}
    try:
        return _copy(arn)
    except (BotoCoreError, ClientError) as error:
        raise RefusedError(
            f"The keys of the server before are not read from {arn} ({error}): sign in to AWS as one who may read it, "
            "and deploy again."
        ) from error


def make_all(stack: Stack, keys: Keys) -> None:
    """Let the server make its secrets, but for the keys that are given."""
    given = ("invoices", "secrets", "--set-app-keys") if keys else ()
    stack.execute(*ONCE, "secrets", *given, stdin=json.dumps(dict(keys)) if keys else "")


def keep(found: Session) -> None:
    """Write the copy if the server's keys are others; raises UnfinishedError if AWS refuses."""
    arn = found.settings.app_secret
    if not arn:
        return
    keys = _of_server(found.host)
    with _serving_all_the_same(found.host, arn):
        if keys != _copy(arn):
            _client(arn).put_secret_value(SecretId=arn, SecretString=json.dumps(keys))
            found.steps.note("The keys of the app are copied to Secrets Manager, for a server that takes its place.")


@contextmanager
def _serving_all_the_same(host: Host, arn: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, RefusedError) as error:
        raise UnfinishedError(
            f"{host.name}: it serves, but its keys are not copied to {arn} ({error}): sign in to AWS as one who may "
            "write it, and run `fab deploy` again."
        ) from error


def _of_server(host: Host) -> Keys:
    """Return no keys where nothing was deployed yet."""
    if not host.run("docker", "volume", "inspect", f"invoices_{_VOLUME}", check=False).ok:
        return {}
    folder = volume(host, _VOLUME)
    keys = {name: host.read(f"{folder}/{name}") for name in _NAMES}
    return {name: text or "" for name, text in keys.items()} if keys["secret_key"] else {}


def _copy(arn: str) -> Keys:
    """Return no keys if none were kept yet; raises RefusedError for a value that is not ours."""
    try:
        value = _client(arn).get_secret_value(SecretId=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == _NO_VALUE:
            return {}
        raise
    if not value.get("SecretString") and "SecretBinary" not in value:
        return {}
    try:
        keys = {name: str(text) for name, text in json.loads(value["SecretString"]).items() if name in _NAMES}
    except (KeyError, ValueError, AttributeError):
        keys = {}
    if not keys.get("secret_key") or len(keys) < len(_NAMES):
        raise RefusedError(
            f"{arn} holds no keys of the app: put back its version AWSPREVIOUS, or delete the value in it."
        )
    return keys


def _client(arn: str) -> Any:  # noqa: ANN401  # boto3 has no types
    region = arn.split(":")[3]
    return boto3.session.Session().client("secretsmanager", region_name=region, config=_CONFIG)
