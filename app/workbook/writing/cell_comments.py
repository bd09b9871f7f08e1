"""Add comments to cells, beside existing ones: their texts, and the VML boxes in which Excel shows them."""

import re
from collections.abc import Mapping

from app.workbook.reading.cells import column_and_row
from app.workbook.writing.package_copy import PackageCopy, is_strict, main_namespace, relations_namespace
from app.workbook.writing.xml_text import Element, as_text

AUTHOR = "Invoices"
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_BOXES_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_DEPTH_OF_TEXTS = 4
# Elements that follow the comment boxes in a sheet, by the schema that Excel requires.
_AFTER_BOXES = {
    *("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst")
}
_VML = "urn:schemas-microsoft-com"
_SPACES = f'xmlns:v="{_VML}:vml" xmlns:o="{_VML}:office:office" xmlns:x="{_VML}:office:excel"'
_NO_BOXES = f'<xml {_SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>'
_KIND_OF_BOX = (
    '<v:shapetype{spaces} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    '<v:shape{spaces} id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;width:280px;height:120px;'
    'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_BOX_NUMBER = re.compile(rb"_x0000_s(\d+)")


def add_comments(copy: PackageCopy, sheet: str, texts: Mapping[str, str]) -> None:
    """Keep the text of an existing comment in front."""
    if not texts:
        return
    strict = is_strict(copy.read(sheet))
    package = copy.package
    by_kind = {relation.kind: relation.part for relation in package.relations(sheet) if package.holds(relation.part)}
    comments = by_kind.get("comments")
    if comments is None:
        vocabulary = f'xmlns="{main_namespace(strict=strict)}"'
        empty = f"<comments {vocabulary}><authors></authors><commentList></commentList></comments>"
        comments = copy.add("xl/comments.xml", empty, _COMMENTS_TYPE)
        copy.relate(sheet, "comments", comments, strict=strict)
    without_box = _add_texts(copy, comments, texts)
    _add_boxes(copy, sheet, without_box, strict=strict)


def _add_texts(copy: PackageCopy, part: str, texts: Mapping[str, str]) -> list[str]:
    """Return the cells that had no comment, and therefore have no box."""
    new = {}
    with copy.edited(part, _DEPTH_OF_TEXTS) as (root, edits):
        authors, listed = root.child("authors"), root.child("commentList")
        if authors is None or listed is None:
            raise ValueError("the part of comments holds none")
        edits.append(authors, f"<{root.prefix}author>{AUTHOR}</{root.prefix}author>")
        there = {comment.attributes.get("ref"): comment for comment in listed.children}
        author = len(authors.children)
        for cell, text in texts.items():
            existing = there[cell].child("text") if cell in there else None
            if existing is not None:
                edits.append(existing, _run(root, f"\n\n{text}"))
            else:
                inside = f"<{root.prefix}text>{_run(root, text)}</{root.prefix}text>"
                new[cell] = f'<{root.prefix}comment ref="{cell}" authorId="{author}">{inside}</{root.prefix}comment>'
        edits.append(listed, "".join(new.values()))
    return list(new)


def _run(root: Element, text: str) -> str:
    return f'<{root.prefix}r><{root.prefix}t xml:space="preserve">{as_text(text)}</{root.prefix}t></{root.prefix}r>'


def _add_boxes(copy: PackageCopy, sheet: str, cells: list[str], *, strict: bool) -> None:
    part = _boxes_of(copy, sheet, strict=strict)
    content = copy.read(part)
    number = max((int(found) for found in _BOX_NUMBER.findall(content)), default=1024)
    spaces = "" if b"xmlns:x=" in content else f" {_SPACES}"
    written = [] if b'"_x0000_t202"' in content else [_KIND_OF_BOX.format(spaces=spaces)]
    written += [_box(cell, number + place, spaces) for place, cell in enumerate(cells, start=1)]
    # Older programs write VML that is not well-formed XML, so the existing content is not parsed.
    end = content.rindex(b"</xml")
    copy.write(part, content[:end] + "".join(written).encode() + content[end:])


def _box(cell: str, number: int, spaces: str) -> str:
    column, number_of_row = column_and_row(cell)
    row = number_of_row - 1
    top = max(0, row - 1)
    return _BOX.format(
        spaces=spaces, id=number, row=row, column=column, left=column + 1, top=top, right=column + 5, bottom=top + 6
    )


def _boxes_of(copy: PackageCopy, sheet: str, *, strict: bool) -> str:
    """Return the part with the sheet's boxes, which may hold buttons too; it is added if there is none."""
    with copy.edited(sheet) as (root, edits):
        drawing = root.child("legacyDrawing")
        if drawing is not None:
            id_ = next((value for name, value in drawing.attributes.items() if name.endswith(":id")), "")
            return next(relation.part for relation in copy.package.relations(sheet) if relation.id == id_)
        part = copy.add("xl/drawings/vmlDrawing.vml", _NO_BOXES, _BOXES_TYPE, extension="vml")
        id_ = copy.relate(sheet, "vmlDrawing", part, strict=strict)
        written = f'<{root.prefix}legacyDrawing xmlns:r="{relations_namespace(strict=strict)}" r:id="{id_}"/>'
        after = next((child for child in root.children if child.name in _AFTER_BOXES), None)
        edits.insert(root, after, written)
    return part
