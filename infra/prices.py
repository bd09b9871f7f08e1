"""Monthly prices of AWS from `prices.toml`, with the date and source of each."""

import tomllib
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Prices:
    bundles: Mapping[str, BundlePrice]
    items: Mapping[str, Price]


def _read(path: Path) -> Prices:
    found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    bundles = {
        name: BundlePrice(f"Server {name}", Decimal(row["dollars"]), row["memory_gigabytes"])
        for name, row in sorted(found["bundles"].items(), key=lambda one: one[1]["dollars"])
    }
    return Prices(bundles, {name: Price(row["what"], Decimal(row["dollars"])) for name, row in found["items"].items()})


PRICES = _read(Path(__file__).with_name("prices.toml"))
