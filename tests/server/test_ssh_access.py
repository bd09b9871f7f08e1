"""SSH: what is in force, whichever file says it."""

import pytest

IN_FORCE = """
permitrootlogin no
passwordauthentication no
permitemptypasswords no
kbdinteractiveauthentication no
pubkeyauthentication yes
hostbasedauthentication no
strictmodes yes
loglevel VERBOSE
logingracetime 30
maxauthtries 2
maxsessions 10
maxstartups 10:30:60
permituserenvironment no
tcpkeepalive no
clientaliveinterval 300
clientalivecountmax 3
permittunnel no
allowtcpforwarding no
allowagentforwarding no
allowstreamlocalforwarding no
gatewayports no
x11forwarding no
"""
WHERE_BUILT_IN = ("gssapiauthentication", "kerberosauthentication")


@pytest.fixture(scope="module")
def in_force(lines_of) -> dict[str, str]:
    return dict(line.partition(" ")[::2] for line in lines_of("sshd -T"))


def test_H01_keys_only_and_nothing_that_is_not_needed(in_force):
    wanted = dict(line.split(" ", 1) for line in IN_FORCE.strip().splitlines())

    assert {name: in_force.get(name) for name, value in wanted.items() if in_force.get(name) != value} == {}


def test_H01_no_other_way_to_authenticate_is_on(in_force):
    assert {name: in_force[name] for name in WHERE_BUILT_IN if in_force.get(name, "no") != "no"} == {}


def test_H01_only_the_operator_and_the_inbox_log_in(lines_of, facts):
    allowed = [line.partition(" ")[2] for line in lines_of("sshd -T") if line.startswith("allowusers ")]

    assert allowed == [facts["user"], "inbox"]


def test_H01_only_drop_ins_were_added(server):
    """The system's own file includes them before it says anything itself."""
    said = [
        line.strip()
        for line in server.file("/etc/ssh/sshd_config").content_string.splitlines()
        if line.strip() and not line.startswith("#")
    ]

    assert said[0] == "Include /etc/ssh/sshd_config.d/*.conf"


def test_H02_the_host_key_is_ed25519(in_force):
    assert in_force["hostkey"] == "/etc/ssh/ssh_host_ed25519_key"


def test_H02_no_small_modulus_is_offered(in_force, lines_of):
    sizes = {int(line.split()[4]) for line in lines_of("cat %s", in_force["modulifile"])}

    assert min(sizes) >= 3071
