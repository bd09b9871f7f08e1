"""The configuration with which OpenSSH reaches the server exactly as `fab` does: for a terminal, and for testinfra."""

from pathlib import Path

from playbooks.steps.inventory import KEPT, known_hosts
from provisioning.settings import Settings

NAME = "invoices-server"


def write(settings: Settings, identity: object) -> Path:
    """Write the configuration, and return where it is; the server is called `NAME` in it."""
    keys = [identity] if isinstance(identity, str) else list(identity) if isinstance(identity, list | tuple) else []
    lines = [
        f"Host {NAME}",
        f"HostName {settings.host}",
        f"User {settings.user}",
        f"UserKnownHostsFile {known_hosts(settings).absolute()}",
        "StrictHostKeyChecking yes",
        "ConnectTimeout 10",
        *(f"IdentityFile {Path(str(key)).absolute()}" for key in keys if key),
        *(["IdentitiesOnly yes"] if any(keys) else []),
    ]
    path = KEPT / f"{settings.host}.ssh_config"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n  ".join(lines) + "\n", encoding="utf-8")
    return path


def ssh_command(settings: Settings, identity: object, *words: str) -> list[str]:
    """Return the command that runs these words on the server by OpenSSH, options of ssh first."""
    *options, command = words
    return ["ssh", "-F", str(write(settings, identity)), *options, NAME, command]
