"""The server's operating system, and whether it is a machine or a container."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.change import Change
from provisioning.host import Host, HostError

_UBUNTU = ("docker.io", "docker-compose-v2", "docker-buildx")
_DEBIAN = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables")
DOCKER_PACKAGES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ubuntu", "22.04"): _UBUNTU,
    ("ubuntu", "24.04"): _UBUNTU,
    ("debian", "13"): _DEBIAN,
}
_SUPPORTED = "Ubuntu 22.04, Ubuntu 24.04 and Debian 13"


@dataclass(frozen=True, slots=True)
class Machine:
    """`container` names the container technology, and is empty on a real or rented machine."""

    system: str
    docker_packages: tuple[str, ...]
    container: str = ""

    def unavailable(self, what: str, why: str) -> Change:
        return Change(what, missing=f"not in a container ({self.container}): {why}")


def detect(host: Host) -> Machine:
    """Raise HostError if the server's system is not supported."""
    release = dict(line.split("=", 1) for line in (host.read("/etc/os-release") or "").splitlines() if "=" in line)
    name, version = (release.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    if (name, version) == ("debian", "12"):
        raise HostError(f"{host.name}: Debian 12 has no Compose 2 among its packages; {_SUPPORTED} have.")
    if (name, version) not in DOCKER_PACKAGES:
        pretty_name = release.get("PRETTY_NAME", "").strip('"') or "no system that tells its name"
        raise HostError(f"{host.name}: it runs {pretty_name}; {_SUPPORTED} are supported.")
    found = host.run("systemd-detect-virt", "--container", check=False)
    container = found.out.strip() if found.ok else ""
    return Machine(f"{name} {version}", DOCKER_PACKAGES[name, version], "" if container == "none" else container)
