"""`fab trust`: save the server's host key, so that no other server can pose as it later."""

import sys

import boto3
import paramiko
from botocore.exceptions import BotoCoreError, ClientError
from invoke.context import Context
from invoke.tasks import task
from rich.console import Console

from playbooks.steps.inventory import keep_keys, key_file
from playbooks.steps.session import SERVER_HELP, STACK, settings_or_exit
from provisioning.settings import HostSettings

_SECONDS = 10
_SSH = 22


@task(
    help=SERVER_HELP | {"yes": "Keep what the server shows without asking.", "again": "Forget the key that was kept."}
)
def trust(_context: Context, *, server: str = "", stack: str = STACK, yes: bool = False, again: bool = False) -> None:
    """Save the server's host key: from AWS if rented there, else the key it shows, once you confirm it."""
    console = Console(highlight=False, soft_wrap=True)
    settings = settings_or_exit(server, stack)
    kept = key_file(settings.host)
    if kept.exists() and not again:
        console.print(f"The key of {settings.host} is kept already, in {kept.name}; --again replaces it.")
        return
    keys = settings.host_keys or keys_from_aws(settings)
    if not keys:
        key = shown(settings.host)
        console.print(f"{settings.host} shows this key: {key.get_name()} {key.fingerprint}")
        console.print("Compare it with what the server's own console says: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub")
        if not yes and console.input("Is it the same? [y/N] ").strip().lower() not in {"y", "yes"}:
            sys.exit("Not trusted: nothing was kept.")
        keys = (f"{key.get_name()} {key.get_base64()}",)
    keep_keys(settings.host, keys)
    console.print(f"Kept {len(keys)} of the keys of {settings.host}: another will be refused from now on.")


def keys_from_aws(settings: HostSettings) -> tuple[str, ...]:
    """Return none if the server is not rented at Lightsail or the query fails."""
    if not settings.region:
        return ()
    try:
        client = boto3.client("lightsail", region_name=settings.region)
        access = client.get_instance_access_details(instanceName=settings.instance_name, protocol="ssh")
    except (BotoCoreError, ClientError):
        return ()
    return tuple(
        f"{key['algorithm']} {key['publicKey']}"
        for key in access["accessDetails"].get("hostKeys", ())
        if "publicKey" in key
    )


def shown(host: str) -> paramiko.PKey:
    try:
        transport = paramiko.Transport((host, _SSH))
        transport.start_client(timeout=_SECONDS)
    except (OSError, paramiko.SSHException) as error:
        sys.exit(f"{host} does not answer to SSH: {error}.")
    try:
        return transport.get_remote_server_key()
    finally:
        transport.close()
