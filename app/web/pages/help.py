"""Help: the guide, made of files of the documentation, and the keys, for browsers without JavaScript."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import cast

from bottle import HTTPResponse
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

GUIDE = "user-guide"
PAGES = {
    GUIDE: "/guide",
    "importing": "/guide/importing",
    "excel": "/guide/excel",
    "glossary": "/guide/glossary",
}

_STATIC = "../app/static/"  # where drawings are, as seen from the files of the documentation
_DRAWN = re.compile(rf'src="{re.escape(_STATIC)}([^"]+)"')
_NOT_SHOWN = {"image", "html_inline"}
_FOLDER = Path(__file__).parents[2] / "guide"


@dataclass(frozen=True, slots=True)
class Help:
    pages: Pages

    def guide(self, context: RequestContext) -> HTTPResponse:
        return self._page(context, GUIDE)

    def importing(self, context: RequestContext) -> HTTPResponse:
        return self._page(context, "importing")

    def excel(self, context: RequestContext) -> HTTPResponse:
        return self._page(context, "excel")

    def glossary(self, context: RequestContext) -> HTTPResponse:
        return self._page(context, "glossary")

    def show(self, context: RequestContext) -> HTTPResponse:
        return self.pages.show(context, "help/show.html")

    def _page(self, context: RequestContext, name: str) -> HTTPResponse:
        others = [(PAGES[one], document(one).title) for one in PAGES if one != name]
        found = document(name)
        asset = cast("Callable[[str], str]", self.pages.templates.globals["asset"])
        drawn = _DRAWN.sub(lambda src: f'src="{asset(src[1])}"', found.html)
        html = Markup(drawn)  # noqa: S704  # as in the document
        return self.pages.show(context, "guide/show.html", document=replace(found, html=html), others=others)


@dataclass(frozen=True, slots=True)
class Document:
    """`contents` are the headings of its sections by their anchors."""

    title: str
    contents: dict[str, str]
    html: Markup


@cache
def document(name: str) -> Document:
    """Leave out pictures of the product, which the reader can look at, and the file's own list of contents."""
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = list(_shown(markdown.parse((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))))
    headings = [(opened.tag, after.content) for opened, after in _pairs(tokens) if opened.type == "heading_open"]
    tokens = [token for block in _blocks(tokens) if block[0].tag != "h1" for token in block]
    for opened, after in _pairs(tokens):
        _dress(opened, after)
    html = str(markdown.renderer.render(tokens, markdown.options, {}))
    framed = html.replace("<table", '<div class="table__frame"><table').replace("</table>", "</table></div>")
    return Document(
        title=next(text for tag, text in headings if tag == "h1"),
        contents={anchor(text): text for tag, text in headings if tag == "h2"},
        html=Markup(framed),  # noqa: S704  # our own documentation, in which no HTML is kept
    )


def anchor(heading: str) -> str:
    """Return what GitHub makes of it, so that links in the files work at both places."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    return zip(tokens, [*tokens[1:], Token("", "", 0)], strict=True)


def _shown(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out whole blocks: HTML, pictures of the product alone, and a list of links within the page."""
    for block in _blocks(tokens):
        inline = [part for token in block for part in token.children or ()]
        links = [part for part in inline if part.type == "link_open"]
        is_contents = block[0].type == "bullet_list_open" and all(_target(one).startswith("#") for one in links)
        words = "".join(part.content for part in inline if part.type in {"text", "code_inline"})
        is_empty = bool(inline) and not words.strip() and not any(map(_is_drawing, inline))
        if block[0].type == "html_block" or is_empty or (links and is_contents):
            continue
        yield from block


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield what stands at the outermost level, with all that is in it."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def _is_drawing(part: Token) -> bool:
    return part.type == "image" and str(part.attrGet("src")).startswith(_STATIC)


def _target(link: Token) -> str:
    return str(link.attrGet("href"))


def _dress(token: Token, after: Token) -> None:
    """Give headings their anchors, tables their class, and links the addresses that they have here."""
    if token.type == "heading_open":
        token.attrSet("id", anchor(after.content))
    elif token.type == "table_open":
        token.attrSet("class", "table")
    elif token.type == "code_block":
        token.attrSet("tabindex", "0")
    elif token.type == "inline":
        token.children = list(
            _linked([one for one in token.children or () if _is_drawing(one) or one.type not in _NOT_SHOWN])
        )


def _linked(parts: Sequence[Token]) -> Iterator[Token]:
    """Leave the words of a link that leads to no page of the product."""
    is_kept = False
    for part in parts:
        if part.type == "link_open":
            file, _, place = _target(part).partition("#")
            there = PAGES.get(file.removesuffix(".md"), "") if file else ""
            is_kept = not file or bool(there)
            part.attrSet("href", f"{there}#{place}" if place else there)
        if is_kept or part.type not in {"link_open", "link_close"}:
            yield part
