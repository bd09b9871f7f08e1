"""Docker: the distribution's, which gets its security updates with the rest, with a configuration that was checked."""

import json
from collections.abc import Mapping
from typing import Any

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host
from provisioning.machine import Machine

_UNIT = "docker.service"
_CONFIGURATION: Mapping[str, Any] = {
    "icc": False,
    "live-restore": True,
    "log-driver": "local",
    "log-opts": {"max-file": "5", "max-size": "10m"},
    "no-new-privileges": True,
    "userland-proxy": False,
}
# Before Engine 27, IPv6 of containers was filtered and published only where it was asked for.
_OLD_ENGINES: Mapping[str, Mapping[str, Any]] = {"debian 13": {"experimental": True, "ip6tables": True}}


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Have the engine and Compose, and the engine hold to our configuration."""
    brought = packages(host, machine.docker_packages, what="packages of Docker")
    wanted = {**_CONFIGURATION, **_OLD_ENGINES.get(machine.system, {})}
    configuration = file(
        host,
        "/etc/docker/daemon.json",
        json.dumps(wanted, indent=2, sort_keys=True) + "\n",
        valid=("dockerd", "--validate", "--config-file", "{}"),
        restart=(_UNIT,),
    )
    return [brought, configuration, unit(host, _UNIT, is_new=brought.changed)]
