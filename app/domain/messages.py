"""Messages to people, such as reports and digests: the same blocks as plain text and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from app.domain.sentences import plain

_BORDER = "border-bottom:1px solid #ccc;padding:4px 8px"


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class PageLink:
    """An address under a sentence that says what it is for."""

    sentence: str
    address: str


@dataclass(frozen=True, slots=True)
class Table:
    """The first column holds names, the others figures."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


Block: TypeAlias = Paragraph | Heading | Items | PageLink | Table


@dataclass(frozen=True, slots=True)
class Message:
    """`subject` is one line, whatever names it holds."""

    subject: str
    blocks: Sequence[Block]

    @property
    def text(self) -> str:
        return plain("\n\n".join(map(_as_text, self.blocks)) + "\n")

    @property
    def html(self) -> str:
        parts = "\n".join(map(_as_html, self.blocks))
        return plain(
            f'<!doctype html>\n<meta charset="utf-8">\n<div style="font-family:sans-serif">\n{parts}\n</div>\n'
        )


def one_line(text: str) -> str:
    return plain(" ".join(text.split()))


def shortened(texts: Sequence[str], most: int, count: int | None = None) -> list[str]:
    """Return the first `most`, and how many more there are of `count` in all."""
    shown = texts[:most]
    left = (len(texts) if count is None else count) - len(shown)
    return [*shown, *([f"and {left:,} more"] if left > 0 else [])]


def _as_text(block: Block) -> str:
    match block:
        case Paragraph(text):
            return one_line(text)
        case Heading(text):
            return f"{one_line(text)}\n{'-' * len(one_line(text))}"
        case Items(texts):
            return "\n".join(f"- {one_line(text)}" for text in texts)
        case PageLink(sentence, address):
            return f"{one_line(sentence)}\n{address}"
        case Table(headings, rows):
            return _aligned([headings, *rows])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    lines = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _as_html(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{_escaped(text)}</p>"
        case Heading(text):
            return f'<h2 style="font-size:1.1em">{_escaped(text)}</h2>'
        case Items(texts):
            return f"<ul>{''.join(f'<li>{_escaped(text)}</li>' for text in texts)}</ul>"
        case PageLink(sentence, address):
            return f'<p>{_escaped(sentence)}<br><a href="{escape(address)}">{escape(address)}</a></p>'
        case Table(headings, rows):
            return _table(headings, rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row("th", headings), *(_row("td", row) for row in rows)]
    return f'<table style="border-collapse:collapse">{"".join(lines)}</table>'


def _row(kind: str, cells: Sequence[str]) -> str:
    sides = ("left", *["right"] * (len(cells) - 1))
    return f"<tr>{''.join(map(_cell, [kind] * len(cells), sides, cells))}</tr>"


def _cell(kind: str, side: str, text: str) -> str:
    return f'<{kind} style="text-align:{side};{_BORDER}">{_escaped(text)}</{kind}>'


def _escaped(text: str) -> str:
    return escape(one_line(text))
