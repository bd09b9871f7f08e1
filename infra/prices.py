"""Monthly prices of AWS from `prices.toml`, with the date and source of each."""

import re
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


_FOUND = tomllib.loads(Path(__file__).with_name("prices.toml").read_text(encoding="utf-8"), parse_float=Decimal)
_BUNDLES = _FOUND["bundles"]
_BUNDLE_NAME = re.compile(
    r"([a-z0-9]+_[0-9]+)_[0-9]+"
)  # size, generation, and a number that some regions have another of
UNITS: Mapping[str, Decimal] = {name: Decimal(row["dollars"]) for name, row in _FOUND["units"].items()}
ITEMS = {name: Price(row["what"], Decimal(row["dollars"])) for name, row in _FOUND["items"].items()}


def bundle_price(name: str) -> BundlePrice | None:
    """Return what was noted of a bundle of this size and generation in us-east-1, None if nothing was."""
    found = _BUNDLE_NAME.fullmatch(name)
    row = _BUNDLES.get(found[1]) if found else None
    return BundlePrice(f"Server {name}", Decimal(row["dollars"]), row["memory_gigabytes"]) if row else None
