"""Visits: one request as handlers see it, with who asks and when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bottle import FileUpload

from app.store.access.logins import Login
from app.store.access.users import User
from app.web.http.locales import Locale


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request: who asks, when, for what, and how they write numbers."""

    now: datetime
    today: date
    method: str
    path: str
    address: str
    url: str
    user_agent: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    files: Mapping[str, FileUpload]
    login: Login | None
    form_secret: str
    flash: str
    locale: Locale

    @property
    def user(self) -> User:
        """Return who asks; only routes that ask for a right may rely on there being somebody."""
        if self.login is None:
            raise LookupError("Nobody is signed in.")
        return self.login.user

    def with_form_secret(self, secret: str) -> "RequestContext":
        """Return the visit of a browser that is about to be given the secret its forms are bound to."""
        return replace(self, form_secret=secret)
