"""What the app counts of itself, read from its own address: the proxy lets nobody see it."""

import re
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    with urllib.request.urlopen(f"http://{_address(container)}:{PORT}/metrics", timeout=_SECONDS) as answer:
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
