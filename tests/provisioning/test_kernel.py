"""The kernel's settings hold now and after each start."""

import pytest

from provisioning import kernel
from provisioning.host import HostError, Ran

FILE = "/etc/sysctl.d/zz-invoices.conf"


def _running(**other):
    values = dict(kernel.SETTINGS) | {key.replace("__", "."): value for key, value in other.items()}
    return {"sysctl --ignore *": Ran(0, "".join(f"{key} = {value}\n" for key, value in values.items() if value))}


def test_what_differs_is_set_and_nothing_else(shaped, machine):
    host = shaped(_running(vm__swappiness="60"))

    changes = kernel.ensure(host, machine)

    assert host.acted == ["sysctl --quiet --write vm.swappiness=10"]
    assert changes[1].diff == "vm.swappiness: 60 → 10"


def test_the_settings_are_kept_in_one_file(rented, machine):
    host = rented()

    kernel.ensure(host, machine)

    assert host.files[FILE].splitlines() == [f"{key} = {value}" for key, value in kernel.SETTINGS.items()]


def test_their_file_is_read_after_those_of_the_system():
    names = ["10-network-security.conf", "99-protect-links.conf", "99-sysctl.conf", FILE.rpartition("/")[2]]

    assert max(names) == "zz-invoices.conf"


def test_modules_that_nobody_needs_cannot_be_loaded(rented, machine, changed):
    host = rented()

    assert "/etc/modprobe.d/invoices.conf" in changed(kernel.ensure(host, machine))
    assert "install dccp /bin/false" in host.files["/etc/modprobe.d/invoices.conf"].splitlines()


def test_core_dumps_that_only_root_reads_are_left(shaped, machine, changed):
    assert changed(kernel.ensure(shaped(_running(fs__suid_dumpable="2")), machine)) == []


def test_a_setting_that_the_kernel_does_not_know_is_a_failure_on_a_machine(rented, machine):
    with pytest.raises(HostError, match=r"its kernel knows no kernel\.yama\.ptrace_scope"):
        kernel.ensure(rented(_running(kernel__yama__ptrace_scope="")), machine)


def test_a_container_sets_its_own_network_and_says_what_is_not_its_own(rented, container):
    host = rented()

    changes = kernel.ensure(host, container)

    assert {line.split(".")[0] for line in host.files[FILE].splitlines()} == {"net"}
    assert "kernel.sysrq" in changes[-1].missing
    assert not [line for line in host.acted if "kernel." in line or "vm." in line or "fs." in line]


def _uplink(name, accept_ra):
    route = f"default via fe80::1 dev {name.replace('/', '.')} proto ra metric 100 expires 1790sec\n"
    key = f"net.ipv6.conf.{name}.accept_ra"
    return {"ip -o -6 route show default": Ran(0, route), f"sysctl --ignore {key}": Ran(0, f"{key} = {accept_ra}\n")}


def test_routes_of_routers_are_taken_also_while_the_server_forwards(rented, machine):
    host = rented()

    kernel.ensure(host, machine)

    lines = host.files[FILE].splitlines()
    assert {"net.ipv6.conf.all.accept_ra = 2", "net.ipv6.conf.default.accept_ra = 2"} <= set(lines)


@pytest.mark.parametrize("name", ["ens5", "eth0/100"])
def test_the_interface_that_leads_out_by_ipv6_has_it_of_its_own(shaped, machine, name):
    key = f"net.ipv6.conf.{name}.accept_ra"
    running = _running(**{key.replace(".", "__"): "1"})
    host = shaped(running | _uplink(name, 1))

    kernel.ensure(host, machine)

    assert f"{key} = 2" in host.files[FILE].splitlines()
    assert f"sysctl --quiet --write {key}=2" in host.acted


def test_an_interface_whose_routers_another_program_reads_is_left_to_it(shaped, machine):
    host = shaped(_uplink("ens5", 0))

    kernel.ensure(host, machine)

    assert host.acted == []


def test_an_interface_that_leads_out_by_ipv4_only_has_it_too(shaped, machine):
    key = "net.ipv6.conf.ens5.accept_ra"
    by_ipv4 = {
        "ip -o -4 route show default": Ran(0, "default via 172.26.0.1 dev ens5 proto dhcp src 172.26.1.2\n"),
        f"sysctl --ignore {key}": Ran(0, f"{key} = 1\n"),
    }
    host = shaped(_running(**{key.replace(".", "__"): "1"}) | by_ipv4)

    kernel.ensure(host, machine)

    assert f"sysctl --quiet --write {key}=2" in host.acted


@pytest.mark.parametrize(
    ("key", "value"),
    [("kptr_restrict", "2"), ("dmesg_restrict", "1"), ("unprivileged_bpf_disabled", "2")],
)
def test_what_the_kernel_knows_of_itself_is_root_s(rented, machine, key, value):
    host = rented()

    kernel.ensure(host, machine)

    assert f"kernel.{key} = {value}" in host.files[FILE].splitlines()


def test_a_kernel_in_which_bpf_is_off_until_the_next_start_is_left(shaped, machine, changed):
    assert changed(kernel.ensure(shaped(_running(kernel__unprivileged_bpf_disabled="1")), machine)) == []


def test_a_second_run_changes_nothing(shaped, machine, changed):
    host = shaped()

    assert changed(kernel.ensure(host, machine)) == []
    assert host.acted == []
