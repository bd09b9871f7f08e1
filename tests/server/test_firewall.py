"""The firewall, as the kernel has it and as it is seen from outside."""

import errno
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from support.lightsail_ports import open_ranges, port_states, ssh_networks

PORTS = [*range(1, 1025), *map(int, """
    2019 2020 2375 2376 2377 3000 3306 4789 5000 5432 5433 5678 6379 7946 8000 8080 8443 9000 9090 9100 9443 9999 10250
    11211 27017""".split())]  # fmt: skip
PUBLIC = {22, 80, 443}
_SECONDS = 2
_AT_ONCE = 256


@pytest.fixture(scope="module")
def lightsail_ports(facts) -> list[dict]:
    """What Lightsail's own firewall lets in, asked with the operator's key to AWS."""
    if not (facts["region"] and facts["instance_name"]):
        pytest.skip("the server was not rented at Lightsail: its own firewall is the only one")
    try:
        return port_states(boto3.client("lightsail", region_name=facts["region"]), facts["instance_name"])
    except (BotoCoreError, ClientError) as error:
        pytest.skip(f"AWS does not say which ports are open: {error}")


@pytest.fixture(scope="module")
def rules(server) -> list[dict]:
    return json.loads(server.check_output("nft --json list table inet invoices"))["nftables"]


def test_H06_only_ssh_and_the_site_listen_to_the_world(lines_of):
    listening = set()
    for line in lines_of("ss --no-header --listening --numeric --tcp --udp"):
        protocol, _, _, _, local = line.split()[:5]
        address, _, port = local.rpartition(":")
        if not address.split("%")[0].strip("[]").startswith(("127.", "::1", "fe80")):
            listening.add(f"{protocol} {port}")

    # 68 and 546 are where addresses are handed out to.
    assert listening - {"tcp 22", "tcp 80", "tcp 443", "udp 443", "udp 68", "udp 546"} == set()


def test_H06_what_is_not_named_is_dropped(rules):
    chains = {rule["chain"]["name"]: rule["chain"] for rule in rules if "hook" in rule.get("chain", {})}

    assert {name: (chain["hook"], chain["policy"]) for name, chain in chains.items()} == {
        "input": ("input", "drop"),
        "forward": ("forward", "drop"),
    }


def test_H06_the_firewall_comes_before_docker_s_own_rules(rules):
    assert [rule["chain"]["prio"] for rule in rules if rule.get("chain", {}).get("name") == "forward"] == [-10]


def test_H06_ssh_is_for_the_operator_s_networks(rules, facts):
    found = {
        f"{element['prefix']['addr']}/{element['prefix']['len']}" if isinstance(element, dict) else element
        for rule in rules
        for element in rule.get("set", {}).get("elem", [])
    }

    # Where Pulumi rented the server, in a region, it is Lightsail's firewall that knows the networks.
    wanted = ["0.0.0.0/0", "::/0"] if facts["region"] else facts["ssh_cidrs"]
    assert found == {cidr.removesuffix("/32").removesuffix("/128") for cidr in wanted}


def test_H06_lightsail_lets_nobody_but_the_operator_s_networks_in_by_ssh(lightsail_ports, facts):
    assert ssh_networks(lightsail_ports) == {str(ip_network(cidr)) for cidr in facts["ssh_cidrs"]}


def test_H06_lightsail_opens_no_port_but_those_of_ssh_and_the_site(lightsail_ports):
    wanted = {("tcp", 22, 22), ("tcp", 80, 80), ("tcp", 443, 443), ("udp", 443, 443)}

    assert open_ranges(lightsail_ports) - wanted == set()


def test_H06_containers_do_not_reach_what_the_cloud_tells_the_machine(rules):
    assert "169.254.169.254" in json.dumps([rule for rule in rules if rule.get("rule", {}).get("chain") == "forward"])


def test_H06_the_way_to_the_bucket_is_for_its_port_alone(rules, facts):
    port = int(facts.get("backup_endpoint", "").partition(":")[2] or 443)
    told = json.dumps([rule for rule in rules if "invoices-gate" in json.dumps(rule)])

    assert {int(found) for found in re.findall(r'"right": (\d+)', told)} == {53, port}


@pytest.mark.parametrize(("bridge", "ports"), [("mail", {53, 25, 443, 465, 587}), ("edge", {53, 80, 443})])
def test_H06_a_container_reaches_the_ports_of_the_world_that_it_needs(rules, facts, bridge, ports):
    own = facts["mail_server"].rpartition(":")[2]
    matches = [rule["rule"]["expr"] for rule in rules if f'"invoices-{bridge}"' in json.dumps(rule)]
    told = {port for expression in matches for port in _ports(expression)}

    assert told == ports | ({int(own)} if own and bridge == "mail" else set())


def test_H06_the_worker_reaches_neither_its_host_nor_what_the_cloud_tells(server, containers):
    worker = next(each for name, each in containers.items() if name.startswith("worker "))
    gateways = [joined["Gateway"] for joined in worker["NetworkSettings"]["Networks"].values() if joined["Gateway"]]
    asked = [*((gateway, 22) for gateway in gateways), ("169.254.169.254", 80)]

    reached = [f"{address} {port}" for address, port in asked if _is_reached(server, worker["Id"], address, port)]
    assert gateways != []
    assert reached == []


def _ports(expression):
    rights = [part["match"]["right"] for part in expression if "dport" in json.dumps(part.get("match", {}))]
    return {port for right in rights for port in (right["set"] if isinstance(right, dict) else [right])}


def _is_reached(server, container, address, port):
    program = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"
    return server.run("docker exec %s python -c %s %s %s", container, program, address, str(port)).rc == 0


def test_H07_from_outside_only_ssh_and_the_site_answer(facts):
    assert _open_ports(facts["host"]) - PUBLIC == set()


def test_H07_from_outside_only_ssh_and_the_site_answer_by_ipv6(facts):
    if not facts["ipv6_address"]:
        pytest.skip("the server has no IPv6 address")
    if not _reaches(facts["ipv6_address"]):
        pytest.skip("this machine has no way to IPv6 addresses")

    assert _open_ports(facts["ipv6_address"]) - PUBLIC == set()


def _open_ports(address):
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = threads.map(lambda port: _is_open(address, port), PORTS)
        return {port for port, is_open in zip(PORTS, answers, strict=True) if is_open}


def _is_open(address, port):
    try:
        socket.create_connection((address, port), timeout=_SECONDS).close()
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENETUNREACH}:
            raise  # that is about this machine
        return False
    return True


def _reaches(address):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 443))
        except OSError:
            return False
    return True
