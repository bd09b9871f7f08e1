"""Help: the keys, on a page of their own for browsers without JavaScript."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class Help:
    pages: Pages

    def show(self, context: RequestContext) -> HTTPResponse:
        return self.pages.show(context, "help/show.html")
