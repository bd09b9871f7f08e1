"""A copy of a workbook's file in which some parts are changed or new, and all others are as they were."""

import posixpath
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from xml.sax.saxutils import quoteattr

from app.workbook.reading.package import Package, Relation
from app.workbook.writing.xml_text import Edits, Element, root_of, utf8

_TYPES = "[Content_Types].xml"
_RELATIONS_OF_PACKAGES = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml"
_USUAL = "http://schemas.openxmlformats.org"


class PackageCopy:
    """Parts are read, written and added; `save` writes the whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self.package = Package(file)
        self._changed: dict[str, bytes] = {}
        self._removed: set[str] = set()
        self._added: dict[str, bytes] = {}

    def read(self, part: str) -> bytes:
        """Return a part as it is now."""
        if part in self._added:
            return self._added[part]
        changed = self._changed.get(self.package.entry(part).filename)
        if changed is not None:
            return changed
        with self.package.open(part) as file:
            return utf8(file.read())

    def write(self, part: str, content: bytes) -> None:
        """Change a part."""
        if part in self._added:
            self._added[part] = content
        else:
            self._changed[self.package.entry(part).filename] = content

    def add(self, part: str, content: str, content_type: str, extension: str = "") -> str:
        """Add a part under a name like this one that is not taken yet; its kind goes by its extension where given."""
        stem, ending = posixpath.splitext(part)
        number = 1
        while self.package.holds(part) or part in self._added:
            number += 1
            part = f"{stem}{number}{ending}"
        self._added[part] = content.encode()
        self._declare(part, content_type, extension)
        return part

    def relations(self, part: str) -> list[Relation]:
        """Return the relations of a part as the file came with them."""
        return self.package.relations(part)

    def relate(self, part: str, kind: str, target: str, *, strict: bool) -> str:
        """Add a relation between two parts and return its id."""
        described = _relations_of(part)
        if not self.package.holds(described) and described not in self._added:
            self._added[described] = f'<Relationships xmlns="{_RELATIONS_OF_PACKAGES}"></Relationships>'.encode()
        content = self.read(described)
        root = root_of(content, 2)
        taken = {relation.attributes.get("Id") for relation in root.children}
        number = 1
        while f"rIdMarked{number}" in taken:
            number += 1
        edits = Edits(content)
        edits.append(
            root,
            f'<{root.prefix}Relationship Id="rIdMarked{number}" Type="{relations_namespace(strict=strict)}/{kind}" '
            f"Target={quoteattr('/' + target)}/>",
        )
        self.write(described, edits.done())
        return f"rIdMarked{number}"

    def remove(self, related_from: str, part: str) -> None:
        """Take out a part, with what it says of others and what this other says of it."""
        for name in (part, _relations_of(part)):
            if self.package.holds(name):
                self._removed.add(self.package.entry(name).filename)
        described = _relations_of(related_from)
        ids = {relation.id for relation in self.package.relations(related_from) if relation.part == part}
        self._without(described, lambda element: element.attributes.get("Id") in ids)
        self._without(
            _TYPES, lambda element: element.attributes.get("PartName", "").casefold() == f"/{part}".casefold()
        )

    def _without(self, part: str, unwanted: Callable[[Element], bool]) -> None:
        content = self.read(part)
        edits = Edits(content)
        for element in root_of(content, 2).children:
            if unwanted(element):
                edits.remove(element)
        self.write(part, edits.done())

    def save(self, target: Path) -> None:
        """Write the copy."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in self.package.entries():
                if self.package.is_current(entry) and entry.filename not in self._removed:
                    changed = self._changed.get(entry.filename)
                    written = zipfile.ZipInfo(entry.filename.replace("\\", "/"), entry.date_time)
                    written.compress_type = zipfile.ZIP_DEFLATED
                    with self.package.open(entry) as file:
                        out.writestr(written, changed if changed is not None else file.read())
            for part, content in self._added.items():
                out.writestr(part, content)

    def _declare(self, part: str, content_type: str, extension: str) -> None:
        content = self.read(_TYPES)
        root = root_of(content, 2)
        edits = Edits(content)
        known = {child.attributes.get("Extension", "").lower() for child in root.children}
        if not extension:
            name, kind = quoteattr(f"/{part}"), quoteattr(content_type)
            edits.append(root, f"<{root.prefix}Override PartName={name} ContentType={kind}/>")
        elif extension not in known:
            # Defaults come first.
            written = f'<{root.prefix}Default Extension="{extension}" ContentType="{content_type}"/>'
            edits.replace(root.inside, root.inside, written)
        self.write(_TYPES, edits.done())


def _relations_of(part: str) -> str:
    return posixpath.join(posixpath.dirname(part), "_rels", f"{posixpath.basename(part)}.rels")


def relations_namespace(*, strict: bool) -> str:
    """Return what the kinds of relations begin with."""
    return f"{_STRICT}/officeDocument/relationships" if strict else f"{_USUAL}/officeDocument/2006/relationships"


def main_namespace(*, strict: bool) -> str:
    """Return the vocabulary of workbooks and sheets."""
    return f"{_STRICT}/spreadsheetml/main" if strict else f"{_USUAL}/spreadsheetml/2006/main"


def is_strict(content: bytes) -> bool:
    """Tell whether a part speaks Strict Open XML."""
    return _STRICT.encode() in content[:4_000]
