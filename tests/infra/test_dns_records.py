"""The domain leads to the server by IPv4 and IPv6, and only Let's Encrypt may vouch for it."""

import pytest
from support.pulumi_stack import ANSWERS, rented

ZONE = {"dnsZone": "example.com"}


def test_at_route53_all_records_are_set():
    records = rented(dns="route53", **ZONE).of("Record")

    assert [(one.inputs["name"], one.inputs["type"], one.inputs["records"]) for one in records] == [
        ("invoices.example.com", "A", ["198.51.100.9"]),
        ("invoices.example.com", "AAAA", ["2001:db8::9"]),
        ("invoices.example.com", "CAA", ['0 issue "letsencrypt.org"']),
    ]
    assert {(one.inputs["ttl"], one.inputs["allowOverwrite"]) for one in records} == {(300, True)}


def test_at_lightsail_the_addresses_are_set_where_its_domains_are_known():
    entries = rented(dns="lightsail", **ZONE).of("DomainEntry")

    assert [(one.inputs["name"], one.inputs["type"], one.inputs["target"]) for one in entries] == [
        ("invoices", "A", "198.51.100.9"),
        ("invoices", "AAAA", "2001:db8::9"),
    ]
    assert {one.inputs["region"] for one in entries} == {"us-east-1"}


def test_the_zone_itself_can_be_the_domain():
    entries = rented(dns="lightsail", domain="example.com", **ZONE).of("DomainEntry")

    assert {one.inputs["name"] for one in entries} == {""}


@pytest.mark.parametrize("dns", [{"dns": "route53", **ZONE}, {"dns": "external"}])
def test_a_zone_itself_gets_no_caa_record_as_it_would_bind_all_its_names(dns):
    stack = rented(domain="example.com", **dns)

    kinds = [one.inputs["type"] for one in stack.resources if one.kind == "Record"]
    assert "CAA" not in [*kinds, *stack.outputs["dns_records_to_set"].split()]


@pytest.fixture
def no_ipv6_yet(monkeypatch):
    monkeypatch.setitem(ANSWERS, "aws:lightsail/instance:Instance", {"ipv6Addresses": []})


@pytest.mark.parametrize(("dns", "kind"), [("route53", "Record"), ("lightsail", "DomainEntry")])
def test_an_ipv6_address_that_is_not_there_yet_has_no_record(no_ipv6_yet, dns, kind):
    assert "AAAA" not in [one.inputs["type"] for one in rented(dns=dns, **ZONE).of(kind)]


def test_an_ipv6_address_that_is_not_there_yet_is_not_among_the_records_to_set(no_ipv6_yet):
    assert "AAAA" not in rented().outputs["dns_records_to_set"]


def test_elsewhere_the_records_are_printed():
    stack = rented()

    assert stack.outputs["dns_records_to_set"].splitlines() == [
        "invoices.example.com. 300 IN A 198.51.100.9",
        "invoices.example.com. 300 IN AAAA 2001:db8::9",
        'invoices.example.com. 300 IN CAA 0 issue "letsencrypt.org"',
    ]
    assert not {"Record", "DomainEntry"} & stack.kinds()


def test_a_server_without_ipv6_has_no_aaaa():
    assert "AAAA" not in rented(addresses="ipv4").outputs["dns_records_to_set"]


def test_n8n_has_a_name_below_the_domain_where_automation_is_wanted():
    records = rented(dns="route53", automation=True, **ZONE).of("Record")

    assert [(one.inputs["name"], one.inputs["type"], one.inputs["records"]) for one in records][3:] == [
        ("n8n.invoices.example.com", "A", ["198.51.100.9"]),
        ("n8n.invoices.example.com", "AAAA", ["2001:db8::9"]),
    ]
    entries = rented(dns="lightsail", automation=True, **ZONE).of("DomainEntry")
    assert [one.inputs["name"] for one in entries] == ["invoices", "invoices", "n8n.invoices", "n8n.invoices"]


def test_elsewhere_the_records_of_n8n_are_printed_too():
    lines = rented(automation=True).outputs["dns_records_to_set"].splitlines()

    assert lines[-2:] == [
        "n8n.invoices.example.com. 300 IN A 198.51.100.9",
        "n8n.invoices.example.com. 300 IN AAAA 2001:db8::9",
    ]
