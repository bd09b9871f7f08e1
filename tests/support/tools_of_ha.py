"""Where etcd, HAProxy and Patroni are, and why they cannot be run here."""

import os
import shutil
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_UNPACKED = _ROOT / ".tools/ha"
PATRONI = _ROOT / ".venv-ha/bin/patroni"


def program(name: str) -> str:
    """Return the path of etcd or haproxy, "" where there is none."""
    places = (_UNPACKED / "usr/bin" / name, _UNPACKED / "usr/sbin" / name)
    return next((str(place) for place in places if place.exists()), "") or shutil.which(name) or ""


def environment() -> dict[str, str]:
    """Return the environment in which an unpacked program finds its libraries."""
    libraries = ":".join(str(folder) for folder in _UNPACKED.glob("usr/lib/*-linux-gnu"))
    return {**os.environ, "LD_LIBRARY_PATH": libraries} if libraries else dict(os.environ)


def why_not() -> str:
    """Return which program is not here, "" where all are."""
    missing = [name for name in ("etcd", "haproxy") if not program(name)]
    missing += [] if PATRONI.exists() else ["patroni"]
    return f"{' and '.join(missing)} not installed (make ha-test installs them)" if missing else ""
