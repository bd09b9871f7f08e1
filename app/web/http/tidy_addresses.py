"""The shortest address of a page: forms send empty fields and today's day too, which a bookmark would keep."""

from urllib.parse import parse_qs, urlsplit

from app.web.http.rendering import address
from app.web.http.request_context import RequestContext

_EVERYTHING = "all"  # asks for a list without its default view


def tidy_address(context: RequestContext) -> str:
    """Leave out what is empty, and today as the day: a bookmark shows the day on which it is opened."""
    today = context.today.isoformat()
    said = {name: text for name, text in context.query.items() if text and (name, text) != ("as_of", today)}
    narrowed = {name: text for name, text in said.items() if name != _EVERYTHING}
    return address(context.path, **(narrowed or said))


def is_untidy(context: RequestContext) -> bool:
    return not all(context.query.values()) or context.query.get("as_of") == context.today.isoformat()


def goes_on_typing(context: RequestContext, shown: str) -> bool:
    """Return whether the address that is shown has the beginning of a search that this one goes on with."""
    before = parse_qs(urlsplit(shown).query)
    return "q" in before and bool(context.query.get("q"))
