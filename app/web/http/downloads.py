"""Downloads: file responses, with expensive ones made one at a time and exports recorded in the audit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore

from bottle import HTTPResponse

from app.actions import exports
from app.web.http.errors import BusyError
from app.web.http.request_context import RequestContext
from app.web.http.threads import SentFile
from app.workbook.writing import listing
from app.workbook.writing.listing import Listed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}

# Writing a workbook takes much memory and time: at most one at a time in each server process.
_COSTLY = BoundedSemaphore()


@contextmanager
def one_at_a_time(patience: float = 0) -> Iterator[None]:
    """Raise BusyError if another such block is still running after so many seconds."""
    if not _COSTLY.acquire(timeout=patience):
        raise BusyError("Another file is being written just now. Please try again in a moment.")
    try:
        yield
    finally:
        _COSTLY.release()


def written_list(kind: str, title: str, headers: Sequence[str], rows: Iterable[Sequence[Listed]]) -> bytes:
    with one_at_a_time():
        return listing.csv(headers, rows) if kind == "csv" else listing.xlsx(title, headers, rows)


def export(
    context: RequestContext,
    what: str,
    content: bytes,
    name: str,
    rows: int,
    picked_by: Mapping[str, object] | None = None,
) -> HTTPResponse:
    """Record who exported the file, with the number of rows and the filter; raises BusyError."""
    response = download(content, name)
    selection = context.query if picked_by is None else picked_by
    exports.record(what, name, rows, selection, context.user, context.now)
    return response


def download(content: bytes, name: str) -> HTTPResponse:
    """Raise BusyError if many others are being sent."""
    return HTTPResponse(SentFile(content), 200, headers=headers_of_a_file(content, name))


def headers_of_a_file(content: bytes, name: str) -> dict[str, str]:
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "-" for sign in name)
    kind = _TYPES.get(name.rpartition(".")[2], XLSX)
    disposition = f'attachment; filename="{plain}"'
    return {"Content-Type": kind, "Content-Disposition": disposition, "Content-Length": str(len(content))}
