"""The server to connect to: from the outputs of the stack that rented it, or from a file if rented elsewhere."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playbooks.steps.operator_files import environment
from provisioning.settings import FILE_OF_THIS_MACHINE, ClusterSettings, HostSettings, HostSettingsError

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".invoices"  # host keys and reports on this machine; never committed
_SECONDS = 60
_SECRETS = ("aws_secret_access_key",)
_RESTORER = ("restorer_access_key_id", "restorer_secret_access_key")


@dataclass(frozen=True, slots=True)
class RestorerKey:
    """The key that reads backups; only who restores or verifies one asks for it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


def server_settings(server: str, stack: str) -> HostSettings:
    """Take the file, if one is named, else the stack's outputs; raises HostSettingsError."""
    path = server or FILE_OF_THIS_MACHINE
    if path:
        return HostSettings.from_file(Path(path))
    outputs = _outputs(stack)
    told = {name: _secret(stack, name) for name in _SECRETS if name in outputs}
    return HostSettings.from_outputs(outputs | told)


def cluster_settings(stack: str) -> ClusterSettings:
    """Return the cluster of the stack's outputs; raises HostSettingsError."""
    found = server_settings("", stack).cluster
    if found is None:
        raise HostSettingsError(f"The stack {stack} has no cluster: set shape to both or cluster and run `pulumi up`.")
    return found


def restorer_key(server: str, stack: str) -> RestorerKey:
    """Take it from where `server_settings` takes the server; raises HostSettingsError."""
    path = server or FILE_OF_THIS_MACHINE
    if path:
        said = _file(Path(path))
        found = [str(said.get(name) or "") for name in _RESTORER]
        missing = f"{path} has no key that reads backups: add {' and '.join(_RESTORER)} to it."
    else:
        found = [_secret(stack, name) for name in _RESTORER]
        missing = f"The stack {stack} has no key that reads backups: set backups to true and run `pulumi up`."
    if not all(found):
        raise HostSettingsError(missing)
    return RestorerKey(*found)


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


def _file(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise HostSettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise HostSettingsError(f"{path} is not JSON: {error}.") from error
    return found if isinstance(found, dict) else {}


def _outputs(stack: str) -> dict[str, object]:
    """Return all outputs; secret ones say that they are secret."""
    found: dict[str, object] = _pulumi(stack, "--json")
    return found


def _secret(stack: str, name: str) -> str:
    return str(_pulumi(stack, name, "--json", "--show-secrets"))


def _pulumi(stack: str, *words: str) -> Any:  # noqa: ANN401  # JSON
    command = ["pulumi", "stack", "output", *words, "--stack", stack]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(stack), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise HostSettingsError("Pulumi is not here: install it, or name a server with --server FILE.") from error
    except subprocess.TimeoutExpired as error:
        raise HostSettingsError(f"Pulumi said nothing about the stack {stack} for {_SECONDS} seconds.") from error
    if done.returncode:
        raise HostSettingsError(f"Pulumi does not tell of the stack {stack}: {done.stderr.strip()}")
    return json.loads(done.stdout)
