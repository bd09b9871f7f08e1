"""How long the app takes to answer: the time within which 95 of 100 requests were answered, by route."""

from collections.abc import Sequence

import app_metrics

_SHARE = 0.95
_BUCKET = "_seconds_bucket"


def by_route(found: Sequence[app_metrics.MetricSample]) -> list[tuple[str, float]]:
    """Return routes with seconds, the slowest first; beyond the last bucket it is infinite."""
    counted: dict[str, dict[float, float]] = {}
    for one in found:
        route = one.labels.get("route")
        if route and one.name.startswith("invoices_") and one.name.endswith(_BUCKET):
            buckets = counted.setdefault(route, {})
            limit = float(one.labels["le"].replace("+Inf", "inf"))
            buckets[limit] = buckets.get(limit, 0) + one.value
    times = [(route, _within(buckets)) for route, buckets in counted.items()]
    return sorted(times, key=lambda time: time[1], reverse=True)


def _within(buckets: dict[float, float]) -> float:
    wanted = _SHARE * max(buckets.values())
    return min(limit for limit, count in buckets.items() if count >= wanted)
