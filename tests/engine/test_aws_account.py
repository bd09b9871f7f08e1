"""The stand-in account is as unforgiving as Lightsail: what would go wrong there goes wrong here."""

import pytest
from support.aws_account import ATTACHMENT, INSTANCE, PORTS, STATIC_IP, Account, RefusedError

WEB = {"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrs": ["0.0.0.0/0"], "ipv6Cidrs": ["::/0"]}


@pytest.fixture
def account():
    account = Account()
    account.create(INSTANCE, "server", {"name": "one"})
    account.create(STATIC_IP, "address", {"name": "address"})
    return account


def test_a_new_instance_is_open_to_the_world(account):
    assert [(port["fromPort"], port["cidrs"]) for port in account.instances["one"].ports] == [
        (22, ["0.0.0.0/0"]), (80, ["0.0.0.0/0"]),
    ]  # fmt: skip


def test_ports_opened_before_the_old_set_is_closed_are_closed_with_it(account):
    ports = {"instanceName": "one", "portInfos": [WEB]}
    account.create(PORTS, "ports", ports)
    id_, _ = account.create(PORTS, "ports", ports)

    account.delete(PORTS, id_, ports)

    assert account.instances["one"].ports == []


def test_detaching_by_the_name_of_the_address_takes_it_from_whoever_has_it_by_now(account):
    attachment = {"staticIpName": "address", "instanceName": "one"}
    account.create(ATTACHMENT, "attachment", attachment)
    account.create(INSTANCE, "server", {"name": "two"})
    account.create(ATTACHMENT, "attachment", {**attachment, "instanceName": "two"})

    account.delete(ATTACHMENT, "address", attachment)

    assert account.instances["two"].static_ip == ""


def test_two_instances_of_one_name_cannot_be(account):
    with pytest.raises(RefusedError, match="already in use"):
        account.create(INSTANCE, "server", {"name": "one"})
