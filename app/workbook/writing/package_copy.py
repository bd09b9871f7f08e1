"""A copy of a workbook file with some parts changed or added, and all others unchanged."""

import posixpath
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from xml.sax.saxutils import quoteattr

from app.workbook.reading.package import Package
from app.workbook.writing.xml_text import Edits, Element, root_of, utf8

_TYPES = "[Content_Types].xml"
_RELATIONS_OF_PACKAGES = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml"
_USUAL = "http://schemas.openxmlformats.org"


class PackageCopy:
    def __init__(self, file: IO[bytes]) -> None:
        self.package = Package(file)
        self._changed: dict[str, bytes] = {}
        self._removed: set[str] = set()
        self._added: dict[str, bytes] = {}

    def read(self, part: str) -> bytes:
        if part in self._added:
            return self._added[part]
        changed = self._changed.get(self.package.entry(part).filename)
        if changed is not None:
            return changed
        with self.package.open(part) as file:
            return utf8(file.read())

    def write(self, part: str, content: bytes) -> None:
        if part in self._added:
            self._added[part] = content
        else:
            self._changed[self.package.entry(part).filename] = content

    def add(self, part: str, content: str, content_type: str, extension: str = "") -> str:
        """Return the part's name, made unique; it is declared by its extension if given, else by its name."""
        stem, ending = posixpath.splitext(part)
        number = 1
        while self.package.holds(part) or part in self._added:
            number += 1
            part = f"{stem}{number}{ending}"
        self._added[part] = content.encode()
        self._declare(part, content_type, extension)
        return part

    def relate(self, part: str, kind: str, target: str, *, strict: bool) -> str:
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
        """Remove a part with its own relations, and the relation to it from `related_from`."""
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
            # Default elements must come first.
            written = f'<{root.prefix}Default Extension="{extension}" ContentType="{content_type}"/>'
            edits.replace(root.inside, root.inside, written)
        self.write(_TYPES, edits.done())


def _relations_of(part: str) -> str:
    return posixpath.join(posixpath.dirname(part), "_rels", f"{posixpath.basename(part)}.rels")


def relations_namespace(*, strict: bool) -> str:
    return f"{_STRICT}/officeDocument/relationships" if strict else f"{_USUAL}/officeDocument/2006/relationships"


def main_namespace(*, strict: bool) -> str:
    return f"{_STRICT}/spreadsheetml/main" if strict else f"{_USUAL}/spreadsheetml/2006/main"


def is_strict(content: bytes) -> bool:
    return _STRICT.encode() in content[:4_000]
