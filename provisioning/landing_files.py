"""The files that land on a server: they stand under rootfs/ at the path where they land."""

from pathlib import Path
from string import Template

_ROOTFS = Path(__file__).parent / "rootfs"


def text(path: str) -> str:
    """Return the file that lands at this path, as it stands."""
    return (_ROOTFS / path.lstrip("/")).read_text(encoding="utf-8")


def filled(path: str, **values: str) -> str:
    """Return the file that lands at this path with the values in it; raises KeyError where one is missing."""
    return Template(text(path)).substitute(values)
