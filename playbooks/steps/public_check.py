"""Whether the site answers through its name, over HTTPS, with a certificate that is right."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable

_PORT = 443
_SECONDS = 10
_OK = 200


class NotServedError(Exception):
    """The site does not answer as it should through its name; the message says what was seen."""


def wait_until_served(
    address: str,
    domain: str,
    *,
    authority: str = "",
    is_trial: bool = False,
    seconds: float = 30,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the site says that it is well.

    `authority` is a certificate to trust beside those of this machine; `is_trial` says that nobody trusts whoever
    signed, as with Let's Encrypt's trial authority.
    """
    trust = ssl.create_default_context()
    if authority:
        trust.load_verify_locations(cadata=authority)
    if is_trial:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    until = time.monotonic() + seconds
    while True:
        try:
            check(address, domain, trust)
        except NotServedError:
            if time.monotonic() > until:
                raise
            pause(1)
        else:
            return


def check(address: str, domain: str, trust: ssl.SSLContext) -> None:
    """Ask the site at the address for its health under its name; raises NotServedError."""
    try:
        with (
            socket.create_connection((address, _PORT), timeout=_SECONDS) as plain,
            trust.wrap_socket(plain, server_hostname=domain) as secured,
        ):
            connection = http.client.HTTPSConnection(domain, timeout=_SECONDS)
            connection.sock = secured
            connection.request("GET", "/health")
            answer = connection.getresponse()
            told = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise NotServedError(f"https://{domain} at {address} does not answer: {error}.") from error
    if answer.status != _OK or not _says_ok(told):
        raise NotServedError(f"https://{domain}/health at {address} answers {answer.status}: {told[:200]}")


def _says_ok(told: str) -> bool:
    try:
        return bool(json.loads(told) == {"status": "ok"})
    except ValueError:
        return False
