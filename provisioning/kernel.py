"""The kernel: settings against spoofed packets, traced processes and leaked memory; unused modules are disabled."""

from collections.abc import Mapping

from provisioning.change import Change
from provisioning.ensure import file
from provisioning.host import Host, HostError
from provisioning.machine import Machine

# Files of all folders are read in the order of their names, Ubuntu's 99-protect-links.conf among them.
_PATH = "/etc/sysctl.d/zz-invoices.conf"
_BOTH = ("all", "default")
SETTINGS: Mapping[str, str] = {
    **{f"net.ipv4.conf.{which}.rp_filter": "1" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.shared_media": "1" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.accept_source_route": "0" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.accept_redirects": "0" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.secure_redirects": "0" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.send_redirects": "0" for which in _BOTH},
    **{f"net.ipv4.conf.{which}.log_martians": "1" for which in _BOTH},
    **{f"net.ipv6.conf.{which}.accept_redirects": "0" for which in _BOTH},
    **{f"net.ipv6.conf.{which}.accept_source_route": "0" for which in _BOTH},
    "net.ipv4.conf.all.arp_ignore": "1",
    "net.ipv4.conf.all.arp_announce": "2",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ratelimit": "100",
    "net.ipv4.icmp_ratemask": "88089",
    "net.ipv4.tcp_timestamps": "0",
    "net.ipv4.tcp_rfc1337": "1",
    "net.ipv4.tcp_syncookies": "1",
    "kernel.sysrq": "0",
    "kernel.randomize_va_space": "2",
    "kernel.yama.ptrace_scope": "2",
    "fs.suid_dumpable": "0",
    "fs.protected_fifos": "2",
    "fs.protected_hardlinks": "1",
    "fs.protected_regular": "2",
    "fs.protected_symlinks": "1",
    "vm.swappiness": "10",
}
# Ubuntu's crash reporter sets 2 at each boot: dumps readable by root only, which is good enough.
ALSO_GOOD: Mapping[str, str] = {"fs.suid_dumpable": "2"}


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Apply the settings now and at each boot; raises HostError for a setting that the kernel does not have."""
    running = _running(host)
    # In a container, /proc/sys belongs to the host's kernel, except for the network.
    network = {key for key in running if key.startswith("net.")}
    ours = {key: value for key, value in SETTINGS.items() if not machine.container or key in network}
    if unknown := sorted(ours.keys() - running.keys()):
        raise HostError(f"{host.name}: its kernel knows no {', '.join(unknown)}.")
    lines = "".join(f"{key} = {value}\n" for key, value in ours.items())
    changes = [file(host, _PATH, lines), _applied(host, ours, running), file(host, "/etc/modprobe.d/invoices.conf")]
    if machine.container:
        left = ", ".join(key for key in SETTINGS if key not in ours)
        changes.append(machine.unavailable("kernel settings", f"{left} belong to the machine beneath it"))
    return changes


def _running(host: Host) -> dict[str, str]:
    printed = host.run("sysctl", "--ignore", *SETTINGS, check=False).out
    pairs = (line.partition("=") for line in printed.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _applied(host: Host, wanted: Mapping[str, str], running: Mapping[str, str]) -> Change:
    different = {key: value for key, value in wanted.items() if running[key] not in {value, ALSO_GOOD.get(key, value)}}
    if not different:
        return Change("kernel settings in force")
    host.act("sysctl", "--quiet", "--write", *(f"{key}={value}" for key, value in different.items()))
    diff = "\n".join(f"{key}: {running[key]} → {value}" for key, value in different.items())
    return Change("kernel settings in force", changed=True, diff=diff)
