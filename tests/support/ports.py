"""Ports of this machine that are free."""

import socket
from itertools import islice

_FIRST_LASTING = 18_001
_AFTER_LASTING = 19_000


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def lasting_ports(count: int) -> list[int]:
    """Return ports that no outgoing connection takes while nothing listens there: they are below the system's own."""
    return list(islice(filter(_is_free, range(_FIRST_LASTING, _AFTER_LASTING)), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
