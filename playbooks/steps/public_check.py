"""Check that the site answers under its name, over HTTPS, with a valid certificate."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable

from playbooks.steps.authorities import trusted
from provisioning.host import HostError

_PORT = 443
_SECONDS = 10


def wait_until_served(
    address: str,
    domain: str,
    *,
    authority: str = "",
    is_trial: bool = False,
    seconds: float = 30,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once `/health` answers ok; raises HostError if it does not within `seconds`.

    `authority` is a PEM certificate to trust besides those of this machine; `is_trial` switches verification off, as
    for Let's Encrypt's staging authority, which no client trusts.
    """
    trust = trusted()
    if authority:
        trust.load_verify_locations(cadata=authority)
    if is_trial:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    until = time.monotonic() + seconds
    while True:
        try:
            check(address, domain, trust)
        except HostError:
            if time.monotonic() > until:
                raise
            pause(1)
        else:
            return


def check(address: str, domain: str, trust: ssl.SSLContext) -> None:
    """Request `/health` at the address under the domain's name; raises HostError."""
    try:
        with (
            socket.create_connection((address, _PORT), timeout=_SECONDS) as plain,
            trust.wrap_socket(plain, server_hostname=domain) as secured,
        ):
            connection = http.client.HTTPSConnection(domain, timeout=_SECONDS)
            connection.sock = secured
            connection.request("GET", "/health")
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise HostError(f"https://{domain} at {address} does not answer: {error}.") from error
    if answer.status != http.HTTPStatus.OK or not _is_ok(body):
        raise HostError(f"https://{domain}/health at {address} answers {answer.status}: {body[:200]}")


def _is_ok(body: str) -> bool:
    try:
        return bool(json.loads(body) == {"status": "ok"})
    except ValueError:
        return False
