"""Cookies: HttpOnly, SameSite, and with the __Host- prefix if the site uses HTTPS."""

from dataclasses import dataclass
from typing import Any

from bottle import BaseRequest, BaseResponse


@dataclass(frozen=True, slots=True)
class Cookies:
    """Values are plain strings, never Bottle's pickles."""

    https: bool

    def set(self, response: BaseResponse, name: str, value: str, *, seconds: int) -> None:
        response.set_cookie(self._name(name), value, max_age=seconds, **self._attributes())

    def delete(self, response: BaseResponse, name: str) -> None:
        response.set_cookie(self._name(name), "", max_age=0, **self._attributes())

    def read(self, request: BaseRequest, name: str) -> str:
        return str(request.get_cookie(self._name(name)) or "")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name

    def _attributes(self) -> dict[str, Any]:
        return {"path": "/", "httponly": True, "samesite": "lax", "secure": self.https}
