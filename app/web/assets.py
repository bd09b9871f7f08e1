"""Assets: files that never change at their address, because the address holds a hash of what is in them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bottle import HTTPResponse, static_file

from app.web.refusals import NotFoundError

_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of a folder, with the hash of each."""

    folder: Path
    hashes: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> "Assets":
        """Read the folder once; only what is in it now is ever served."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return cls(folder, {path.relative_to(folder).as_posix(): _hash(path) for path in files})

    def url(self, path: str) -> str:
        """Return the address of the file; an unknown one is a mistake in a template."""
        return f"/static/{self.hashes[path]}/{path}"

    def serve(self, content_hash: str, path: str) -> HTTPResponse:
        """Answer with the file, for ever if the address is the one of today."""
        if path not in self.hashes:
            raise NotFoundError("There is no such file.")
        response = static_file(path, root=str(self.folder))
        response.set_header("Cache-Control", _FOREVER if self.hashes[path] == content_hash else "no-cache")
        return response


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
