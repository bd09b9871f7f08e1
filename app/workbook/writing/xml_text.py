"""Edit XML in place: everything outside the edits stays as it was, byte for byte.

edits = Edits(content)
edits.set(root_of(content, depth=2).children[0], fillId=4)
content = edits.done()
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_DECLARED = re.compile(r"^<\?xml[^>]*\?>")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # a file with one of them cannot be opened
_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(slots=True)
class Element:
    """The offsets of its start tag, its content and its end tag are in bytes."""

    qualified_name: str
    attributes: Mapping[str, str]
    parent: "Element | None"
    start: int
    inside: int
    end: int = 0
    after: int = 0
    children: list["Element"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.qualified_name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        before, colon, _ = self.qualified_name.rpartition(":")
        return before + colon

    def child(self, name: str) -> "Element | None":
        return next((child for child in self.children if child.name == name), None)


def utf8(content: bytes) -> bytes:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _DECLARED.sub('<?xml version="1.0" encoding="UTF-8"?>', content.decode("utf-16")).encode()
    return content.removeprefix(BOM_UTF8)


def root_of(content: bytes, depth: int, enter: Callable[[Element], bool] = lambda _: True) -> Element:
    """Return the root with its descendants down to `depth` (the root is 1), where `enter` allows it."""
    parser = expat.ParserCreate()
    open_elements: list[Element] = []
    roots: list[Element] = []
    level, passed_over = 0, depth + 1

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal level, passed_over
        level += 1
        if level < passed_over:
            at = parser.CurrentByteIndex
            tag = _TAG.match(content, at)
            assert tag is not None  # expat has just parsed it
            parent = open_elements[-1] if open_elements else None
            element = Element(name, attributes, parent, at, tag.end())
            (parent.children if parent else roots).append(element)
            open_elements.append(element)
            if not enter(element):
                passed_over = level + 1

    def end(_: str) -> None:
        nonlocal level, passed_over
        if level < passed_over:
            passed_over = depth + 1
            element = open_elements.pop()
            if content[element.inside - 2 : element.inside] == b"/>":
                element.end = element.after = element.inside
            else:
                element.end = parser.CurrentByteIndex
                element.after = content.index(b">", element.end) + 1
        level -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(content, True)  # noqa: FBT003  # expat takes it by position
    return roots[0]


class Edits:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.made: list[tuple[int, int, int, bytes]] = []

    def replace(self, start: int, end: int, text: str) -> None:
        """Several insertions at one place keep their order."""
        self.made.append((start, end, len(self.made), text.encode("ascii", "xmlcharrefreplace")))

    def append(self, parent: Element, text: str) -> None:
        if parent.end == parent.inside and self.content[parent.inside - 2 : parent.inside] == b"/>":
            self.replace(parent.inside - 2, parent.inside, f">{text}</{parent.qualified_name}>")
        else:
            self.replace(parent.end, parent.end, text)

    def insert(self, parent: Element, before: Element | None, text: str) -> None:
        """Append the text if there is no element to put it before."""
        if before is None:
            self.append(parent, text)
        else:
            self.replace(before.start, before.start, text)

    def remove(self, element: Element) -> None:
        self.replace(element.start, element.after, "")

    def set(self, element: Element, **attributes: object) -> None:
        tag = self.content[element.start : element.inside].decode()
        self.replace(element.start, element.inside, with_attributes(tag, **attributes))

    def done(self) -> bytes:
        pieces, place = [], 0
        for start, end, _, text in sorted(self.made):
            pieces += [self.content[place:start], text]
            place = end
        return b"".join([*pieces, self.content[place:]])


def with_attributes(tag: str, **attributes: object) -> str:
    for name, value in attributes.items():
        there = re.compile(rf"""(?<=\s){re.escape(name)}\s*=\s*(?:"[^"]*"|'[^']*')""")
        written = f"{name}={quoteattr(str(value))}"
        if there.search(tag):
            tag = there.sub(written.replace("\\", r"\\"), tag, count=1)
        else:
            close = re.search(r"\s*/?>$", tag)
            tag = f"{tag[: close.start()]} {written}{tag[close.start() :]}" if close else tag
    return tag


def as_text(text: str) -> str:
    """Escape the text for an element of a workbook, so that it is read back unchanged."""
    return escape(storable(text))


def storable(text: str) -> str:
    """Drop characters that a workbook cannot hold, and escape _x000D_ and the like."""
    return _LIKE_AN_ESCAPE.sub("_x005F_", NOT_IN_XML.sub("", text))
