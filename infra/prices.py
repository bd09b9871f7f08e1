"""Monthly prices of AWS from `prices.toml`, with the date and source of each."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Price:
    """In dollars a month."""

    what: str
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class BundlePrice(Price):
    memory_gigabytes: float


_FOUND = tomllib.loads(Path(__file__).with_name("prices.toml").read_text(encoding="utf-8"), parse_float=Decimal)
BUNDLES = {
    name: BundlePrice(f"Server {name}", Decimal(row["dollars"]), row["memory_gigabytes"])
    for name, row in sorted(_FOUND["bundles"].items(), key=lambda one: one[1]["dollars"])
}
ITEMS = {name: Price(row["what"], Decimal(row["dollars"])) for name, row in _FOUND["items"].items()}
