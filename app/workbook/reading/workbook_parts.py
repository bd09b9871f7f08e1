"""Contents of a workbook besides its cells: tabs, date epoch, number formats, shared texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONEncoder
from xml.etree.ElementTree import Element, iterparse, parse  # see Package.refuse_document_types

from app.workbook.reading.cells import without_unseen
from app.workbook.reading.number_formats import number_format
from app.workbook.reading.package import ROOT, Package, local_name
from app.workbook.reading.refusal import WorkbookRefusedError

LONGEST_TEXT = 32_767  # the most that an Excel cell can hold
_LONGEST_FORMAT = 255  # as in Excel; each cell of that style is read with it
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_KINDS_WITHOUT_CELLS = {"chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"}
_HIDDEN = {"hidden", "veryHidden"}
_to_json = JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class TabPart:
    name: str
    hidden: bool
    part: str


@dataclass(frozen=True, slots=True)
class WorkbookParts:
    main: str
    tabs: list[TabPart]
    epoch_1904: bool
    formats: list[str]
    texts: list[str]

    @classmethod
    def of(cls, package: Package) -> "WorkbookParts":
        """Raise WorkbookRefusedError if a part that every workbook has is missing or damaged."""
        package.refuse_document_types()
        main = next((r.part for r in package.relations(ROOT) if r.kind == "officeDocument"), None)
        if main is None or not package.holds(main):
            raise WorkbookRefusedError("The workbook's main part is missing: open it in Excel, save it again.")
        relations = {relation.id: relation for relation in package.relations(main)}
        by_kind = {relation.kind: relation.part for relation in relations.values() if package.holds(relation.part)}
        root = _root(package, main)
        if local_name(root.tag) != "workbook":
            raise WorkbookRefusedError(
                "This is a zip file, but not an Excel workbook: upload the .xlsx or .xlsm itself."
            )
        # Only direct children: the extensions of the workbook have elements with the same names.
        properties = next(_inside(root, "workbookPr"), None)
        epoch_1904 = properties is not None and is_true(properties.get("date1904"))
        tabs = []
        for element in (one for sheets in _inside(root, "sheets") for one in _inside(sheets, "sheet")):
            title = without_unseen(unescaped(element.get("name", "")))
            relation = relations.get(_relation_id(element))
            if relation is None or not package.holds(relation.part):
                raise WorkbookRefusedError(
                    f"Tab '{title}' is missing in the file: open it in Excel, save it again and upload that."
                )
            if relation.kind not in _KINDS_WITHOUT_CELLS:
                tabs.append(TabPart(title, element.get("state") in _HIDDEN, relation.part))
        return cls(main, tabs, epoch_1904, _formats(package, by_kind.get("styles")), _texts(package, by_kind))


def unescaped(text: str) -> str:
    """Decode escapes such as _x000D_: they stand for characters that XML does not allow."""
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    # A character outside the basic multilingual plane is written as two escapes.
    return decoded if decoded.isprintable() else decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text_as_json(text: str) -> str:
    return _to_json(unescaped(text)[: LONGEST_TEXT + 1])


def rich_text(element: Element) -> str:
    """Join the runs of several fonts, without phonetic hints."""
    pieces = []
    for child in element:
        name = local_name(child.tag)
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces.extend(run.text or "" for run in child if local_name(run.tag) == "t")
    return "".join(pieces)


def is_true(value: str | None) -> bool:
    return value in {"1", "true", "on"}


def _relation_id(element: Element) -> str:
    return next((value for name, value in element.attrib.items() if name.endswith("}id")), "")


def _root(package: Package, part: str) -> Element:
    with package.open(part) as xml:
        return parse(xml).getroot()  # noqa: S314  # see Package.refuse_document_types


def _inside(parent: Element, name: str) -> Iterator[Element]:
    return (element for element in parent if local_name(element.tag) == name)


def _formats(package: Package, part: str | None) -> list[str]:
    """Return the number format of each cell style, the only part of a style that affects a value."""
    if part is None:
        return []
    root = _root(package, part)
    written = (one for formats in _inside(root, "numFmts") for one in _inside(formats, "numFmt"))
    codes = ((whole_number(one.get("numFmtId")), unescaped(one.get("formatCode", ""))) for one in written)
    declared = {number: code for number, code in codes if len(code) <= _LONGEST_FORMAT}
    used = (whole_number(one.get("numFmtId")) for styles in _inside(root, "cellXfs") for one in _inside(styles, "xf"))
    return [number_format(number, declared) for number in used]


def whole_number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else 0


def _texts(package: Package, by_kind: dict[str, str]) -> list[str]:
    texts: list[str] = []
    part = by_kind.get("sharedStrings")
    if part is None:
        return texts
    with package.open(part) as xml:
        for _, element in iterparse(xml):  # noqa: S314  # see Package.refuse_document_types
            if local_name(element.tag) == "si":
                texts.append(text_as_json(rich_text(element)))
                element.clear()
    return texts
