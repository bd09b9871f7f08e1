"""Files for the server, stored under rootfs/ at the path they have there."""

from pathlib import Path
from string import Template

_ROOTFS = Path(__file__).parent / "rootfs"


def text(path: str) -> str:
    return (_ROOTFS / path.lstrip("/")).read_text(encoding="utf-8")


def filled(path: str, **values: str) -> str:
    """Fill in `$name` placeholders; raises KeyError if a value is missing."""
    return Template(text(path)).substitute(values)
