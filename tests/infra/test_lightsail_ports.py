"""What `fab verify` reads of Lightsail's firewall is what the stack opened, and whatever somebody opened beside it."""

import boto3
import pytest
from botocore.stub import Stubber
from support.lightsail_ports import open_ranges, port_states, ssh_networks
from support.pulumi_stack import rented

SSH = {"fromPort": 22, "toPort": 22, "protocol": "tcp"}
WEB = {"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]}


def test_what_the_stack_opens_is_seen_as_the_networks_of_the_operator():
    ports = rented(sshCidrs=["203.0.113.7/32"]).one("InstancePublicPorts").inputs["portInfos"]

    assert ssh_networks(ports) == {"203.0.113.7/32"}
    assert open_ranges(ports) == {("tcp", 22, 22), ("tcp", 80, 80), ("tcp", 443, 443), ("udp", 443, 443)}


@pytest.mark.parametrize(
    ("state", "network"),
    [
        ({**SSH, "cidrs": ["203.0.113.7"]}, "::/0"),
        ({**SSH, "ipv6Cidrs": ["2001:db8::/48"]}, "0.0.0.0/0"),
        ({"fromPort": 0, "toPort": 65535, "protocol": "all"}, "::/0"),
        ({"fromPort": 20, "toPort": 30, "protocol": "tcp", "cidrs": ["198.51.100.0/24"]}, "198.51.100.0/24"),
    ],
)
def test_another_way_to_ssh_is_seen(state, network):
    assert network in ssh_networks([WEB, state])


def test_an_address_without_a_mask_is_a_network_of_one():
    assert ssh_networks([{**SSH, "cidrs": ["203.0.113.7"], "ipv6Cidrs": ["2001:db8::1"]}]) == {
        "203.0.113.7/32", "2001:db8::1/128",
    }  # fmt: skip


def test_the_ports_are_asked_for_as_lightsail_is_asked():
    client = boto3.client("lightsail", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as aws:
        aws.add_response("get_instance_port_states", {"portStates": [WEB]}, {"instanceName": "invoices"})

        assert port_states(client, "invoices") == [WEB]
