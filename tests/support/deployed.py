"""A server that was deployed to, as the end-to-end tests look at it: from outside, and inside past SSH."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.instance import Instance
from tests.support.operators import DOMAIN, Operator
from tests.support.polling import is_so_within
from tests.support.public_site import Site

_ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"

# What containers take in earnest: each process's share of the memory that it has in common with others.
_MEMORY_OF_CONTAINERS = """
for process in /proc/[0-9]*; do
  [ "$(readlink $process/ns/pid)" = "$(readlink /proc/1/ns/pid)" ] || cat $process/smaps_rollup 2>/dev/null
done | awk '/^Pss:/ { total += $2 } END { print total }'
"""


@dataclass(frozen=True)
class Deployed:
    """An instance, who deploys to it, the version that was deployed first, and what that printed."""

    instance: Instance
    operator: Operator
    first_version: str
    first_printed: str

    def inside(self, line: str) -> str:
        """Run a line of shell as root on the server."""
        return self.instance.exec("sh", "-c", line)

    def containers(self, service: str = "") -> dict[str, str]:
        """Return ids by the names of the containers that run."""
        of = f" --filter label=com.docker.compose.service={service}" if service else ""
        ours = "--filter label=com.docker.compose.project=invoices"
        lines = self.inside(f"docker ps --no-trunc {ours}{of} --format '{{{{.Names}}}} {{{{.ID}}}}'").splitlines()
        return dict(line.split() for line in lines)

    def invoices(self, *words: str) -> str:
        """Run the app's command line in the container that serves."""
        (container,) = self.containers("app").values()
        return self.instance.exec("docker", "exec", container, "invoices", *words)

    def query(self, sql: str) -> str:
        """Return what the database answers."""
        (database,) = self.containers("db").values()
        return self.instance.exec(
            "docker", "exec", database, "psql", "-U", "postgres", "-At", "-c", sql, "invoices"
        )  # fmt: skip

    def memory_megabytes(self) -> float:
        """Return what all containers together take."""
        return int(self.inside(_MEMORY_OF_CONTAINERS)) / 1000

    def site(self, token: str = "") -> Site:
        """Return the site, trusted by the certificate authority of the server itself."""
        (proxy,) = self.containers("proxy").values()
        authority = self.instance.exec("docker", "exec", proxy, "cat", _ROOT_CERTIFICATE)
        return Site(self.instance.address, DOMAIN, authority, token)

    def recovered_within(self, seconds: float, is_well: Callable[[], bool]) -> float:
        """Wait until it is well again, and return how long that took; fails after the time."""
        began = time.monotonic()
        if not is_so_within(seconds, lambda: _holds(is_well)):
            raise AssertionError(f"not well after {seconds:.0f} s:\n{self.inside('docker ps -a')}")
        return time.monotonic() - began


def _holds(is_well: Callable[[], bool]) -> bool:
    try:
        return is_well()
    except Exception:  # noqa: BLE001  # whatever fails while a server comes back
        return False
