"""The domain leads to the server by IPv4 and IPv6, and only Let's Encrypt may vouch for it."""

from support.pulumi_stack import rented

ZONE = {"dnsZone": "example.com"}


def test_at_route53_all_records_are_set():
    records = rented(dns="route53", **ZONE).of("Record")

    assert [(one.inputs["name"], one.inputs["type"], one.inputs["records"]) for one in records] == [
        ("invoices.example.com", "A", ["198.51.100.9"]),
        ("invoices.example.com", "AAAA", ["2001:db8::9"]),
        ("invoices.example.com", "CAA", ['0 issue "letsencrypt.org"']),
    ]
    assert {one.inputs["ttl"] for one in records} == {300}


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
