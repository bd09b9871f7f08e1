"""The kernel: settings against spoofed packets, traced processes and leaked memory; unused modules are disabled."""

from collections.abc import Iterable, Mapping

from provisioning.change import Change
from provisioning.ensure import file
from provisioning.host import Host, HostError
from provisioning.machine import Machine

# Files of all folders are read in the order of their names, Ubuntu's 99-protect-links.conf among them.
_PATH = "/etc/sysctl.d/zz-invoices.conf"
_BOTH = ("all", "default")
_ALSO_WHILE_FORWARDING = "2"
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
    # Docker makes the server forward, and a kernel that forwards takes its routes from routers at 2 only: at 1 the
    # default route by IPv6 is gone after half an hour.
    **{f"net.ipv6.conf.{which}.accept_ra": _ALSO_WHILE_FORWARDING for which in _BOTH},
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
    "kernel.kptr_restrict": "2",
    "kernel.dmesg_restrict": "1",
    "kernel.unprivileged_bpf_disabled": "2",
    "fs.suid_dumpable": "0",
    "fs.protected_fifos": "2",
    "fs.protected_hardlinks": "1",
    "fs.protected_regular": "2",
    "fs.protected_symlinks": "1",
    "vm.swappiness": "10",
}
# Ubuntu's crash reporter sets dumps to 2 at each boot: readable by root only. BPF at 1 is off until the next boot.
ALSO_GOOD: Mapping[str, str] = {"fs.suid_dumpable": "2", "kernel.unprivileged_bpf_disabled": "1"}


def ensure(host: Host, machine: Machine) -> list[Change]:
    """Apply the settings now and at each boot; raises HostError for a setting that the kernel does not have."""
    wanted = {**SETTINGS, **_of_uplinks(host)}
    running = _running(host, wanted)
    # In a container, /proc/sys belongs to the host's kernel, except for the network.
    network = {key for key in running if key.startswith("net.")}
    ours = {key: value for key, value in wanted.items() if not machine.container or key in network}
    if unknown := sorted(ours.keys() - running.keys()):
        raise HostError(f"{host.name}: its kernel knows no {', '.join(unknown)}.")
    lines = "".join(f"{key} = {value}\n" for key, value in ours.items())
    changes = [file(host, _PATH, lines), _applied(host, ours, running), file(host, "/etc/modprobe.d/invoices.conf")]
    if machine.container:
        left = ", ".join(key for key in wanted if key not in ours)
        changes.append(machine.unavailable("kernel settings", f"{left} belong to the machine beneath it"))
    return changes


def _of_uplinks(host: Host) -> dict[str, str]:
    """Return what interfaces need of their own; at 0 another program, such as systemd-networkd, reads the routers."""
    routes = host.run("ip", "-o", "-4", "route", "show", "default").out.splitlines()
    routes += host.run("ip", "-o", "-6", "route", "show", "default").out.splitlines()
    names = dict.fromkeys(route.partition(" dev ")[2].partition(" ")[0] for route in routes if " dev " in route)
    # A dot of an interface's name is a slash in the name of its setting.
    keys = [f"net.ipv6.conf.{name.replace('.', '/')}.accept_ra" for name in names]
    return {key: _ALSO_WHILE_FORWARDING for key in keys if _running(host, [key]).get(key, "0") != "0"}


def _running(host: Host, keys: Iterable[str]) -> dict[str, str]:
    printed = host.run("sysctl", "--ignore", *keys, check=False).out
    pairs = (line.partition("=") for line in printed.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _applied(host: Host, wanted: Mapping[str, str], running: Mapping[str, str]) -> Change:
    different = {key: value for key, value in wanted.items() if running[key] not in {value, ALSO_GOOD.get(key, value)}}
    if not different:
        return Change("kernel settings in force")
    host.act("sysctl", "--quiet", "--write", *(f"{key}={value}" for key, value in different.items()))
    diff = "\n".join(f"{key}: {running[key]} → {value}" for key, value in different.items())
    return Change("kernel settings in force", changed=True, diff=diff)
