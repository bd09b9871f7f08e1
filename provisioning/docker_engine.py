"""Docker: the distribution's packages, which `security_updates` keeps the newest, and a validated configuration."""

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
# Before Engine 27, Docker filters and publishes IPv6 of containers only if these are set.
_OLD_ENGINES: Mapping[str, Mapping[str, Any]] = {"debian 13": {"experimental": True, "ip6tables": True}}


def ensure(host: Host, machine: Machine) -> list[Change]:
    installed = packages(host, machine.docker_packages, what="packages of Docker")
    wanted = {**_CONFIGURATION, **_OLD_ENGINES.get(machine.system, {})}
    configuration = file(
        host,
        "/etc/docker/daemon.json",
        json.dumps(wanted, indent=2, sort_keys=True) + "\n",
        valid=("dockerd", "--validate", "--config-file", "{}"),
        restart=(_UNIT,),
    )
    return [installed, configuration, unit(host, _UNIT, is_new=installed.changed)]
