"""Cookies: kept from scripts and other sites, and bound to this host wherever HTTPS allows it."""

from dataclasses import dataclass
from typing import Any

from bottle import BaseRequest, BaseResponse


@dataclass(frozen=True, slots=True)
class Cookies:
    """Sets and reads cookies in the one way that all of ours share; their values are never Bottle's pickles."""

    https: bool

    def set(self, response: BaseResponse, name: str, value: str, *, seconds: int) -> None:
        """Have the browser keep the value for so long."""
        response.set_cookie(self._name(name), value, max_age=seconds, **self._attributes())

    def delete(self, response: BaseResponse, name: str) -> None:
        """Have the browser forget the value."""
        response.set_cookie(self._name(name), "", max_age=0, **self._attributes())

    def read(self, request: BaseRequest, name: str) -> str:
        """Return what the browser sent, nothing if it sent none."""
        value: str = request.get_cookie(self._name(name)) or ""
        return value

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name

    def _attributes(self) -> dict[str, Any]:
        return {"path": "/", "httponly": True, "samesite": "lax", "secure": self.https}
