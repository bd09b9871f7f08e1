"""Cross-site request forgery: a form counts only if we rendered it for this browser and it comes from our pages."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bottle import BaseRequest

from app.web.http.signing import is_signature, signature

FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Csrf:
    """Makes and checks the tokens of forms, each bound to a secret that only the browser holds."""

    keys: tuple[bytes, ...]
    public_url: str

    def token_for(self, secret: str) -> str:
        """Return the token for forms of the browser with that secret."""
        return signature(self.keys[0], secret)

    def is_genuine(self, request: BaseRequest, secret: str, token: str) -> bool:
        """Tell whether the request comes from a form that we rendered for the browser with that secret."""
        return bool(secret) and is_signature(self.keys, secret, token) and self._comes_from_us(request)

    def _comes_from_us(self, request: BaseRequest) -> bool:
        site = request.get_header("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = request.get_header("Origin")
        # Programs send neither header; they cannot be tricked as a browser can, so the token alone decides.
        return origin is None or origin.lower() == self._origin() or _is_of_host(origin, request)

    def _origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()


def _is_of_host(origin: str, request: BaseRequest) -> bool:
    host = request.get_header("Host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
