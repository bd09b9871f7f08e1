"""The certificate that the site shows, asked for as a browser does, at this machine's own address."""

import socket
import ssl
from dataclasses import dataclass

import machine

PORT = 443
_SECONDS = 5


@dataclass(frozen=True)
class SiteCertificate:
    """Both ends are seconds since 1970."""

    begins: float
    ends: float

    def life_percent(self, at: float) -> float:
        return 100 * max(0.0, min(1.0, (self.ends - at) / (self.ends - self.begins)))


def shown_for(domain: str) -> SiteCertificate:
    """Raise UnknownError or OSError if nothing is shown."""
    # Not whether somebody vouches for it: one of the server's own authority has an end too.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection((own_address(), PORT), timeout=_SECONDS)
    with plain, context.wrap_socket(plain, server_hostname=domain) as secured:
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise machine.UnknownError("the site shows no certificate")
    pem = ssl.DER_cert_to_PEM_cert(shown)
    lines = machine.printed("openssl", "x509", "-noout", "-startdate", "-enddate", stdin=pem).splitlines()
    begins, ends = (ssl.cert_time_to_seconds(line.partition("=")[2]) for line in lines)
    return SiteCertificate(begins, ends)


def own_address() -> str:
    """Return the address that others know this machine by; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", PORT))
        return str(asked.getsockname()[0])
