"""What can be known of an uploaded file before anything unpacks it: a workbook or not, and how large."""

import zipfile
from pathlib import Path

from app.settings import MEGABYTE, WorkbookLimits
from app.workbook.reading.refusal import WorkbookRefusedError

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAME_OF_ENCRYPTED_WORKBOOKS = "EncryptedPackage".encode("utf-16-le")
_RELATIONS = "_rels/.rels"
_CONTENT_TYPES = "[Content_Types].xml"


def check(path: Path, limits: WorkbookLimits) -> None:
    """Raise WorkbookRefusedError unless the file is a workbook within the limits, by its content and not its name."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise WorkbookRefusedError(
            f"The file is too large: {size / MEGABYTE:.1f} MB, and at most {limits.file_bytes // MEGABYTE} MB is read."
        )
    _check_magic(path)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise WorkbookRefusedError(
            "The file is damaged or incomplete: open it in Excel, save it again and upload that."
        ) from error


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise WorkbookRefusedError("The file is empty.")
    if start == _OLE:
        if _OLE_NAME_OF_ENCRYPTED_WORKBOOKS in path.read_bytes():
            raise WorkbookRefusedError(
                "The workbook is protected by a password: save it without one in Excel (File, Info, Protect Workbook)."
            )
        raise WorkbookRefusedError(
            "This is a workbook of Excel 97-2003 (.xls): open it in Excel and save it as an Excel workbook (.xlsx)."
        )
    if not start.startswith(_ZIP):
        raise WorkbookRefusedError("This is not an Excel workbook: upload a file saved by Excel as .xlsx or .xlsm.")


def _check_entries(archive: zipfile.ZipFile, limits: WorkbookLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise WorkbookRefusedError(
            f"The file holds {len(entries):,} parts, and a workbook has at most {limits.entries:,}: it was not opened."
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise WorkbookRefusedError(
            f"The file would unpack to {unpacked / MEGABYTE:,.0f} MB, and at most "
            f"{limits.unpacked_bytes // MEGABYTE} MB is read: it was not opened."
        )
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise WorkbookRefusedError("The file is encrypted: save the workbook without a password and upload that.")
    _check_kind({entry.filename for entry in entries})


def _check_kind(names: set[str]) -> None:
    if any(name.endswith("workbook.bin") for name in names):
        raise WorkbookRefusedError(
            "This is a binary workbook (.xlsb): open it in Excel and save it as an Excel workbook (.xlsx)."
        )
    if "content.xml" in names and "mimetype" in names:
        raise WorkbookRefusedError(
            "This is an OpenDocument file: open it in your office program and save it as an Excel workbook (.xlsx)."
        )
    if _CONTENT_TYPES not in names or _RELATIONS not in names or not any(n.startswith("xl/") for n in names):
        raise WorkbookRefusedError("This is a zip file, but not an Excel workbook: upload the .xlsx or .xlsm itself.")
