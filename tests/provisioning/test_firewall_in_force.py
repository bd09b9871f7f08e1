"""The firewall as the kernel enforces it: real rules between network namespaces, whose names are those of the bridges.

The namespace of the server has an interface for each bridge, with a container behind it, and one to the world.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from support.polling import is_so_within
from support.recording_host import RecordingHost

from provisioning import firewall

pytestmark = [
    pytest.mark.skipif(not shutil.which("nft"), reason="nftables is not installed (apt-get install nftables)"),
    pytest.mark.skipif(
        subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode != 0,
        reason="this user may make no network namespaces",
    ),
]
_NETWORKS = {"mail": "172.28.90", "edge": "172.28.91", "gate": "172.28.92", "front": "172.28.80", "data": "172.28.81"}
_NETWORKS |= {"auto": "172.28.82", "n8n": "172.28.93", "oidc": "172.28.83", "idp": "172.28.94"}
_BRIDGES = {name: f"invoices-{name}" for name in _NETWORKS} | {"build": "docker0"}
_PUBLIC, _PRIVATE, _METADATA, _OWN_MAIL = "203.0.113.9", "10.1.2.3", "169.254.169.254", "192.168.7.7"
_PUBLIC_IPV6, _PRIVATE_IPV6 = "2001:db8:9::9", "fd12::3"
_PORTS = (22, 25, 53, 80, 443, 465, 587, 993, 2525, 5432, 9000)
_LISTENS = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    listening = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    selector.register(listening, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
"""
_PRINTS_WHAT_IS_OPEN = """
import concurrent.futures, contextlib, socket, sys
def connect(port):
    with contextlib.suppress(OSError), socket.create_connection((sys.argv[1], int(port)), timeout=0.5):
        return port
with concurrent.futures.ThreadPoolExecutor(20) as threads:
    print(*filter(None, threads.map(connect, sys.argv[2:])))
"""


@dataclass(frozen=True)
class Namespace:
    """A network namespace, held by a process that sleeps in it until the test ends."""

    process_id: int

    def run(self, *command, stdin=""):
        inside = ["nsenter", "--net", f"--target={self.process_id}", *map(str, command)]
        return subprocess.run(inside, check=False, capture_output=True, text=True, input=stdin, timeout=30)

    def set_up(self, *commands):
        for command in commands:
            done = self.run(*command.split())
            assert done.returncode == 0, f"{command}: {done.stderr}"

    def open_ports(self, address):
        return {
            int(port) for port in self.run(sys.executable, "-c", _PRINTS_WHAT_IS_OPEN, address, *_PORTS).stdout.split()
        }


