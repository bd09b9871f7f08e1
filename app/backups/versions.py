"""Which version of the product this is."""

import importlib.metadata


def product_version() -> str:
    try:
        return importlib.metadata.version("invoices")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
