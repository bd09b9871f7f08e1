"""Accounts: one login user with SSH keys, no passwords, and no second account with UID 0."""

from collections.abc import Iterator

from provisioning.change import Change
from provisioning.ensure import mode
from provisioning.host import Host, HostError
from provisioning.settings import HostSettings


def ensure(host: Host, settings: HostSettings) -> list[Change]:
    """Raise HostError for a second UID 0 account, or if the user has no key."""
    home = home_of(host, settings.user)
    _refuse_other_roots(host)
    keys = f"{home}/.ssh/authorized_keys"
    if not host.run("test", "-s", keys, check=False).ok:
        raise HostError(f"{host.name}: {keys} holds no key, and passwords are about to be refused.")
    owner = f"{settings.user}:{host.run('id', '-gn', settings.user).out.strip()}"
    return [
        *_locked_passwords(host),
        mode(host, f"{home}/.ssh", "0700", owner),
        mode(host, keys, "0600", owner),
    ]


def home_of(host: Host, user: str) -> str:
    found = host.run("getent", "passwd", user, check=False)
    if not found.ok:
        raise HostError(f"{host.name}: it has no user {user}, whom the settings let in.")
    return found.out.strip().split(":")[5]


def _refuse_other_roots(host: Host) -> None:
    lines = (line.split(":") for line in (host.read("/etc/passwd") or "").splitlines())
    if others := [fields[0] for fields in lines if len(fields) > 2 and fields[2] == "0" and fields[0] != "root"]:
        raise HostError(f"{host.name}: {', '.join(others)} has the rights of root as well; remove it first.")


def _locked_passwords(host: Host) -> Iterator[Change]:
    """Lock root's, and each that somebody has; only the states are read, never a hash."""
    for line in host.run("passwd", "-S", "-a").out.splitlines():
        user, state, *_ = line.split()
        if state in {"P", "PS", "NP"} or (user == "root" and state not in {"L", "LK"}):
            host.act("passwd", "-l", user)
            yield Change(f"no password for {user}", changed=True, diff=f"{state} → L")
        elif user == "root":
            yield Change("no password for root")
