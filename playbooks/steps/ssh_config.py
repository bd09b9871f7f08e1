"""A configuration for OpenSSH that connects exactly as `fab` does: for a terminal, and for testinfra."""

from pathlib import Path

from playbooks.steps.inventory import KEPT, known_hosts
from provisioning.settings import HostSettings

NAME = "invoices-server"


def write(settings: HostSettings, identity: str) -> Path:
    lines = [
        f"Host {NAME}",
        f"HostName {settings.host}",
        f"User {settings.user}",
        f"UserKnownHostsFile {known_hosts(settings).absolute()}",
        "StrictHostKeyChecking yes",
        "ConnectTimeout 10",
        *([f"IdentityFile {Path(identity).absolute()}", "IdentitiesOnly yes"] if identity else []),
    ]
    path = KEPT / f"{settings.host}.ssh_config"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n  ".join(lines) + "\n", encoding="utf-8")
    return path
