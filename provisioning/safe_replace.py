"""Files that could lock the operator out: the server restores the old file unless a second connection works."""

import posixpath
from collections.abc import Callable, Sequence

from provisioning import ensure
from provisioning.change import Change
from provisioning.host import Host, HostError

_SECONDS_UNTIL_RESTORED = 120
_MODE = "0600"
# The server runs _RESTORE without us, as the connection may be lost. Running it twice does no harm.
_BACK_UP = 'rm -f -- "$1.absent"; if [ -e "$1" ]; then cp -a -- "$1" "$1.before"; else : > "$1.absent"; fi'
_RESTORE = """
if [ -e "$1.before" ]; then mv -f -- "$1.before" "$1" && {{ {apply}; }}
elif [ -e "$1.absent" ]; then rm -f -- "$1" "$1.absent" && {{ {without}; }}
fi"""


def replace_safely(
    host: Host,
    path: str,
    content: str,
    *,
    valid: Sequence[str],
    check: Callable[[], None],
    apply: str,
    without: str,
    can_still_connect: Callable[[], bool],
) -> Change:
    """Install and apply the file; on failure restore the previous one and raise HostError.

    `check` validates the configuration as a whole before it is applied. `apply` and `without` are shell commands:
    the first loads the file, the second is run after the file was removed because there was none before.
    """
    diff = ensure.file_difference(host, path, content, mode=_MODE)
    if not diff or host.is_rehearsal:
        return Change(path, changed=bool(diff), diff=diff)
    unit = f"invoices-take-back-{posixpath.basename(path)}"
    restore = ("sh", "-c", _RESTORE.format(apply=apply, without=without), "sh", path)
    host.act("sh", "-c", _BACK_UP, "sh", path)
    _stop_timer(host, unit)
    host.act("systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--on-active={_SECONDS_UNTIL_RESTORED}",
             "--timer-property=AccuracySec=1s", *restore)  # fmt: skip
    try:
        host.write(path, content, mode=_MODE, valid=valid)
        check()
        host.act("sh", "-c", apply)
        if not can_still_connect():
            raise HostError(f"{host.name}: with the new {path} nobody can connect; it is as it was before.")
    except BaseException:
        # If this fails, the timer is still set.
        if host.act(*restore, check=False).ok:
            _stop_timer(host, unit)
        raise
    _stop_timer(host, unit)
    if host.read(path) != content:
        raise HostError(f"{host.name}: the check of {path} took too long, so the server took it back; try again.")
    host.act("rm", "-f", "--", f"{path}.before", f"{path}.absent")
    return Change(path, changed=True, diff=diff)


def _stop_timer(host: Host, unit: str) -> None:
    host.act("systemctl", "stop", f"{unit}.timer", check=False)
