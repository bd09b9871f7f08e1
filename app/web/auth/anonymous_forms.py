"""Forms for visitors who are not signed in: their CSRF token is bound to a secret in a cookie instead of a login."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from bottle import HTTPResponse

from app.web.http.cookies import Cookies
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_FORM_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class AnonymousForms:
    pages: Pages
    cookies: Cookies

    def show(self, context: RequestContext, template: str, *, status: int | None = None, **values: Any) -> HTTPResponse:  # noqa: ANN401  # any values of the template
        """Render the page, and set the cookie with the secret that its form is bound to."""
        if context.login:
            return self.pages.show(context, template, status=status, **values)
        secret = context.form_secret or secrets.token_urlsafe(32)
        response = self.pages.show(replace(context, form_secret=secret), template, status=status, **values)
        self.cookies.set(response, "form", secret, seconds=_FORM_SECONDS)
        return response
