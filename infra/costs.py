"""The monthly cost of the stack, by item."""

from collections.abc import Iterator
from decimal import Decimal

from infra.prices import ITEMS, Price, bundle_price
from infra.settings import InfraSettings


def monthly(settings: InfraSettings) -> list[Price]:
    """Return what is noted; the server is missing if the price of its bundle is not."""
    server = bundle_price(settings.bundle)
    return [*([server] if server else []), *(ITEMS[name] for name in _items(settings))]


def total(prices: list[Price]) -> Decimal:
    """In dollars a month."""
    return sum((price.dollars for price in prices), Decimal(0))


def is_above_budget(settings: InfraSettings) -> bool:
    return total(monthly(settings)) > settings.monthly_budget


def by_item(settings: InfraSettings) -> dict[str, str]:
    """Return dollars a month by item, the last of which is all of them together."""
    prices = monthly(settings)
    together = "A month" if bundle_price(settings.bundle) else f"A month, without {settings.bundle}"
    return {price.what: f"{price.dollars:.2f}" for price in prices} | {together: f"{total(prices):.2f}"}


def table(settings: InfraSettings) -> str:
    return "\n".join(f"{what:<58} ${dollars:>6}" for what, dollars in by_item(settings).items())


def _items(settings: InfraSettings) -> Iterator[str]:
    rented = {
        "snapshots": True,
        "backups": settings.backups,
        "alarms_basic": settings.monitoring == "basic",
        "alarms_detailed": settings.monitoring == "detailed",
        "outside_check": settings.monitoring == "detailed",
        "zone": settings.dns == "route53",
        "logs": settings.logs == "cloudwatch",
        "secrets_manager": settings.secrets == "secretsmanager",
        "disk_key": settings.disk_encryption == "secretsmanager",
    }
    return (name for name, is_rented in rented.items() if is_rented)
