"""Help: the keys, on a page of their own for browsers without JavaScript."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class Help:
    """Shows what helps to find the way."""

    pages: Pages

    def show(self, context: RequestContext) -> HTTPResponse:
        """Answer with the keys."""
        return self.pages.show(context, "help/show.html")
