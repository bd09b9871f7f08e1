"""auditd: records changes to Docker, SSH, sudo and our settings."""

from provisioning.change import Change
from provisioning.ensure import file, packages, unit
from provisioning.host import Host
from provisioning.machine import Machine


def ensure(host: Host, machine: Machine) -> list[Change]:
    if machine.container:
        return [machine.unavailable("auditd", "the kernel reports to the machine beneath it only")]
    installed = packages(host, ["auditd"], what="package of the audit")
    rules = file(host, "/etc/audit/rules.d/50-invoices.rules")
    if rules.changed:
        host.act("augenrules", "--load")
    return [installed, rules, unit(host, "auditd.service", is_new=installed.changed)]
