"""fail2ban: addresses that keep guessing SSH logins are banned, longer each time."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host

_UNIT = "fail2ban.service"


def ensure(host: Host) -> list[Change]:
    """Let fail2ban read SSH failures from the journal and ban with nftables."""
    installed = packages(host, ["fail2ban", "python3-systemd"], what="packages of fail2ban")
    jail = file(host, "/etc/fail2ban/jail.d/invoices.local", restart=(_UNIT,))
    return [installed, jail, unit(host, _UNIT, is_new=installed.changed)]
