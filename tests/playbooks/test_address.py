"""The rented address moves along; where it cannot, the commands or the records are told."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from support.recording_stack import FACTS

from playbooks.steps import address
from playbooks.steps.address import move_address
from provisioning.settings import HostSettings

AWS = {"region": "eu-central-1", "instance_name": "invoices", "ipv6_address": "2001:db8::1"}
REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, "AttachStaticIp")


class Lightsail:
    """An account with two addresses, of which the second is the site's."""

    def __init__(self, *, refuses=""):
        self.attached = {"another": "other", "invoices-address": "invoices"}
        self.refuses = refuses

    def get_paginator(self, _name):
        return self

    def paginate(self):
        for name, instance in self.attached.items():
            yield {"staticIps": [{"name": name, **({"attachedTo": instance} if instance else {})}]}

    def detach_static_ip(self, *, staticIpName):  # noqa: N803  # as AWS has it
        self.attached[staticIpName] = ""

    def attach_static_ip(self, *, staticIpName, instanceName):  # noqa: N803  # as AWS has it
        if instanceName == self.refuses:
            raise REFUSED
        self.attached[staticIpName] = instanceName


def servers(**changed):
    old = HostSettings.from_outputs({**FACTS, **AWS, **changed})
    new = {"host": "203.0.113.7", "instance_name": "invoices-2", "ipv6_address": "2001:db8::2"}
    return old, HostSettings.from_outputs({**FACTS, **AWS, **new})


@pytest.fixture
def account(monkeypatch):
    def of(lightsail):
        monkeypatch.setattr(address.boto3, "client", lambda _service, region_name: lightsail)
        return lightsail

    return of


def test_the_address_of_the_old_server_is_given_to_the_new_one_and_the_rest_is_told(account):
    lightsail = account(Lightsail())

    assert move_address(*servers()) == ["Now set this record: invoices.example.com AAAA 2001:db8::2."]
    assert lightsail.attached == {"another": "other", "invoices-address": "invoices-2"}


def test_an_address_that_cannot_be_given_stays_and_the_commands_are_told(account):
    lightsail = account(Lightsail(refuses="invoices-2"))

    told = move_address(*servers())

    assert lightsail.attached["invoices-address"] == "invoices"
    assert told[0].startswith("The address could not be moved (")
    words = "--region eu-central-1 --static-ip-name invoices-address"
    assert told[1:3] == [
        f"aws lightsail detach-static-ip {words}",
        f"aws lightsail attach-static-ip {words} --instance-name invoices-2",
    ]


def test_without_a_key_of_the_account_the_commands_are_told(monkeypatch):
    def no_key(_service, region_name):
        raise NoCredentialsError

    monkeypatch.setattr(address.boto3, "client", no_key)

    assert "Unable to locate credentials" in move_address(*servers())[0]


def test_a_server_that_has_no_rented_address_is_told_with_the_commands(account):
    lightsail = account(Lightsail())
    lightsail.attached = {}

    assert "no static address is attached to invoices" in move_address(*servers())[0]


def test_elsewhere_the_records_are_told():
    assert move_address(*servers(instance_name="", region="")) == [
        "Now set these records, with which the site moves: invoices.example.com A 203.0.113.7, "
        "invoices.example.com AAAA 2001:db8::2."
    ]
