"""The stand-in account is as unforgiving as Lightsail: what would go wrong there goes wrong here."""

from pathlib import Path

import pytest
from support.aws_account import ATTACHMENT, GUESSES, INSTANCE, PORTS, STATIC_IP, Account, RefusedError
from support.pulumi_stack import rented

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("left_out", [{}, {"ipv6Cidrs": []}])
def test_networks_that_are_left_out_are_everybody_s_and_an_empty_list_is_left_out(account, left_out):
    port = {"fromPort": 22, "toPort": 22, "protocol": "tcp", "cidrs": ["203.0.113.7/32"], **left_out}
    account.create(PORTS, "ports", {"instanceName": "one", "portInfos": [port]})

    assert account.instances["one"].ports == [{**port, "ipv6Cidrs": ["::/0"]}]


def test_an_empty_list_of_any_resource_reaches_aws_as_nothing_at_all(account):
    _, made = account.create("aws:sns/topic:Topic", "alarms", {"name": "alarms", "policies": [], "deep": [{"a": []}]})

    assert (made["name"], made["deep"], "policies" in made) == ("alarms", [{}], False)


ALL = {
    "dns": "route53", "dnsZone": "example.com", "monitoring": "detailed", "logs": "cloudwatch",
    "secrets": "secretsmanager", "diskEncryption": "secretsmanager",
}  # fmt: skip


def put_up(account, region, **changes):
    for one in rented(region=region, **{**ALL, **changes}).resources:
        if one.options.custom:
            account.create(one.options.type, one.name, one.inputs, region)


def test_two_stacks_of_one_name_go_up_in_two_regions_of_one_account():
    account = Account()
    put_up(account, "eu-central-1")
    put_up(account, "eu-west-1", domain="elsewhere.example.com")

    assert len([name for name in account.names if "aws:iam/user:User" in name]) == 4
    assert len([name for name in account.names if name.startswith("eu-west-1 aws:lightsail/instance:Instance")]) == 1


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:iam/user:User", {"name": "invoices-server"}),
        ("aws:budgets/budget:Budget", {"name": "invoices-monthly"}),
        ("aws:route53/record:Record", {"name": "invoices.example.com", "type": "A", "zoneId": "Z1"}),
    ],
)
def test_names_of_the_account_are_refused_in_another_region_too(kind, inputs):
    account = Account()
    account.create(kind, "one", inputs, "eu-central-1")

    with pytest.raises(RefusedError, match="already in use"):
        account.create(kind, "two", inputs, "eu-west-1")


def test_every_guess_of_the_stand_in_is_on_the_page_about_the_first_account():
    page = (ROOT / "docs" / "first-account.md").read_text()

    assert [guess for guess in GUESSES.values() if guess not in page] == []


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
