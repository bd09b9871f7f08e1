"""Owners and modes of system files whose defaults are wider than needed."""

from collections.abc import Mapping

from provisioning.change import Change
from provisioning.ensure import mode
from provisioning.host import Host

MODES: Mapping[str, tuple[str, str]] = {
    "/etc/passwd": ("0644", "root:root"),
    "/etc/group": ("0644", "root:root"),
    "/etc/shadow": ("0640", "root:shadow"),
    "/etc/gshadow": ("0640", "root:shadow"),
    "/etc/login.defs": ("0444", "root:root"),
    "/etc/ssh/sshd_config": ("0600", "root:root"),
    "/etc/crontab": ("0600", "root:root"),
    "/etc/cron.d": ("0700", "root:root"),
    "/etc/cron.hourly": ("0700", "root:root"),
    "/etc/cron.daily": ("0700", "root:root"),
    "/etc/cron.weekly": ("0700", "root:root"),
    "/etc/cron.monthly": ("0700", "root:root"),
}


def ensure(host: Host) -> list[Change]:
    return [mode(host, path, wanted, owner) for path, (wanted, owner) in MODES.items()]
