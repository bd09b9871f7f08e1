"""The server is rented so that it survives changes, and is reached only as the operator says."""

import pytest
from support.pulumi_stack import KEY, rented


@pytest.fixture(scope="module")
def stack():
    return rented()


def test_the_server_is_the_one_that_was_asked_for(stack):
    inputs = stack.one("Instance").inputs

    assert inputs["name"] == "invoices"
    assert inputs["availabilityZone"] == "us-east-1a"
    assert (inputs["bundleId"], inputs["blueprintId"]) == ("medium_3_0", "ubuntu_24_04")
    assert inputs["ipAddressType"] == "dualstack"
    assert inputs["addOn"] == {"type": "AutoSnapshot", "snapshotTime": "06:00", "status": "Enabled"}


def test_a_machine_that_takes_over_has_a_name_of_its_own_and_all_else_keeps_its_name():
    stack = rented(serverNumber="2")

    assert stack.one("Instance").inputs["name"] == "invoices-2"
    assert stack.one("StaticIp").inputs["name"] == "invoices-address"
    assert stack.one("KeyPair").inputs["name"] == "invoices-operator"
    assert {one.name for one in stack.of("User")} == {"invoices-server", "invoices-restorer"}


def test_the_server_is_protected_from_being_replaced(stack):
    options = stack.one("Instance").options

    assert options.protect
    assert list(options.ignoreChanges) == ["userData", "blueprintId", "keyPairName"]


def test_the_first_boot_holds_no_secret(stack):
    assert stack.one("Instance").inputs["userData"] == "mkdir -p /etc/invoices\n"


def test_the_operator_s_public_key_is_used_so_that_no_private_one_is_in_the_state(stack):
    assert stack.one("KeyPair").inputs["publicKey"] == KEY


def test_the_address_is_protected(stack):
    assert stack.one("StaticIp").options.protect


def test_the_attachment_is_detached_before_it_is_made_anew_and_goes_with_the_server(stack):
    options = stack.one("StaticIpAttachment").options

    assert options.deleteBeforeReplace
    assert [urn.split("::")[-1] for urn in options.replace_with] == ["server"]
    assert options.deletedWith.endswith("lightsail/instance:Instance::server")


def test_the_ports_are_closed_before_they_are_opened_anew(stack):
    options = stack.one("InstancePublicPorts").options

    assert options.deleteBeforeReplace
    assert [urn.split("::")[-1] for urn in options.replace_with] == ["server"]


def test_ssh_is_answered_only_to_the_operator_and_the_web_to_everybody(stack):
    ports = stack.one("InstancePublicPorts").inputs["portInfos"]

    assert [
        (port["fromPort"], port["toPort"], port["protocol"], port["cidrs"], port["ipv6Cidrs"]) for port in ports
    ] == [
        (22, 22, "tcp", ["203.0.113.7/32"], ["2001:db8::/48"]),
        (80, 80, "tcp", ["0.0.0.0/0"], ["::/0"]),
        (443, 443, "tcp", ["0.0.0.0/0"], ["::/0"]),
        (443, 443, "udp", ["0.0.0.0/0"], ["::/0"]),
    ]


def test_lightsail_s_own_client_is_let_in_by_ssh_only_where_that_is_asked_for(stack):
    asked = rented(sshFromBrowser="true").one("InstancePublicPorts").inputs["portInfos"]

    assert [port.get("cidrListAliases") for port in asked] == [["lightsail-connect"], None, None, None]
    assert [port.get("cidrListAliases") for port in stack.one("InstancePublicPorts").inputs["portInfos"]] == [None] * 4


@pytest.mark.parametrize(
    ("changes", "cidrs", "ipv6_cidrs"),
    [
        ({"sshCidrs": ["203.0.113.7/32"]}, ["203.0.113.7/32"], ["100::/64"]),
        ({"sshCidrs": ["203.0.113.7/32"], "addresses": "ipv4"}, ["203.0.113.7/32"], ["100::/64"]),
        ({"sshCidrs": ["2001:db8::/48"]}, ["192.0.2.1/32"], ["2001:db8::/48"]),
    ],
)
def test_a_family_that_the_operator_has_no_network_of_is_left_to_nobody(changes, cidrs, ipv6_cidrs):
    ssh = rented(**changes).one("InstancePublicPorts").inputs["portInfos"][0]

    assert (ssh["fromPort"], ssh["cidrs"], ssh["ipv6Cidrs"]) == (22, cidrs, ipv6_cidrs)


def test_ports_and_attachment_hang_on_the_server_itself_not_on_its_name(stack):
    assert stack.one("InstancePublicPorts").inputs["instanceName"] == "invoices"
    assert dict(stack.one("InstancePublicPorts").options.propertyDependencies)["instanceName"].urns
    assert dict(stack.one("StaticIpAttachment").options.propertyDependencies)["instanceName"].urns
