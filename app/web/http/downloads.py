"""Downloads: answers that are files, of which the costly ones are made one at a time; who took which is recorded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore

from bottle import HTTPResponse

from app.store.access import audit
from app.store.db.database import transaction
from app.web.http.errors import Refusal
from app.web.http.request_context import RequestContext

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
TYPES = {"xlsx": XLSX, "csv": CSV}

# Writing a workbook takes much memory and time: one in each server process, however many ask.
_COSTLY = BoundedSemaphore()


class BusyError(Refusal):
    """Something costly is being done for somebody else."""

    status = 429
    title = "One moment, please"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Refuse what is costly while the like is being done; raises BusyError."""
    if not _COSTLY.acquire(blocking=False):
        raise BusyError("Another file is being written just now. Please try again in a moment.")
    try:
        yield
    finally:
        _COSTLY.release()


def export(
    context: RequestContext,
    what: str,
    content: bytes,
    name: str,
    rows: int,
    picked_by: Mapping[str, object] | None = None,
) -> HTTPResponse:
    """Answer with a file of what is stored and record who took it: how many rows, picked by what of the list."""
    said = {"file": name, "rows": rows, "filter": dict(context.query) if picked_by is None else dict(picked_by)}
    with transaction():
        audit.append(context.user, "export.made", f"export:{what}", before={}, after=said, now=context.now)
    return download(content, name)


def download(content: bytes, name: str) -> HTTPResponse:
    """Answer with a file, whose kind is the ending of its name."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "-" for sign in name)
    kind = TYPES.get(name.rpartition(".")[2], XLSX)
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{plain}"'}
    return HTTPResponse(content, 200, headers=headers)
