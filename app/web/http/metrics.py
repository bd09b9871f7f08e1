"""What the app counts of itself, in the words of Prometheus; no label has more values than there are routes.

Where several processes serve, each counts in a file of its own, and whoever is asked adds them up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_NO_ROUTE = "none"


@dataclass(frozen=True, slots=True)
class Metrics:
    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    failed_logins: Counter

    @classmethod
    def new(cls) -> Self:
        # Chosen when the library was imported, which may have been before this process was made.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # the library leaves it bare
        registry = CollectorRegistry()
        return cls(
            registry,
            Counter(
                "invoices_requests",
                "Requests by route, method and class of status.",
                ["route", "method", "status"],
                registry=registry,
            ),
            Histogram(
                "invoices_request_seconds",
                "How long a request took, by route.",
                ["route"],
                registry=registry,
                buckets=_SECONDS,
            ),
            Counter("invoices_failed_logins", "Sign-ins that failed, by step.", ["step"], registry=registry),
        )

    def count_request(
        self, environ: Mapping[str, Any], status: str, seconds: float, *, in_maintenance: bool = False
    ) -> None:
        """Count what maintenance refuses apart: it is no failure, and alarms nobody."""
        kind = "maintenance" if in_maintenance and status.startswith("503") else f"{status[:1]}xx"
        route = getattr(environ.get("bottle.route"), "rule", _NO_ROUTE)
        method = environ.get("REQUEST_METHOD", "")
        self.requests.labels(route, method if method in _METHODS else "other", kind).inc()
        self.seconds.labels(route).observe(seconds)

    def told(self, others: Collector) -> bytes:
        """Return all of it, with what others collect when they are asked."""
        return generate_latest(self._counted()) + generate_latest(_only(others))

    def _counted(self) -> CollectorRegistry:
        every = CollectorRegistry()
        try:
            MultiProcessCollector(every)  # type: ignore[no-untyped-call]  # the library leaves it bare
        except ValueError:  # one process serves alone
            return self.registry
        return every


def _only(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
