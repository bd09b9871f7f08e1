"""The kernel's audit: who touches what Docker is made of."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host
from provisioning.landing_files import text
from provisioning.machine import Machine

_RULES = "/etc/audit/rules.d/50-invoices.rules"


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Have auditd, and its rules in the kernel."""
    if machine.container:
        return [machine.lacks("auditd", "the kernel reports to the machine beneath it only")]
    brought = packages(host, ["auditd"], what="package of the audit")
    rules = file(host, _RULES, text(_RULES))
    if rules.changed:
        host.act("augenrules", "--load")
    return [brought, rules, unit(host, "auditd.service", is_new=brought.changed)]
