"""The monthly cost of the stack, by item."""

from collections.abc import Iterator
from decimal import Decimal

from infra.cluster import costs as cluster_costs
from infra.prices import ITEMS, Price, bundle_price
from infra.settings import InfraSettings


def monthly(settings: InfraSettings) -> list[Price]:
    """Return what is noted; the server is missing if the price of its bundle is not."""
    items = [ITEMS[name] for name in _items(settings)]
    return [*_server(settings), *items, *(cluster_costs.monthly(settings) if settings.has_cluster else ())]


def is_noted(settings: InfraSettings) -> bool:
    """Tell whether the price of the server is noted, if there is one."""
    return not settings.has_server or bundle_price(settings.bundle) is not None


def total(prices: list[Price]) -> Decimal:
    """In dollars a month."""
    return sum((price.dollars for price in prices), Decimal(0))


def is_above_budget(settings: InfraSettings) -> bool:
    return total(monthly(settings)) > settings.monthly_budget


def by_item(settings: InfraSettings) -> dict[str, str]:
    """Return dollars a month by item, the last of which is all of them together."""
    prices = monthly(settings)
    together = "A month" if is_noted(settings) else f"A month, without {settings.bundle}"
    return {price.what: f"{price.dollars:.2f}" for price in prices} | {together: f"{total(prices):.2f}"}


def table(settings: InfraSettings) -> str:
    return "\n".join(f"{what:<64} ${dollars:>6}" for what, dollars in by_item(settings).items())


def _server(settings: InfraSettings) -> list[Price]:
    server = bundle_price(settings.bundle)
    return [server] if settings.has_server and server else []


def _items(settings: InfraSettings) -> Iterator[str]:
    has_server = settings.has_server
    rented = {
        "snapshots": has_server,
        "backups": settings.backups,
        "alarms_basic": has_server and settings.monitoring == "basic",
        "alarms_detailed": has_server and settings.monitoring == "detailed",
        "outside_check": has_server and settings.monitoring == "detailed",
        "zone": settings.dns == "route53",
        "logs": has_server and settings.logs == "cloudwatch",
        "secrets_manager": has_server and settings.secrets == "secretsmanager",
        "disk_key": has_server and settings.disk_encryption == "secretsmanager",
    }
    return (name for name, is_rented in rented.items() if is_rented)
