"""What goes to Lightsail is what AWS's own description of it takes: names, choices and patterns."""

import re

import botocore.session
import pytest
from support.pulumi_stack import rented

MODEL = botocore.session.get_session().get_service_model("lightsail")


@pytest.fixture(scope="module")
def stack():
    return rented()


def takes(operation, member):
    return MODEL.operation_model(operation).input_shape.members[member]


def fits(shape, value):
    """Tell whether the value is one that the shape takes."""
    if getattr(shape, "enum", None):
        return value in shape.enum
    pattern = shape.metadata.get("pattern")
    return re.fullmatch(pattern, value) is not None if pattern else isinstance(value, str)


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("availabilityZone", "availabilityZone"),
        ("blueprintId", "blueprintId"),
        ("bundleId", "bundleId"),
        ("keyPairName", "keyPairName"),
        ("ipAddressType", "ipAddressType"),
        ("userData", "userData"),
    ],
)
def test_an_instance_is_created_with_what_lightsail_takes(stack, member, name):
    assert fits(takes("CreateInstances", member), stack.one("Instance").inputs[name])


def test_an_instance_may_be_called_so(stack):
    assert fits(takes("CreateInstances", "instanceNames").member, stack.one("Instance").inputs["name"])


@pytest.mark.parametrize("addresses", ["dualstack", "ipv4"])
def test_the_kinds_of_addresses_are_those_of_lightsail(addresses):
    value = rented(addresses=addresses).one("Instance").inputs["ipAddressType"]

    assert fits(takes("CreateInstances", "ipAddressType"), value)


def test_snapshots_are_asked_for_as_lightsail_takes_it(stack):
    request = takes("EnableAddOn", "addOnRequest").members
    add_on = stack.one("Instance").inputs["addOn"]

    assert fits(request["addOnType"], add_on["type"])
    snapshot_time = request["autoSnapshotAddOnRequest"].members["snapshotTimeOfDay"]
    assert fits(snapshot_time, add_on["snapshotTime"])


def test_the_ports_are_described_as_lightsail_takes_them(stack):
    port = takes("PutInstancePublicPorts", "portInfos").member.members

    for opened in stack.one("InstancePublicPorts").inputs["portInfos"]:
        assert set(opened) <= set(port)
        assert fits(port["protocol"], opened["protocol"])
        assert 0 <= opened["fromPort"] <= opened["toPort"] <= port["toPort"].metadata["max"]


def test_the_address_and_the_key_may_be_called_so(stack):
    assert fits(takes("AllocateStaticIp", "staticIpName"), stack.one("StaticIp").inputs["name"])
    assert fits(takes("ImportKeyPair", "keyPairName"), stack.one("KeyPair").inputs["name"])


def test_the_records_are_described_as_lightsail_takes_them():
    entry = takes("CreateDomainEntry", "domainEntry").members

    for record in rented(dns="lightsail", dnsZone="example.com").of("DomainEntry"):
        assert fits(entry["type"], record.inputs["type"])
        assert fits(entry["target"], record.inputs["target"])
