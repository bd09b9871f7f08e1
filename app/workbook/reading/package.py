"""The parts of a workbook file, found by their relations, as Excel does, and not by their usual names."""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO
from urllib.parse import unquote
from xml.etree.ElementTree import iterparse  # see refuse_document_types
from xml.parsers import expat

from app.workbook.reading.refusal import WorkbookRefusedError

ROOT = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """`kind` is the last segment of the relation's type, `part` the name of what it points to."""

    id: str
    kind: str
    part: str


class Package:
    """Part names are compared without case, with backslashes read as slashes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file)
        self._entries = {_plain(entry.filename): entry for entry in self._archive.infolist()}

    def entries(self) -> list[zipfile.ZipInfo]:
        """Return also those that share a name."""
        return self._archive.infolist()

    def holds(self, part: str) -> bool:
        return _plain(part) in self._entries

    def refuse_document_types(self) -> None:
        """Raise WorkbookRefusedError if a part declares a document type: only there can XML entities be declared.

        Any part can be XML, whatever its name: a relation decides. So all parts are checked; a picture fails to parse
        at its first bytes. Without document types, the fast parser of the standard library is safe for every part.
        """
        for entry in self.entries():
            with self.open(entry) as part:
                _read_prolog(part)

    def entry(self, part: str) -> zipfile.ZipInfo:
        return self._entries[_plain(part)]

    def is_current(self, entry: zipfile.ZipInfo) -> bool:
        """Return whether the entry is the last one with its name."""
        return self._entries[_plain(entry.filename)] is entry

    def open(self, part: str | zipfile.ZipInfo) -> IO[bytes]:
        return self._archive.open(self.entry(part) if isinstance(part, str) else part)

    def relations(self, part: str) -> list[Relation]:
        described = relations_of(part)
        return list(self._relations(described, posixpath.dirname(part))) if self.holds(described) else []

    def _relations(self, described: str, folder: str) -> Iterator[Relation]:
        with self.open(described) as xml:
            for _, element in iterparse(xml):  # noqa: S314  # see refuse_document_types
                attributes = element.attrib
                if local_name(element.tag) == "Relationship" and attributes.get("TargetMode", "").lower() != "external":
                    target = attributes.get("Target", "").replace("\\", "/")
                    part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                    yield Relation(attributes.get("Id", ""), attributes.get("Type", "").rpartition("/")[2], part)


def relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


@lru_cache(1_000)
def local_name(name: str) -> str:
    """Drop the namespace: Strict Open XML uses other ones with the same meaning."""
    return name.rpartition("}")[2]


def _read_prolog(part: IO[bytes]) -> None:
    parser = expat.ParserCreate()
    inside: list[str] = []

    def refuse(*_: object) -> None:
        raise WorkbookRefusedError("The file declares a document type, which no workbook needs: it was not read.")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: inside.append(name)
    while not inside and (chunk := part.read(512)):
        try:
            parser.Parse(chunk)
        except expat.ExpatError:
            return  # not XML; a reader that expects XML will report it


def _plain(name: str) -> str:
    return unquote(name).replace("\\", "/").lstrip("/").casefold()
