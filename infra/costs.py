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
    yield "snapshots"
    if settings.backups:
        yield "backups"
    if settings.monitoring == "basic":
        yield "alarms_basic"
    if settings.monitoring == "detailed":
        yield "alarms_detailed"
        yield "outside_check"
    if settings.dns == "route53":
        yield "zone"
    if settings.secrets == "secretsmanager":
        yield "secrets_manager"
