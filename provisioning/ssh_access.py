"""SSH: keys only, for one user, without algorithms known to be weak."""

from collections.abc import Callable, Mapping

from provisioning.change import Change
from provisioning.ensure import file
from provisioning.host import Host, HostError
from provisioning.rootfs_files import filled
from provisioning.safe_replace import replace_safely
from provisioning.settings import HostSettings

# sshd reads this file first, and takes the first value of each option.
_OPTIONS = "/etc/ssh/sshd_config.d/00-invoices.conf"
_MODULI, _LARGE_MODULI = "/etc/ssh/moduli", "/etc/ssh/moduli.large"
_LEAST_BITS = 3071
# A reload fails where systemd listens for sshd (ssh.socket); sessions survive a restart as well as a reload.
_APPLY = "systemctl restart ssh.service"
_HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"


def ensure(host: Host, settings: HostSettings, can_still_connect: Callable[[], bool]) -> list[Change]:
    """Restore the old options if no connection works; sshd's other files are left alone."""
    options = filled(_OPTIONS, user=settings.user)

    def check() -> None:
        host.run("sshd", "-t")
        _refuse_overridden_options(host, options)

    key, moduli = _host_key(host), _large_moduli(host)
    change = replace_safely(
        host,
        _OPTIONS,
        options,
        valid=("sshd", "-t", "-f", "{}"),
        check=check,
        apply=_APPLY,
        without=_APPLY,
        can_still_connect=can_still_connect,
    )
    if not change.changed:
        _refuse_overridden_options(host, options)
    return [key, moduli, change]


def _host_key(host: Host) -> Change:
    if host.run("test", "-s", _HOST_KEY, check=False).ok:
        return Change(_HOST_KEY)
    host.act("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _HOST_KEY)
    return Change(_HOST_KEY, changed=True, diff="nothing → a new key")


def _large_moduli(host: Host) -> Change:
    """Write them to a file of our own: updates ask questions if the package's file was changed."""
    lines = (host.read(_MODULI) or "").splitlines(keepends=True)
    large = [line for line in lines if not line.startswith("#") and int(line.split()[4]) >= _LEAST_BITS]
    if not large:
        raise HostError(f"{host.name}: {_MODULI} holds none of {_LEAST_BITS + 1} bits or more.")
    change = file(host, _LARGE_MODULI, "".join(large))
    return Change(change.what, changed=change.changed, diff=f"{len(large)} of {len(lines)}" if change.changed else "")


def _refuse_overridden_options(host: Host, options: str) -> None:
    in_force = _pairs(host.run("sshd", "-T").out)
    wrong = [name for name, value in _pairs(options).items() if in_force.get(name, value) != value]
    if wrong:
        raise HostError(f"{host.name}: another file of sshd overrules {', '.join(wrong)}; `sshd -T` says how.")


def _pairs(lines: str) -> Mapping[str, str]:
    found = (line.partition(" ") for line in lines.splitlines() if line.strip() and not line.startswith("#"))
    pairs: dict[str, str] = {}
    for name, _, value in found:
        key = name.lower()
        # `sshd -T` has a line for each user.
        pairs[key] = f"{pairs[key]} {value.strip()}" if key == "allowusers" and key in pairs else value.strip()
    return pairs
