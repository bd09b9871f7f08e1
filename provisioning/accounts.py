"""Accounts: one login user with SSH keys, no passwords, and no second account with UID 0."""

from provisioning.change import Change
from provisioning.ensure import mode
from provisioning.host import Host, HostError
from provisioning.settings import HostSettings

_LOCKED = {"L", "LK"}


def ensure(host: Host, settings: HostSettings) -> list[Change]:
    """Raise HostError for a second UID 0 account, or if the user has no key."""
    home = _home(host, settings.user)
    _refuse_other_roots(host)
    keys = f"{home}/.ssh/authorized_keys"
    if not host.run("test", "-s", keys, check=False).ok:
        raise HostError(f"{host.name}: {keys} holds no key, and passwords are about to be refused.")
    owner = f"{settings.user}:{host.run('id', '-gn', settings.user).out.strip()}"
    return [
        *(_lock_password(host, user) for user in ("root", *_users_with_passwords(host))),
        mode(host, f"{home}/.ssh", "0700", owner),
        mode(host, keys, "0600", owner),
    ]


def _home(host: Host, user: str) -> str:
    found = host.run("getent", "passwd", user, check=False)
    if not found.ok:
        raise HostError(f"{host.name}: it has no user {user}, whom the settings let in.")
    return found.out.strip().split(":")[5]


def _refuse_other_roots(host: Host) -> None:
    lines = (line.split(":") for line in (host.read("/etc/passwd") or "").splitlines())
    if others := [fields[0] for fields in lines if len(fields) > 2 and fields[2] == "0" and fields[0] != "root"]:
        raise HostError(f"{host.name}: {', '.join(others)} has the rights of root as well; remove it first.")


def _users_with_passwords(host: Host) -> list[str]:
    """Leave root out; only the state is read, never the hash."""
    states = host.run("passwd", "-S", "-a").out.splitlines()
    return [name for name, state, *_ in map(str.split, states) if state in {"P", "PS", "NP"} and name != "root"]


def _lock_password(host: Host, user: str) -> Change:
    what = f"no password for {user}"
    state = host.run("passwd", "-S", user).out.split()[1]
    if state in _LOCKED:
        return Change(what)
    host.act("passwd", "-l", user)
    return Change(what, changed=True, diff=f"{state} → L")
