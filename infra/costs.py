"""The monthly cost of the stack, by item."""

from collections.abc import Iterator
from decimal import Decimal

from infra.prices import BUNDLES, ITEMS, Price
from infra.settings import InfraSettings


def monthly(settings: InfraSettings) -> list[Price]:
    return [BUNDLES[settings.bundle], *(ITEMS[name] for name in _items(settings))]


def total(prices: list[Price]) -> Decimal:
    """In dollars a month."""
    return sum((price.dollars for price in prices), Decimal(0))


def table(prices: list[Price]) -> str:
    lines = [f"{price.what:<58} ${price.dollars:>6.2f}" for price in prices]
    return "\n".join([*lines, f"{'A month':<58} ${total(prices):>6.2f}"])


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
