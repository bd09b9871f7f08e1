"""The first minutes of a server: cloud-init has ended and the newest packages run before anything is installed."""

from provisioning import apt
from provisioning.change import Change
from provisioning.ensure import installed
from provisioning.host import Host, HostError
from provisioning.machine import Machine

_CLOUD_INIT_SECONDS = 600
_TIMED_OUT = 124  # exit code of timeout(1)
_RECOVERED = 2  # cloud-init went on after an error
_KEEP_FILES = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")

_RUNS_NEWEST_KERNEL = """
newest=$(ls -v /boot/vmlinuz-* 2> /dev/null | tail -n 1)
[ -z "$newest" ] || [ "$newest" = "/boot/vmlinuz-$(uname -r)" ]
"""


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Upgrade once, until Docker is there: later the nightly updates do, which restart nothing by day."""
    ended = _cloud_init(host)
    if installed(host, ["docker.io"]):
        return [ended]
    upgraded = _upgraded(host)
    return [ended, upgraded] if machine.container else [ended, upgraded, _restarted(host)]


def _cloud_init(host: Host) -> Change:
    if host.run("sh", "-c", "command -v cloud-init", check=False).ok:
        waiting = ("timeout", str(_CLOUD_INIT_SECONDS), "cloud-init", "status", "--wait")
        ended = host.run(*waiting, check=False, seconds=_CLOUD_INIT_SECONDS + 30)
        if ended.exit_code == _TIMED_OUT:
            raise HostError(
                f"{host.name}: cloud-init has not ended after {_CLOUD_INIT_SECONDS // 60} minutes: "
                "look at `cloud-init status --long` on the server."
            )
        if ended.exit_code not in {0, _RECOVERED}:
            raise HostError(
                f"{host.name}: cloud-init failed: `cloud-init status --long` on the server says why. "
                "Rent it again, or, where you have put it right, `touch /etc/cloud/cloud-init.disabled`."
            )
    return Change("end of the first boot")


def _upgraded(host: Host) -> Change:
    what = "newest packages"
    apt.refresh(host)
    names = apt.upgrades(host)
    if not names:
        return Change(what)
    host.act(*apt.APT, *_KEEP_FILES, "-y", "dist-upgrade", seconds=1800)
    return Change(what, changed=True, diff="\n".join(f"↑ {name}" for name in names))


def _restarted(host: Host) -> Change:
    what = "restart into the newest packages"
    is_due = host.run("test", "-e", "/run/reboot-required", check=False).ok
    is_newest_kernel = host.run("sh", "-c", _RUNS_NEWEST_KERNEL, check=False).ok
    if is_newest_kernel and not is_due:
        return Change(what)
    host.restart()
    return Change(what, changed=True)
