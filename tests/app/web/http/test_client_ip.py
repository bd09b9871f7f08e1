"""Where a request comes from: behind one proxy, behind a balancer before it, and behind CloudFront before both."""

from ipaddress import ip_network

import pytest

from app.web.http.client_ip import Proxies

TASK = tuple(map(ip_network, ("127.0.0.0/8", "10.20.0.0/16")))
SENT = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.7, 10.20.1.5"}
CLOUDFRONT = {**SENT, "HTTP_CLOUDFRONT_VIEWER_ADDRESS": "192.0.2.44:46532"}


def test_behind_a_balancer_it_is_what_the_balancer_saw_and_not_what_the_client_says():
    assert Proxies(TASK).address_of(SENT) == "203.0.113.7"


def test_behind_cloudfront_it_is_the_viewer():
    assert Proxies(TASK, is_behind_cloudfront=True).address_of(CLOUDFRONT) == "192.0.2.44"


@pytest.mark.parametrize("viewer", ["2001:db8::7:46532", "[2001:db8::7]:46532"])
def test_a_viewer_may_have_an_address_of_ipv6(viewer):
    sent = {**SENT, "HTTP_CLOUDFRONT_VIEWER_ADDRESS": viewer}

    assert Proxies(TASK, is_behind_cloudfront=True).address_of(sent) == "2001:db8::7"


def test_without_cloudfront_anybody_could_send_its_header():
    assert Proxies(TASK).address_of(CLOUDFRONT) == "203.0.113.7"


def test_a_viewer_that_no_proxy_of_ours_passed_on_does_not_count():
    sent = {**CLOUDFRONT, "REMOTE_ADDR": "203.0.113.9"}

    assert Proxies(TASK, is_behind_cloudfront=True).address_of(sent) == "203.0.113.9"


@pytest.mark.parametrize("viewer", ["", "nonsense", "nonsense:1", "192.0.2.44", "192.0.2.44:x"])
def test_a_viewer_that_cannot_be_read_does_not_count(viewer):
    sent = {**SENT, "HTTP_CLOUDFRONT_VIEWER_ADDRESS": viewer}

    assert Proxies(TASK, is_behind_cloudfront=True).address_of(sent) == "203.0.113.7"
