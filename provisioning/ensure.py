"""Files, folders, packages and systemd units: each function checks first, and acts only on a difference."""

import difflib
from collections.abc import Iterable, Sequence

from provisioning import apt
from provisioning.change import Change
from provisioning.host import Host
from provisioning.rootfs_files import filled, text


def file(
    host: Host,
    path: str,
    content: str | None = None,
    *,
    mode: str = "0644",
    valid: Sequence[str] = (),
    restart: tuple[str, ...] = (),
) -> Change:
    """Without content it is our own file of that path."""
    content = text(path) if content is None else content
    diff = file_difference(host, path, content, mode=mode)
    if not diff:
        return Change(path)
    host.write(path, content, mode=mode, valid=valid)
    return Change(path, changed=True, diff=diff, restart=restart)


def file_difference(host: Host, path: str, content: str, *, mode: str = "0644") -> str:
    """Return an empty text if content, mode and owner are as wanted."""
    before = host.read(path)
    wanted = _as_stat(mode)
    current = _mode_and_owner(host, path) if before is not None else ""
    if before == content and current == wanted:
        return ""
    lines = difflib.unified_diff((before or "").splitlines(), content.splitlines(), path, path, lineterm="", n=1)
    return "\n".join(lines) or f"{current} → {wanted}"


def directory(host: Host, path: str, mode: str) -> Change:
    wanted = f"{_as_stat(mode)} directory"
    found = host.run("stat", "--format=%a %U:%G %F", path, check=False)
    current = found.out.strip() if found.ok else "nothing"
    if current == wanted:
        return Change(path)
    host.act("install", "-d", "-m", mode, "-o", "root", "-g", "root", path)
    return Change(path, changed=True, diff=f"{current} → {wanted}")


def mode(host: Host, path: str, wanted: str, owner: str) -> Change:
    current = _mode_and_owner(host, path)
    if current in {"", _as_stat(wanted, owner)}:
        return Change(path)
    host.act("chown", owner, path)
    host.act("chmod", wanted, path)
    return Change(path, changed=True, diff=f"{current} → {_as_stat(wanted, owner)}")


def packages(host: Host, names: Iterable[str], *, what: str = "packages") -> Change:
    wanted = set(names)
    missing = sorted(wanted - installed(host, wanted))
    if not missing:
        return Change(what)
    apt.refresh(host)
    host.act(*apt.APT, "install", "-y", "--no-install-recommends", *missing, seconds=1200)
    return Change(what, changed=True, diff="\n".join(f"+ {name}" for name in missing))


def no_packages(host: Host, names: Iterable[str]) -> Change:
    what = "packages that nobody needs"
    found = sorted(installed(host, names))
    if not found:
        return Change(what)
    host.act(*apt.APT, "purge", "-y", *found, seconds=1200)
    return Change(what, changed=True, diff="\n".join(f"- {name}" for name in found))


def installed(host: Host, names: Iterable[str]) -> set[str]:
    answer = host.run("dpkg-query", "-W", "-f=${db:Status-Abbrev} ${Package}\\n", *sorted(set(names)), check=False)
    return {line.split()[-1] for line in answer.out.splitlines() if line.startswith("ii")}


def unit(host: Host, name: str, *, is_new: bool = False) -> Change:
    """Enable and start the systemd unit.

    `is_new`: its package was just installed, so starting it is not reported as a change of its own.
    """
    states = [host.run("systemctl", verb, name, check=False).out.strip() for verb in ("is-enabled", "is-active")]
    current = ["enabled" if states[0] == "enabled" else "disabled", "active" if states[1] == "active" else "inactive"]
    if current == ["enabled", "active"]:
        return Change(name)
    host.act("systemctl", "enable", "--now", name)
    return Change(name) if is_new else Change(name, changed=True, diff=f"{' '.join(current)} → enabled active")


def unit_file(host: Host, name: str, **values: str) -> Change:
    path = f"/etc/systemd/system/{name}"
    change = file(host, path, filled(path, **values) if values else None)
    if change.changed:
        host.act("systemctl", "daemon-reload")
    return change


def _as_stat(mode: str, owner: str = "root:root") -> str:
    return f"{mode.lstrip('0').zfill(3)} {owner}"


def _mode_and_owner(host: Host, path: str) -> str:
    found = host.run("stat", "--format=%a %U:%G", path, check=False)
    return found.out.strip() if found.ok else ""
