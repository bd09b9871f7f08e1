"""Who keeps guessing at SSH is kept out for a while, longer each time."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host
from provisioning.landing_files import text

_JAIL = "/etc/fail2ban/jail.d/invoices.local"
_UNIT = "fail2ban.service"


def ensure(host: Host) -> list[Change]:
    """Have fail2ban watch the journal for SSH, and ban by nftables."""
    brought = packages(host, ["fail2ban", "python3-systemd"], what="packages of fail2ban")
    jail = file(host, _JAIL, text(_JAIL), restart=(_UNIT,))
    return [brought, jail, unit(host, _UNIT, is_new=brought.changed)]
