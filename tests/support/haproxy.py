"""HAProxy in place of a cloud's balancer, and of the one name under which its database is reached."""

import csv
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.patroni import Pair
from support.polling import is_so_within
from support.ports import free_port
from support.tools_of_ha import environment, program

SECONDS_UNTIL_NOTICED = 3  # two checks, a second from each other
_STARTS_WITHIN_SECONDS = 20
# A client of the database that falls silent is given up as PostgreSQL itself would do it, which HAProxy hides it from.
# A balancer of AWS does not send a request to a second target, as it may have reached the first: no retries.
_CONFIGURATION = """
global
  stats socket {socket} mode 600 level admin
  maxconn 500
defaults
  timeout connect 2s
  timeout client 5m
  timeout server 5m
  retries 0
listen database
  bind 127.0.0.1:{database_port} tcp-ut 7s
  mode tcp
  option clitcpka
  clitcpka-idle 4s
  clitcpka-intvl 2s
  clitcpka-cnt 2
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{members}
listen site
  bind 127.0.0.1:{site_port}
  mode http
  timeout server 65s
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  balance roundrobin
  option httpchk
  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host 127.0.0.1
  http-check expect status 200
  default-server inter 1s fall 2 rise 1
{copies}
"""


@dataclass(frozen=True)
class Balancer:
    site_port: int
    database_port: int
    control: Path
    copy_ports: tuple[int, ...]

    def is_up(self, copy_port: int) -> bool:
        """Return whether requests are sent to the copy."""
        return self._figures(copy_port)["status"] == "UP"

    def requests_sent_to(self, copy_port: int) -> int:
        return int(self._figures(copy_port)["stot"])

    def drain(self, copy_port: int) -> None:
        """Send no new request there, and wait until the last one is answered."""
        self._ask(f"set server site/{copy_port} state drain")
        assert is_so_within(60, lambda: self._figures(copy_port)["scur"] == "0")

    def let_in(self, copy_port: int) -> None:
        self._ask(f"set server site/{copy_port} state ready")

    def _figures(self, copy_port: int) -> dict[str, str]:
        lines = csv.DictReader(self._ask("show stat").removeprefix("# ").splitlines())
        return next(line for line in lines if (line["pxname"], line["svname"]) == ("site", str(copy_port)))

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.control))
            connection.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@contextmanager
def running_balancer(folder: Path, pair: Pair, copy_ports: tuple[int, ...]) -> Iterator[Balancer]:
    """Balance requests over the copies at these ports, of which none has to be there yet."""
    balancer = Balancer(free_port(), free_port(), folder / "haproxy.sock", copy_ports)
    members = [f"  server {one.name} 127.0.0.1:{one.port} check port {one.api_port}" for one in pair.members]
    configuration = folder / "haproxy.cfg"
    configuration.write_text(
        _CONFIGURATION.format(
            socket=balancer.control,
            database_port=balancer.database_port,
            site_port=balancer.site_port,
            members="\n".join(members),
            copies="\n".join(f"  server {port} 127.0.0.1:{port} check" for port in copy_ports),
        )
    )
    with (folder / "haproxy.log").open("w") as log:
        popen = subprocess.Popen(
            [program("haproxy"), "-db", "-f", configuration], env=environment(), stdout=log, stderr=log
        )
    try:
        assert is_so_within(_STARTS_WITHIN_SECONDS, balancer.control.exists), (folder / "haproxy.log").read_text()
        yield balancer
    finally:
        popen.kill()
        popen.wait()
