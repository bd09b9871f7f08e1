"""Connections of this machine that nftables makes silent: their packets are dropped, and nobody hears of it."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_RULES = """
table inet silence {{
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp sport {{ {clients} }} tcp dport {port} drop
    tcp sport {port} tcp dport {{ {clients} }} drop
  }}
}}
"""


@contextmanager
def silenced(port: int) -> Iterator[int]:
    """Silence the connections that clients have with the port now, and yield how many; new ones work."""
    clients = _clients_of(port)
    subprocess.run(
        ["nft", "-f", "-"], input=_RULES.format(clients=", ".join(clients), port=port), check=True, text=True
    )
    try:
        yield len(clients)
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "silence"], check=True)


def _clients_of(port: int) -> list[str]:
    listed = subprocess.run(
        ["ss", "-tnH", "state", "established", "dport", "=", f":{port}"], check=True, capture_output=True, text=True
    ).stdout
    return sorted(set(re.findall(rf"127\.0\.0\.1:(\d+)\s+127\.0\.0\.1:{port}\b", listed)))
