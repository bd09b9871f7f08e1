"""SSH lets in by key only, and never locks out."""

import pytest

from provisioning import ssh_access
from provisioning.host import HostError, Ran

OPTIONS = "/etc/ssh/sshd_config.d/00-invoices.conf"


def test_the_options_land_beside_those_of_the_system(rented, settings, changed):
    host = rented()

    changes = ssh_access.ensure(host, settings, lambda: True)

    assert changed(changes) == ["/etc/ssh/moduli.large", OPTIONS]
    assert {path for path in host.files if path.startswith("/etc/ssh")} == {
        "/etc/ssh/moduli", "/etc/ssh/moduli.large", OPTIONS,
    }  # fmt: skip
    assert host.modes[OPTIONS] == "600 root:root"


@pytest.mark.parametrize(
    "line",
    [
        "AllowUsers ubuntu inbox",
        "PasswordAuthentication no",
        "PermitRootLogin no",
        "MaxAuthTries 2",
        "AllowTcpForwarding no",
        "AuthorizedKeysFile .ssh/authorized_keys",
    ],
)
def test_the_options_are_those_of_the_baseline(rented, settings, line):
    host = rented()

    ssh_access.ensure(host, settings, lambda: True)

    assert line in host.files[OPTIONS].splitlines()


def test_the_authority_of_lightsail_is_left_alone(rented, settings):
    host = rented()

    ssh_access.ensure(host, settings, lambda: True)

    assert not [line for line in host.files[OPTIONS].splitlines() if line.startswith("TrustedUserCAKeys")]


def test_it_is_checked_alone_and_as_a_whole_before_sshd_starts_anew(rented, settings):
    host = rented()

    ssh_access.ensure(host, settings, lambda: True)

    assert f"sshd -t -f {OPTIONS}.new" in host.acted
    assert "sshd -t" in host.asked
    assert "sh -c systemctl restart ssh.service" in host.acted


def test_options_that_are_wrong_are_never_felt(rented, settings):
    host = rented({"sshd -t": Ran(255, "", "Bad configuration option")})

    with pytest.raises(HostError, match="Bad configuration option"):
        ssh_access.ensure(host, settings, lambda: True)

    assert "sh -c systemctl restart ssh.service" not in host.acted


def test_a_file_that_is_read_earlier_and_says_otherwise_is_named(rented, settings):
    host = rented({"sshd -T": Ran(0, "permitrootlogin yes\nmaxauthtries 6\npasswordauthentication no\n")})

    with pytest.raises(HostError, match="another file of sshd overrules permitrootlogin, maxauthtries; `sshd -T`"):
        ssh_access.ensure(host, settings, lambda: True)


def test_a_file_that_came_later_and_says_otherwise_is_named_as_well(shaped, settings):
    host = shaped({"sshd -T": Ran(0, "x11forwarding yes\n")})

    with pytest.raises(HostError, match="another file of sshd overrules x11forwarding"):
        ssh_access.ensure(host, settings, lambda: True)


def test_where_no_second_connection_works_it_is_as_it_was(rented, settings):
    host = rented()

    with pytest.raises(HostError, match="nobody can connect; it is as it was before"):
        ssh_access.ensure(host, settings, lambda: False)

    assert 'mv -f -- "$1.before" "$1"' in host.acted[-2]


def test_small_moduli_are_left_out_and_the_package_s_file_is_left_alone(rented, settings):
    host = rented()
    before = host.files["/etc/ssh/moduli"]

    ssh_access.ensure(host, settings, lambda: True)

    assert host.files["/etc/ssh/moduli.large"] == "1 2 6 100 3071 2 B\n1 2 6 100 4095 5 C\n"
    assert host.files["/etc/ssh/moduli"] == before


def test_without_large_moduli_nothing_is_done(rented, settings):
    host = rented(files={"/etc/ssh/moduli": "1 2 6 100 2047 5 A\n"})

    with pytest.raises(HostError, match="holds none of 3072 bits or more"):
        ssh_access.ensure(host, settings, lambda: True)

    assert host.acted == []


def test_a_missing_host_key_is_made(rented, settings):
    host = rented({"test -s /etc/ssh/ssh_host_ed25519_key": Ran(1, "")})

    ssh_access.ensure(host, settings, lambda: True)

    assert "ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key" in host.acted


def test_a_second_run_changes_nothing(shaped, settings, changed):
    host = shaped()

    assert changed(ssh_access.ensure(host, settings, lambda: pytest.fail("there is nothing to check"))) == []
    assert host.acted == []