@pytest.fixture(scope="module")
def namespace():
    """Return a function that makes a namespace, or starts a program in one that is there."""
    started = []

    def start(*command, within=None):
        enter = ["nsenter", "--net", f"--target={within.process_id}"] if within else ["unshare", "--net"]
        process = subprocess.Popen([*enter, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return Namespace(process.pid)

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def network(namespace):
    """Return namespaces by name: the server, the world, and the container of each bridge."""
    made = {name: namespace("sh", "-c", "echo ready; exec cat") for name in ("server", "world", *_BRIDGES)}
    server = made["server"]
    server.set_up("ip link set lo up", "sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    interfaces = {"world": "uplink"} | _BRIDGES
    subnets = {"world": "198.51.100", "build": "172.17.0"} | _NETWORKS
    for number, (name, interface) in enumerate(interfaces.items(), 1):
        server.set_up(f"ip link add {interface} type veth peer name eth0 netns {made[name].process_id}")
        for one, dev, last in ((server, interface, 1), (made[name], "eth0", 2)):
            one.set_up(
                f"ip address add {subnets[name]}.{last}/24 dev {dev}",
                f"ip address add fd28:{number}::{last}/64 dev {dev} nodad",
                f"ip link set {dev} up",
            )
        made[name].set_up(
            "ip link set lo up",
            f"ip route add default via {subnets[name]}.1",
            f"ip -6 route add default via fd28:{number}::1",
        )
    server.set_up("ip route add default via 198.51.100.2", "ip -6 route add default via fd28:1::2")
    for address in (_PUBLIC, _PRIVATE, _METADATA, _OWN_MAIL):
        made["world"].set_up(f"ip address add {address}/32 dev lo")
    for address in (_PUBLIC_IPV6, _PRIVATE_IPV6):
        made["world"].set_up(f"ip address add {address}/128 dev lo nodad")
    for name in ("server", "world", "front", "data"):
        namespace(sys.executable, "-c", _LISTENS, *map(str, _PORTS), within=made[name])
    assert is_so_within(10, lambda: made["mail"].open_ports(_PUBLIC_IPV6) == set(_PORTS))  # nothing is filtered yet
    return made


@pytest.fixture
def filtered(network, settings):
    """Return a function that loads the rules for the settings, and then the namespaces by name."""

    def load(**changes):
        host = RecordingHost()
        firewall.ensure(host, settings.model_copy(update={"region": "", **changes}), lambda: True)
        loaded = network["server"].run("nft", "--file", "-", stdin=host.files["/etc/invoices/firewall.nft"])
        assert loaded.returncode == 0, loaded.stderr
        return network

    return load


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("mail", {25, 53, 443, 465, 587}),
        ("edge", {53, 80, 443}),
        ("gate", {53, 9000}),
        ("n8n", {22, 53, 443, 465, 587, 993}),
        ("auto", set()),
        ("front", set()),
        ("oidc", set()),
        ("idp", {53, 443}),
        ("data", set()),
        ("build", set(_PORTS)),
    ],
)
@pytest.mark.parametrize("address", [_PUBLIC, _PUBLIC_IPV6])
def test_a_container_reaches_the_ports_of_the_world_that_it_needs(filtered, name, ports, address):
    containers = filtered(backup_endpoint="s3.example.com:9000")

    assert containers[name].open_ports(address) == ports


@pytest.mark.parametrize("name", ["mail", "n8n", "edge", "auto", "front", "data", "oidc", "idp"])
@pytest.mark.parametrize("address", [_PRIVATE, _PRIVATE_IPV6])
def test_a_container_reaches_no_machine_next_door_but_for_names(filtered, name, address):
    assert filtered()[name].open_ports(address) <= {53}


@pytest.mark.parametrize("name", _BRIDGES)
def test_no_container_reaches_what_the_cloud_tells_the_machine(filtered, name):
    assert filtered()[name].open_ports(_METADATA) == set()


@pytest.mark.parametrize("name", _BRIDGES)
@pytest.mark.parametrize("address", ["198.51.100.1", "fd28:1::1"])
def test_no_container_reaches_its_host(filtered, name, address):
    containers = filtered(ssh_cidrs=("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"))

    assert containers[name].open_ports(address) == set()


def test_the_operator_reaches_ssh_and_the_world_the_site(filtered):
    assert filtered(ssh_cidrs=("198.51.100.2/32",))["world"].open_ports("198.51.100.1") == {22, 80, 443}


def test_a_mail_server_of_one_s_own_is_reached_at_its_port_alone(filtered):
    assert filtered(mail_server=f"{_OWN_MAIL}:2525")["mail"].open_ports(_OWN_MAIL) == {53, 2525}


def test_a_mail_server_of_one_s_own_may_have_an_ipv6_address(filtered):
    assert filtered(mail_server=f"[{_PRIVATE_IPV6}]:2525")["mail"].open_ports(_PRIVATE_IPV6) == {53, 2525}


def test_a_mail_server_of_one_s_own_is_for_those_that_send_mail_only(filtered):
    containers = filtered(mail_server=f"{_OWN_MAIL}:2525")

    assert containers["n8n"].open_ports(_OWN_MAIL) == {53, 2525}
    assert containers["edge"].open_ports(_OWN_MAIL) == {53}
