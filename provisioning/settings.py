"""Settings of the server: outputs of the stack that rented it, or a JSON file if it was rented elsewhere."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

FILE_OF_THIS_MACHINE = os.environ.get("INVOICES_SERVER", "")  # describes a server that Pulumi did not rent


class HostSettingsError(Exception):
    """The settings are incomplete or cannot be read; the message is one sentence with the keys or the file."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The server, in the names of the stack's outputs; texts are empty for what was not rented.

    `dns_records_to_set` has a line for each record to be set by hand; `monthly_cost` is in dollars, by item;
    `host_keys` are lines such as `ssh-ed25519 AAAA…`, empty where only `fab trust` can get them.
    """

    host: str
    ipv6_address: str
    user: str
    server_name: str
    instance_name: str
    host_keys: tuple[str, ...]
    domain: str
    region: str
    ssh_cidrs: tuple[str, ...]
    dns_records_to_set: str
    backup_bucket: str
    aws_access_key_id: str
    aws_secret_access_key: str = field(repr=False)
    restorer_access_key_id: str
    restorer_secret_access_key: str = field(repr=False)
    alarm_topic: str
    metric_namespace: str
    app_secret: str
    monthly_cost: Mapping[str, str]

    @property
    def is_behind_firewall(self) -> bool:
        """Return whether Lightsail's firewall filters SSH before the server: true if Pulumi rented it."""
        return bool(self.region)

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, Any]) -> Self:
        """Return the settings from `pulumi stack output --json --show-secrets`; raises HostSettingsError."""
        names = {one.name for one in fields(cls)}
        if missing := sorted(names - outputs.keys()):
            raise HostSettingsError(f"The stack puts out no {', '.join(missing)}: run `pulumi up`.")
        values = {name: outputs[name] for name in names}
        return cls(**{**values, **{name: tuple(outputs[name]) for name in ("ssh_cidrs", "host_keys")}})

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Return the settings from a JSON file with the same keys; raises HostSettingsError."""
        try:
            outputs = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise HostSettingsError(f"{path} cannot be read as JSON: {error}.") from error
        if not isinstance(outputs, dict):
            raise HostSettingsError(f"{path} holds no object of keys and values.")
        return cls.from_outputs(outputs)
