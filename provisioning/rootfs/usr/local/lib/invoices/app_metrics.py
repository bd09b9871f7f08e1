"""What the app counts of itself, read from its own address: the proxy lets nobody see it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection

import machine

PORT = 8000
_SECONDS = 5
_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class MetricSample:
    name: str
    labels: dict[str, str]
    value: float


def of(container: str) -> list[MetricSample]:
    """Raise OSError or UnknownError if the container does not answer."""
    # The app answers to its own name only, at whatever address.
    name = machine.stack_settings().get("DOMAIN", "")
    connection = HTTPConnection(_address(container), PORT, timeout=_SECONDS)
    with closing(connection):
        connection.request("GET", "/metrics", headers={"Host": name})
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise machine.UnknownError(f"the app answers /metrics with {answer.status}")
        return list(samples(answer.read().decode()))


def samples(text: str) -> Iterator[MetricSample]:
    """Read Prometheus' own format."""
    for line in text.splitlines():
        found = None if line.startswith("#") else _LINE.match(line)
        if found:
            labels = dict(_LABEL.findall(found["labels"] or ""))
            yield MetricSample(found["name"], labels, float(found["value"]))


def errors(found: Sequence[MetricSample]) -> float:
    """Return how many requests failed since the app was started."""
    counted = (one for one in found if one.name == "invoices_requests_total")
    return sum(one.value for one in counted if one.labels.get("status", "").startswith("5"))


def _address(container: str) -> str:
    networks = machine.inspected(container)["NetworkSettings"]["Networks"]
    addresses = [network["IPAddress"] for network in networks.values() if network.get("IPAddress")]
    if not addresses:
        raise machine.UnknownError("the app has no address")
    return str(addresses[0])
