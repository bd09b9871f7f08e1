"""To where a webhook may be sent, and when it is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.webhooks import MOST_TRIES, is_allowed, wait_after, why_not

NOT_ON_THE_INTERNET = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.28.81.5",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", NOT_ON_THE_INTERNET)
def test_an_address_that_is_not_on_the_internet_is_refused(address):
    assert not is_allowed(address, may_be_private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_internet_is_allowed(address):
    assert is_allowed(address, may_be_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "172.28.81.5", "::1", "fd12::1"])
def test_a_private_address_is_allowed_where_the_operator_names_the_host(address):
    assert is_allowed(address, may_be_private=True)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"])
def test_what_the_cloud_tells_its_machines_is_refused_even_then(address):
    assert not is_allowed(address, may_be_private=True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_good_as_the_ipv6_addresses_that_lead_to_it(address):
    number = int(address)
    for leading in (f"::ffff:{address}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert is_allowed(leading, may_be_private=False) == is_allowed(str(address), may_be_private=False)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://example.com/hook?a=1", ""),
        ("https://example.com:443/", ""),
        ("http://example.com/", "The address must begin with https://, as what is sent tells what customers owe."),
        ("https://example.com:8443/", "Only port 443 can be reached: leave the port out."),
        ("https://ann:secret@example.com/", "Please leave out user and password: the signature proves who sends."),
        ("https://@example.com/", "Please leave out user and password: the signature proves who sends."),
        ("ftp://example.com/", "This is not an address such as https://example.com/webhook."),
        ("https://exa mple.com/", "This is not an address such as https://example.com/webhook."),
        ("https://example.com\\@10.0.0.1/", "This is not an address such as https://example.com/webhook."),
        ("https://example.com:99999/", "This is not an address such as https://example.com/webhook."),
        ("https:///hook", "This is not an address such as https://example.com/webhook."),
        ("", "This is not an address such as https://example.com/webhook."),
    ],
)
def test_the_address_of_an_endpoint_is_checked_as_it_is_entered(url, sentence):
    assert why_not(url, ()) == sentence


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "169.254.169.254", "n8n", "db.internal", "localhost", "a.local"]
)
def test_a_host_that_is_not_on_the_internet_is_refused_with_the_setting_that_names_such(host):
    assert "WEBHOOK_PRIVATE_HOSTS" in why_not(f"https://{host}/", ())


@pytest.mark.parametrize("named", ["n8n", "n8n:5678"])
def test_a_host_that_the_operator_names_may_be_private_and_without_tls(named):
    assert why_not("http://n8n:5678/webhook/a", {named}) == ""


def test_another_port_of_a_host_that_is_named_with_its_port_is_refused():
    assert why_not("http://n8n:5679/webhook/a", {"n8n:5678"}) != ""


def test_a_delivery_is_tried_for_three_days_with_growing_waits():
    waits = [wait_after(tries) for tries in range(1, MOST_TRIES)]

    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert sum(waits, timedelta()) == timedelta(hours=75, minutes=36)


def test_after_the_tenth_try_it_is_given_up():
    assert wait_after(10) is None
