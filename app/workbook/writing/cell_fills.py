"""Copies of cell styles with another fill colour."""

from collections.abc import Collection, Mapping

from app.workbook.writing.package_copy import PackageCopy
from app.workbook.writing.xml_text import Edits, Element, with_attributes

_DEPTH_OF_STYLES = 3


def add_fills(copy: PackageCopy, main_part: str, wanted: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], int]:
    """Add a style for each pair of style and colour, and return their numbers; empty if the file has no styles."""
    part = next((relation.part for relation in copy.package.relations(main_part) if relation.kind == "styles"), None)
    if part is None or not copy.package.holds(part):
        return {}
    with copy.edited(part, _DEPTH_OF_STYLES) as (root, edits):
        fills, styles = root.child("fills"), root.child("cellXfs")
        if fills is None or styles is None or not styles.children:
            return {}
        colours = sorted({colour for _, colour in wanted})
        numbers = {colour: len(fills.children) + place for place, colour in enumerate(colours)}
        _append(edits, fills, [_fill(root.prefix, colour) for colour in colours])
        pairs = sorted(wanted)
        _append(edits, styles, [_like(edits.content, styles, style, numbers[colour]) for style, colour in pairs])
    return {pair: len(styles.children) + place for place, pair in enumerate(pairs)}


def _fill(prefix: str, colour: str) -> str:
    inside = f'<{prefix}fgColor rgb="FF{colour}"/><{prefix}bgColor indexed="64"/>'
    pattern = f'<{prefix}patternFill patternType="solid">{inside}</{prefix}patternFill>'
    return f"<{prefix}fill>{pattern}</{prefix}fill>"


def _like(content: bytes, styles: Element, style: int, fill: int) -> str:
    model = styles.children[style if style < len(styles.children) else 0]
    tag = content[model.start : model.inside].decode()
    return with_attributes(tag, fillId=fill, applyFill=1) + content[model.inside : model.after].decode()


def _append(edits: Edits, parent: Element, made: list[str]) -> None:
    if edits.content[parent.inside - 2 : parent.inside] != b"/>":
        edits.set(parent, count=len(parent.children) + len(made))
    edits.append(parent, "".join(made))
