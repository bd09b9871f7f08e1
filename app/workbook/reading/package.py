"""The parts of a workbook's file, found by their relations, as Excel finds them, and not by their usual names."""

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
    """What a part says of another: the last word of the relation's kind, and the name of the other part."""

    id: str
    kind: str
    part: str


class Package:
    """An open workbook file; names of parts have no case, and some programs write backslashes in them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file)
        self._entries = {_plain(entry.filename): entry for entry in self._archive.infolist()}

    def entries(self) -> list[zipfile.ZipInfo]:
        """Return every entry, two that share a name too."""
        return self._archive.infolist()

    def holds(self, part: str) -> bool:
        """Tell whether the part is there."""
        return _plain(part) in self._entries

    def refuse_document_types(self) -> None:
        """Refuse a workbook whose parts declare a document type, the only place where XML entities can be declared.

        A part is XML by what a relation says of it, whatever its name: all are looked at, and a picture's first bytes
        say that it is none. With none declared the fast parser of the standard library is safe on every part.
        """
        for entry in self.entries():
            with self.open(entry) as part:
                _read_prolog(part)

    def entry(self, part: str) -> zipfile.ZipInfo:
        """Return the entry of a part, which is there."""
        return self._entries[_plain(part)]

    def is_current(self, entry: zipfile.ZipInfo) -> bool:
        """Tell whether no later entry has the same name."""
        return self._entries[_plain(entry.filename)] is entry

    def open(self, part: str | zipfile.ZipInfo) -> IO[bytes]:
        """Open a part, which is there."""
        return self._archive.open(self.entry(part) if isinstance(part, str) else part)

    def relations(self, part: str) -> list[Relation]:
        """Return the relations of a part, or of the whole package, to other parts of the file."""
        folder, name = posixpath.split(part)
        described = posixpath.join(folder, "_rels", f"{name}.rels")
        return list(self._relations(described, folder)) if self.holds(described) else []

    def _relations(self, described: str, folder: str) -> Iterator[Relation]:
        with self.open(described) as xml:
            for _, element in iterparse(xml):  # noqa: S314  # as above
                said = element.attrib
                if local_name(element.tag) == "Relationship" and said.get("TargetMode", "").lower() != "external":
                    target = said.get("Target", "").replace("\\", "/")
                    part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                    yield Relation(said.get("Id", ""), said.get("Type", "").rpartition("/")[2], part)


@lru_cache(1_000)
def local_name(name: str) -> str:
    """Return the name without its namespace: Strict Open XML has others, and says the same."""
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
            return  # not XML at all: whoever takes it for XML will say so


def _plain(name: str) -> str:
    return unquote(name).replace("\\", "/").lstrip("/").casefold()
