"""Reject requests whose Host header is not ours."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bottle import BaseRequest

from app.web.http.errors import Refusal

_USUAL_PORTS = {"http": "80", "https": "443"}
_INTERNAL_PATHS = {"/health"}


class MisdirectedError(Refusal):
    status = 421
    title = "This is another site"


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    public_url: str

    def check(self, request: BaseRequest) -> None:
        """Exempt the health check, as it is sent to an internal address; raises MisdirectedError."""
        site = urlsplit(self.public_url)
        host = _host(request.get_header("Host", ""), site.scheme)
        if host != _host(site.netloc, site.scheme) and request.path not in _INTERNAL_PATHS:
            raise MisdirectedError(f"This site is only found at {self.public_url}: please go there.")


def _host(netloc: str, scheme: str) -> str:
    return netloc.lower().removesuffix(f":{_USUAL_PORTS[scheme]}")
