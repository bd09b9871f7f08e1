"""Webhooks: the kinds of events, when a delivery is tried again, and to where one may be sent."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

# From one try to the next: ten tries in about three days, as Standard Webhooks recommends.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
MOST_TRIES = len(WAITS) + 1
CLAIMED_FOR = timedelta(minutes=2)  # on its way for longer, the worker was stopped while it sent
OLD_SECRET_SIGNS_FOR = timedelta(hours=24)
DELIVERED_ARE_KEPT_FOR = timedelta(days=30)
FAILED_ARE_KEPT_FOR = timedelta(days=90)

TEST_TYPE = "webhook.test"
LONGEST_URL = 500

_HTTPS_PORT = 443
_METADATA = IPv6Address("fd00:ec2::254")  # of AWS; over IPv4 it is link-local, 169.254.169.254
_NAT64 = IPv6Network("64:ff9b::/96")
_LOWEST_IPV4 = 0xFFFFFFFF  # the bits of an IPv6 address in which NAT64 has the IPv4 address


class EventType(StrEnum):
    IMPORT_APPLIED = "import.applied"
    IMPORT_UNDONE = "import.undone"
    IMPORT_FAILED = "import.failed"
    PAYMENT_RECORDED = "payment.recorded"
    PAYMENT_VOIDED = "payment.voided"
    INCOMING_PAYMENT_UNMATCHED = "incoming_payment.unmatched"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    ON_ITS_WAY = "on its way"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


def wait_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries, None after the last."""
    return WAITS[tries - 1] if tries < MOST_TRIES else None


def why_not(url: str, private_hosts: Collection[str]) -> str:
    """Return why nothing can be sent to the URL, in a sentence; empty if it may, as far as its text says."""
    parts = _parts(url)
    if parts is None or not parts.hostname:
        return "This is not an address such as https://example.com/webhook."
    if parts.username is not None or parts.password is not None:
        return "Please leave out user and password: the signature proves who sends."
    if is_private_host(url, private_hosts):
        return ""
    if parts.scheme != "https":
        return "The address must begin with https://, as what is sent tells what customers owe."
    if (parts.port or _HTTPS_PORT) != _HTTPS_PORT:
        return "Only port 443 can be reached: leave the port out."
    if _is_reserved(parts.hostname):
        return "This address is not on the internet: the setting WEBHOOK_PRIVATE_HOSTS names hosts that may be private."
    return ""


def is_private_host(url: str, private_hosts: Collection[str]) -> bool:
    """Return whether the operator names the host, as HOST or HOST:PORT, among those that may be private."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool({parts.hostname, _with_port(parts)} & {*private_hosts})


def is_allowed(address: str, *, may_be_private: bool) -> bool:
    """Return whether a connection may go to the IP address; what the cloud says to its machines is never allowed."""
    ip = _innermost(ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip == _METADATA:
        return False
    return may_be_private or ip.is_global


def _parts(url: str) -> SplitResult | None:
    is_plain = url.isascii() and url.isprintable() and not {" ", "\\"} & {*url}
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return None
    return parts if is_plain and has_port and parts.scheme in {"http", "https"} else None


def _with_port(parts: SplitResult) -> str:
    return f"{parts.hostname}:{parts.port or (80 if parts.scheme == 'http' else _HTTPS_PORT)}"


def _is_reserved(host: str) -> bool:
    try:
        return not is_allowed(host, may_be_private=False)
    except ValueError:  # a name, or a number that only a resolver takes for an address: checked when it is resolved
        return "." not in host.rstrip(".") or host.rstrip(".").endswith((".localhost", ".local", ".internal"))


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address leads to, if it is of such a kind."""
    if isinstance(ip, IPv4Address):
        return ip
    through_nat64 = IPv4Address(int(ip) & _LOWEST_IPV4) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or through_nat64 or ip
