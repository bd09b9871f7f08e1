"""A copy of a workbook file with some parts changed or added, and all others unchanged."""

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO
from xml.sax.saxutils import quoteattr

from app.workbook.reading.package import Package, relations_of
from app.workbook.writing.xml_text import Edits, Element, root_of, utf8

_TYPES = "[Content_Types].xml"
_RELATIONS_OF_PACKAGES = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml"
_USUAL = "http://schemas.openxmlformats.org"


class PackageCopy:
    def __init__(self, file: IO[bytes]) -> None:
        self.package = Package(file)
        self._written: dict[str, bytes] = {}
        self._removed: set[str] = set()

    def read(self, part: str) -> bytes:
        written = self._written.get(self._name(part))
        if written is not None:
            return written
        with self.package.open(part) as file:
            return utf8(file.read())

    def write(self, part: str, content: bytes) -> None:
        self._written[self._name(part)] = content

    @contextmanager
    def edited(
        self, part: str, depth: int = 2, enter: Callable[[Element], bool] = lambda _: True
    ) -> Iterator[tuple[Element, Edits]]:
        """Yield the part's root, with its descendants down to `depth`, and its edits, which are written at the end."""
        edits = Edits(self.read(part))
        yield root_of(edits.content, depth, enter), edits
        if edits.made:
            self.write(part, edits.done())

    def add(self, part: str, content: str, content_type: str, extension: str = "") -> str:
        """Return the part's name, made unique; it is declared by its extension if given, else by its name."""
        stem, ending = posixpath.splitext(part)
        number = 1
        while self._has(part):
            number += 1
            part = f"{stem}{number}{ending}"
        self.write(part, content.encode())
        self._declare(part, content_type, extension)
        return part

    def relate(self, part: str, kind: str, target: str, *, strict: bool) -> str:
        described = relations_of(part)
        if not self._has(described):
            self.write(described, f'<Relationships xmlns="{_RELATIONS_OF_PACKAGES}"></Relationships>'.encode())
        with self.edited(described) as (root, edits):
            taken = {relation.attributes.get("Id") for relation in root.children}
            id_ = next(free for number in count(1) if (free := f"rIdMarked{number}") not in taken)
            edits.append(
                root,
                f'<{root.prefix}Relationship Id="{id_}" Type="{relations_namespace(strict=strict)}/{kind}" '
                f"Target={quoteattr('/' + target)}/>",
            )
        return id_

    def remove(self, related_from: str, part: str) -> None:
        """Remove a part with its own relations, and the relation to it from `related_from`."""
        for name in (part, relations_of(part)):
            if self.package.holds(name):
                self._removed.add(self.package.entry(name).filename)
        ids = {relation.id for relation in self.package.relations(related_from) if relation.part == part}
        self._without(relations_of(related_from), lambda element: element.attributes.get("Id") in ids)
        self._without(
            _TYPES, lambda element: element.attributes.get("PartName", "").casefold() == f"/{part}".casefold()
        )

    def _without(self, part: str, unwanted: Callable[[Element], bool]) -> None:
        with self.edited(part) as (root, edits):
            for element in filter(unwanted, root.children):
                edits.remove(element)

    def save(self, target: Path) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in self.package.entries():
                if self.package.is_current(entry) and entry.filename not in self._removed:
                    written = zipfile.ZipInfo(entry.filename.replace("\\", "/"), entry.date_time)
                    written.compress_type = zipfile.ZIP_DEFLATED
                    with self.package.open(entry) as file:
                        out.writestr(written, self._written.pop(entry.filename, b"") or file.read())
            for part, content in self._written.items():
                out.writestr(part, content)

    def _has(self, part: str) -> bool:
        return self.package.holds(part) or part in self._written

    def _name(self, part: str) -> str:
        return self.package.entry(part).filename if self.package.holds(part) else part

    def _declare(self, part: str, content_type: str, extension: str) -> None:
        with self.edited(_TYPES) as (root, edits):
            known = {child.attributes.get("Extension", "").lower() for child in root.children}
            if not extension:
                name, kind = quoteattr(f"/{part}"), quoteattr(content_type)
                edits.append(root, f"<{root.prefix}Override PartName={name} ContentType={kind}/>")
            elif extension not in known:
                # Default elements must come first.
                written = f'<{root.prefix}Default Extension="{extension}" ContentType="{content_type}"/>'
                edits.replace(root.inside, root.inside, written)


def relations_namespace(*, strict: bool) -> str:
    return f"{_STRICT}/officeDocument/relationships" if strict else f"{_USUAL}/officeDocument/2006/relationships"


def main_namespace(*, strict: bool) -> str:
    return f"{_STRICT}/spreadsheetml/main" if strict else f"{_USUAL}/spreadsheetml/2006/main"


def is_strict(content: bytes) -> bool:
    return _STRICT.encode() in content[:4_000]
