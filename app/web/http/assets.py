"""Static files, cacheable forever because their URLs contain a hash of all files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bottle import HTTPResponse, static_file

from app.web.http.errors import NotFoundError

STYLESHEET = "css/site.css"  # all of css/ in one file: one request per page instead of one per component

_FOREVER = "public, max-age=31536000, immutable"
_FIRST = ("font", "tokens", "base", "layout")  # base files that the components depend on


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of a folder, with one hash for all, so that a stylesheet can use relative URLs for its fonts."""

    folder: Path
    paths: frozenset[str]
    stylesheet: bytes
    content_hash: str

    @classmethod
    def of(cls, folder: Path) -> "Assets":
        """Read the folder once; files added later are not served."""
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        content = hashlib.sha256()
        for name, path in files.items():
            content.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
        return cls(folder, frozenset({*files, STYLESHEET}), _stylesheet(folder / "css"), content.hexdigest()[:12])

    def url(self, path: str) -> str:
        """Raise KeyError for an unknown file, which is a mistake in a template."""
        if path not in self.paths:
            raise KeyError(path)
        return f"/static/{self.content_hash}/{path}"

    def serve(self, content_hash: str, path: str) -> HTTPResponse:
        """Let it be cached forever if the URL has the current hash; raises NotFoundError."""
        if path not in self.paths:
            raise NotFoundError("There is no such file.")
        if path == STYLESHEET:
            response = HTTPResponse(self.stylesheet, 200, headers={"Content-Type": "text/css; charset=UTF-8"})
        else:
            response = static_file(path, root=str(self.folder))
        response.set_header("Cache-Control", _FOREVER if self.content_hash == content_hash else "no-cache")
        return response


def _stylesheet(folder: Path) -> bytes:
    order = {stem: place for place, stem in enumerate(_FIRST)}
    files = sorted(folder.glob("*.css"), key=lambda path: (order.get(path.stem, len(order)), path.stem))
    return b"\n".join(path.read_bytes() for path in files)
