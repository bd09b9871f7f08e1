"""The few kinds of things that parts of a server are made of; each reads first, and acts only on a difference."""

from collections.abc import Iterable, Sequence

from provisioning.change import Change, difference
from provisioning.host import Host


def file(
    host: Host,
    path: str,
    content: str,
    *,
    mode: str = "0644",
    owner: str = "root:root",
    valid: Sequence[str] = (),
    restart: tuple[str, ...] = (),
    reload: tuple[str, ...] = (),
) -> Change:
    """Have the file hold exactly this, with this mode and owner."""
    before = host.read(path)
    wanted = f"{mode.lstrip('0').zfill(3)} {owner}"
    known = host.run("stat", "--format=%a %U:%G", path, check=False).out.strip() if before is not None else ""
    if before == content and known == wanted:
        return Change(path)
    host.write(path, content, mode=mode, owner=owner, valid=valid)
    diff = difference(before or "", content, path) or f"{known} → {wanted}"
    return Change(path, changed=True, diff=diff, restart=restart, reload=reload)


def directory(host: Host, path: str, *, mode: str = "0755", owner: str = "root:root") -> Change:
    """Have the folder, with this mode and owner."""
    wanted = f"{mode.lstrip('0').zfill(3)} {owner} directory"
    found = host.run("stat", "--format=%a %U:%G %F", path, check=False)
    known = found.out.strip() if found.ok else "nothing"
    if known == wanted:
        return Change(path)
    user, _, group = owner.partition(":")
    host.act("install", "-d", "-m", mode, "-o", user, "-g", group, path)
    return Change(path, changed=True, diff=f"{known} → {wanted}")


def absent(host: Host, path: str) -> Change:
    """Have no such file."""
    if not host.run("test", "-e", path, check=False).ok:
        return Change(f"no {path}")
    host.act("rm", "-f", "--", path)
    return Change(f"no {path}", changed=True, diff=f"removed {path}")


def packages(host: Host, names: Iterable[str], *, what: str = "packages") -> Change:
    """Have the packages installed, whichever version the distribution has."""
    missing = sorted(set(names) - installed(host, names))
    if not missing:
        return Change(what)
    host.act("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "update", "-qq")
    host.act(
        "env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "apt-get", "install", "-y", "-qq",
        "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *missing, seconds=1200,
    )  # fmt: skip
    return Change(what, changed=True, diff="\n".join(f"+ {name}" for name in missing))


def installed(host: Host, names: Iterable[str]) -> set[str]:
    """Return which of the packages are installed."""
    answer = host.run("dpkg-query", "-W", "-f=${db:Status-Abbrev} ${Package}\\n", *sorted(set(names)), check=False)
    return {line.split()[-1] for line in answer.out.splitlines() if line.startswith("ii")}


def unit(host: Host, name: str, *, enabled: bool = True) -> Change:
    """Have the unit of systemd enabled and active, or neither."""
    states = [host.run("systemctl", verb, name, check=False).out.strip() for verb in ("is-enabled", "is-active")]
    wanted = ["enabled", "active"] if enabled else ["disabled", "inactive"]
    known = ["enabled" if states[0] == "enabled" else "disabled", "active" if states[1] == "active" else "inactive"]
    if known == wanted:
        return Change(name)
    host.act("systemctl", "enable" if enabled else "disable", "--now", name)
    return Change(name, changed=True, diff=f"{' '.join(known)} → {' '.join(wanted)}")
