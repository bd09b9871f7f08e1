"""apt-get without questions, and lists of packages that were fetched whole."""

from collections.abc import Sequence

from provisioning.host import Host

APT = (
    "env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300",
)  # fmt: skip
_FETCHED = "/run/invoices-package-lists"
_TRIES = 120
# DPkg::Lock::Timeout does not cover the lock of the lists, which apt-daily holds right after a boot.
_FETCH_ONCE_UNLOCKED = """
tries=$1; shift
while ! errors=$("$@" 2>&1); do
    tries=$((tries - 1))
    case "$errors" in *"Could not get lock"*) ;; *) tries=0 ;; esac
    [ "$tries" -gt 0 ] || { printf '%s\\n' "$errors" >&2; exit 100; }
    sleep 5
done
"""


def refresh(host: Host) -> None:
    """Fetch the lists, unless this was done in the last ten minutes; raises HostError if any of them is missing."""
    if not host.run("find", _FETCHED, "-mmin", "-10", check=False).out:
        host.act(*fetching(_TRIES), seconds=900)
        host.act("touch", _FETCHED)


def fetching(tries: int) -> Sequence[str]:
    # By default a list that cannot be fetched is passed over, and the packages are those of the other lists.
    update = (*APT, "-o", "APT::Update::Error-Mode=any", "update")
    return ("sh", "-c", _FETCH_ONCE_UNLOCKED, "sh", str(tries), *update)


def upgrades(host: Host) -> list[str]:
    """Return the names of installed packages of which there is a newer version."""
    simulated = host.run("apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade", seconds=120).out
    return [line.split()[1] for line in simulated.splitlines() if line.startswith("Inst ")]
