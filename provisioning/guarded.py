"""Files that could lock everybody out: unless a second connection works, the server itself takes them back."""

import posixpath
from collections.abc import Callable, Sequence

from provisioning import ensure
from provisioning.change import Change
from provisioning.host import Host, HostError

_SECONDS_UNTIL_TAKEN_BACK = 120
# Both run on the server without us: the connection may be what was lost. Taking back twice is as good as once.
_KEEP = 'rm -f -- "$1.absent"; if [ -e "$1" ]; then cp -a -- "$1" "$1.before"; else : > "$1.absent"; fi'
_TAKE_BACK = """
if [ -e "$1.before" ]; then mv -f -- "$1.before" "$1" && {{ {apply}; }}
elif [ -e "$1.absent" ]; then rm -f -- "$1" "$1.absent" && {{ {without}; }}
fi"""


def guarded_file(
    host: Host,
    path: str,
    content: str,
    *,
    mode: str,
    valid: Sequence[str],
    check: Callable[[], None],
    apply: str,
    without: str,
    can_still_connect: Callable[[], bool],
) -> Change:
    """Have the file and apply it, or have it as it was and raise HostError.

    `check` looks at the whole before it is applied; `apply` and `without` are lines of shell that make the server feel
    the file, and its absence.
    """
    diff = ensure.file_difference(host, path, content, mode=mode)
    if not diff or host.is_rehearsal:
        return Change(path, changed=bool(diff), diff=diff)
    unit = f"invoices-take-back-{posixpath.basename(path)}"
    take_back = ("sh", "-c", _TAKE_BACK.format(apply=apply, without=without), "sh", path)
    host.act("sh", "-c", _KEEP, "sh", path)
    _forget(host, unit)
    host.act("systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--on-active={_SECONDS_UNTIL_TAKEN_BACK}",
             "--timer-property=AccuracySec=1s", *take_back)  # fmt: skip
    try:
        host.write(path, content, mode=mode, valid=valid)
        check()
        host.act("sh", "-c", apply)
        if not can_still_connect():
            raise HostError(f"{host.name}: with the new {path} nobody can connect; it is as it was before.")
    except BaseException:
        # Should it fail, the timer still stands.
        if host.act(*take_back, check=False).ok:
            _forget(host, unit)
        raise
    _forget(host, unit)
    if host.read(path) != content:
        raise HostError(f"{host.name}: the check of {path} took too long, so the server took it back; try again.")
    host.act("rm", "-f", "--", f"{path}.before", f"{path}.absent")
    return Change(path, changed=True, diff=diff)


def _forget(host: Host, unit: str) -> None:
    host.act("systemctl", "stop", f"{unit}.timer", check=False)
