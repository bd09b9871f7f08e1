"""`fab trust`: save the server's host key, so that no other server can pose as it later."""

import sys
import time

import boto3
import paramiko
from botocore.exceptions import BotoCoreError, ClientError
from invoke.context import Context
from invoke.tasks import task
from rich.console import Console

from playbooks.steps.inventory import keep_keys, key_file
from playbooks.steps.session import SERVER_HELP, STACK, machine_settings_or_exit
from provisioning.settings import HostSettings

_SECONDS = 10
_SSH = 22
_LONGEST_WAIT, _PAUSE = 420, 10  # seconds, until AWS has seen a server that starts for the first time
# What AWS answers of a server that still starts: a guess from its manual, to be seen on a real account.
_NOT_YET = {
    "AccountSetupInProgressException",
    "InvalidInputException",
    "OperationFailureException",
    "RegionSetupInProgressException",
    "ServiceException",
}
_SHOWS = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
_HOW = f"Compare it with what the server itself shows on its provider's console: {_SHOWS}"
_HOW_RENTED = (
    "Compare it with what the server itself shows in Lightsail's console, in the browser, which gets in while "
    f"sshFromBrowser is true: {_SHOWS}"
)
_OTHERWISE = "compare by eye what the server shows, with --unverified"


@task(
    help=SERVER_HELP
    | {
        "yes": "Keep what the server shows without asking.",
        "again": "Forget the key that was kept.",
        "unverified": "Keep the key that a rented server shows, though AWS does not say that it is right.",
    }
)
def trust(
    _context: Context,
    *,
    server: str = "",
    stack: str = STACK,
    yes: bool = False,
    again: bool = False,
    unverified: bool = False,
) -> None:
    """Save the server's host key: from AWS if rented there, else the key it shows, once you confirm it."""
    console = Console(highlight=False, soft_wrap=True)
    settings = machine_settings_or_exit(server, stack)
    kept = key_file(settings.host)
    if kept.exists() and not again:
        console.print(f"The key of {settings.host} is kept already, in {kept.name}; --again replaces it.")
        return
    is_rented = bool(settings.instance_name and settings.region)
    keys = settings.host_keys
    if not keys and is_rented and not unverified:
        keys = _waited_for(settings, console)
    keys = keys or (_confirmed(console, settings.host, _HOW_RENTED if is_rented else _HOW, is_confirmed=yes),)
    keep_keys(settings.host, keys)
    console.print(f"Kept {len(keys)} of the keys of {settings.host}: another will be refused from now on.")


def _waited_for(settings: HostSettings, console: Console) -> tuple[str, ...]:
    """Wait until AWS knows the keys, which a server makes at its first start; exits if it cannot be asked."""
    name = settings.instance_name
    for waited in range(0, _LONGEST_WAIT + 1, _PAUSE):
        if keys := _keys_from_aws(settings):
            return keys
        console.print(f"AWS does not know the host keys of {name} yet; waiting for {waited} of {_LONGEST_WAIT} s …")
        if waited < _LONGEST_WAIT:
            time.sleep(_PAUSE)
    sys.exit(f"AWS does not know the host keys of {name}: is it running? Try again in some minutes, or {_OTHERWISE}.")


def _keys_from_aws(settings: HostSettings) -> tuple[str, ...]:
    """Return none while AWS does not know them; exits if it cannot be asked."""
    try:
        client = boto3.client("lightsail", region_name=settings.region)
        access = client.get_instance_access_details(instanceName=settings.instance_name, protocol="ssh")
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _NOT_YET:
            return ()
        sys.exit(
            f"AWS could not be asked for the host keys of {settings.instance_name} ({error}): sign in to AWS as for "
            f"`pulumi up`, or {_OTHERWISE}."
        )
    return tuple(
        f"{key['algorithm']} {key['publicKey']}"
        for key in access["accessDetails"].get("hostKeys", ())
        if "publicKey" in key
    )


def _confirmed(console: Console, host: str, how: str, *, is_confirmed: bool) -> str:
    """Return the key that the server shows, once the user has compared it; exits otherwise."""
    key = shown(host)
    console.print(f"{host} shows this key: {key.get_name()} {key.fingerprint}")
    console.print(how)
    if not is_confirmed and not _says_yes(console):
        sys.exit("Not trusted: nothing was kept.")
    return f"{key.get_name()} {key.get_base64()}"


def _says_yes(console: Console) -> bool:
    try:
        return console.input("Is it the same? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:  # nobody is there to answer
        return False


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
