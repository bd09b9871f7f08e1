"""The server to connect to: from the outputs of the stack that rented it, or from a file if rented elsewhere."""

import json
import subprocess
from pathlib import Path

from provisioning.settings import FILE_OF_THIS_MACHINE, HostSettings, HostSettingsError

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".invoices"  # host keys and reports on this machine; never committed
_SECONDS = 60


def server_settings(server: str, stack: str) -> HostSettings:
    """Take the file, if one is named, else the stack's outputs; raises HostSettingsError."""
    path = server or FILE_OF_THIS_MACHINE
    return HostSettings.from_file(Path(path)) if path else HostSettings.from_outputs(_outputs(stack))


def known_hosts(settings: HostSettings) -> Path:
    """Write the host keys of the settings to the file first."""
    if settings.host_keys:
        keep_keys(settings.host, settings.host_keys)
    return key_file(settings.host)


def keep_keys(host: str, keys: tuple[str, ...]) -> None:
    """Accept only these host keys from the server from now on."""
    KEPT.mkdir(exist_ok=True)
    key_file(host).write_text("".join(f"{host} {key}\n" for key in keys), encoding="ascii")


def key_file(host: str) -> Path:
    return KEPT / f"{host}.known_hosts"


def _outputs(stack: str) -> dict[str, object]:
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError as error:
        raise HostSettingsError("Pulumi is not here: install it, or name a server with --server FILE.") from error
    except subprocess.TimeoutExpired as error:
        raise HostSettingsError(f"Pulumi said nothing about the stack {stack} for {_SECONDS} seconds.") from error
    if done.returncode:
        raise HostSettingsError(f"Pulumi does not tell of the stack {stack}: {done.stderr.strip()}")
    found: dict[str, object] = json.loads(done.stdout)
    return found
