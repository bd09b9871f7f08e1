"""CSRF protection: a form must have a token made for this browser, and the request must come from our origin."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bottle import BaseRequest

from app.web.http.signing import is_signature, signature

FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Csrf:
    """Each token is bound to a secret of the browser."""

    keys: tuple[bytes, ...]
    public_url: str

    def token_for(self, secret: str) -> str:
        return signature(self.keys[0], secret)

    def is_genuine(self, request: BaseRequest, secret: str, token: str) -> bool:
        return bool(secret) and is_signature(self.keys, secret, token) and self._comes_from_us(request)

    def is_from_our_page(self, request: BaseRequest) -> bool:
        """Return whether the browser itself says so; other programs say nothing."""
        if request.get_header("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        is_said = request.get_header("Sec-Fetch-Site") is not None or request.get_header("Origin") is not None
        return is_said and self._comes_from_us(request)

    def _comes_from_us(self, request: BaseRequest) -> bool:
        site = request.get_header("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = request.get_header("Origin")
        # Non-browser clients send neither header; they cannot be abused for CSRF, so the token alone decides.
        return origin is None or origin.lower() == self._origin() or _is_of_host(origin, request)

    def _origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()


def _is_of_host(origin: str, request: BaseRequest) -> bool:
    host = request.get_header("Host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
