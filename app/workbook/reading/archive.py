"""Checks of an uploaded file before it is unpacked: its kind, judged by content, and its size."""

import re
import zipfile
from pathlib import Path

from app.domain.sentences import count_text
from app.workbook.reading.limits import MEGABYTE, WorkbookLimits
from app.workbook.reading.refusal import WorkbookRefusedError
from app.workbook.reading.text_file import as_text

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAME_OF_ENCRYPTED_WORKBOOKS = "EncryptedPackage".encode("utf-16-le")
_RELATIONS = "_rels/.rels"
_CONTENT_TYPES = "[content_types].xml"
_START_BYTES = 1 << 16
_SAVE_AS = "open it in Excel and save it as an Excel workbook (.xlsx)."
_OLD = f"This is a workbook of Excel 97-2003 or older (.xls): {_SAVE_AS}"
_ARCHIVE = "This is a compressed file: unpack it and upload the workbook that is in it."
_NO_CELLS = "and no cell can be read from it: upload the workbook itself (.xlsx, .xlsm) or a list (.csv)."
_PICTURE = f"This is a picture, {_NO_CELLS}"
_BY_START = {
    b"%PDF": f"This is a PDF, {_NO_CELLS}",
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"RIFF"), _PICTURE),
    **dict.fromkeys((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ"), _ARCHIVE),
    **dict.fromkeys((b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08"), _OLD),
    b"{\\rtf": "This is a text document (.rtf): copy its table into a workbook and upload that as .xlsx.",
}
_NO_COLUMNS = (
    "This is not an Excel workbook, but a text without columns: upload an .xlsx or .xlsm file, or a list whose columns "
    "are separated by commas, semicolons or tabs (.csv, .tsv)."
)
_LOCK_FILE = (
    "This is not the workbook, but the small file that Excel keeps beside one that is open: upload the file whose name "
    "does not begin with ~$."
)
_LINK = (
    "This is only a link to a Google sheet (.gsheet): choose File, Download, Microsoft Excel (.xlsx) in Google Sheets "
    "and upload that."
)
_LOCK_FILE_BYTES, _LONGEST_OWNER = 165, 54
_SEPARATOR = re.compile(r"[,;\t|]")


def check(path: Path, limits: WorkbookLimits) -> None:
    """Raise WorkbookRefusedError unless the file is a workbook or text list within the limits; its name is ignored."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise WorkbookRefusedError(
            f"The file is too large: {size / MEGABYTE:.1f} MB, and at most {limits.file_bytes // MEGABYTE} MB is read."
        )
    if not is_zip(path):
        _check_no_zip(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, limits)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise WorkbookRefusedError(
            "The file is damaged or incomplete: open it in Excel, save it again and upload that."
        ) from error


def is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def has_macros(path: Path) -> bool:
    """Return whether the workbook has macros: Excel then opens it only if it is named .xlsm."""
    if not is_zip(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())


def _check_no_zip(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    if start.startswith(_OLE):
        if _OLE_NAME_OF_ENCRYPTED_WORKBOOKS in path.read_bytes():
            raise WorkbookRefusedError(
                "The workbook is protected by a password: save it without one in Excel (File, Info, Protect Workbook)."
            )
        raise WorkbookRefusedError(_OLD)
    if (
        path.stat().st_size == _LOCK_FILE_BYTES
        and 1 <= start[0] <= _LONGEST_OWNER
        and start[55:57] == start[:1] + b"\0"
    ):
        raise WorkbookRefusedError(_LOCK_FILE)
    if start[4:8] == b"ftyp":
        raise WorkbookRefusedError(_PICTURE)
    for magic, sentence in _BY_START.items():
        if start.startswith(magic):
            raise WorkbookRefusedError(sentence)
    _check_text(as_text(start, whole=False))


def _check_text(text: str) -> None:
    start = text.lstrip().lower()
    if not start:
        raise WorkbookRefusedError("The file is empty.")
    if start.startswith("<"):
        raise WorkbookRefusedError(_markup_message(start))
    if start.startswith("mime-version:"):
        raise WorkbookRefusedError(f"This is a web page (.mht), whatever it is called: {_SAVE_AS}")
    if start.startswith(("{", "[{", "[[")):
        if "docs.google.com" in start or '"doc_id"' in start:
            raise WorkbookRefusedError(_LINK)
        raise WorkbookRefusedError("This is JSON, not a list in rows and columns: upload an .xlsx, .xlsm or .csv file.")
    if not _SEPARATOR.search(start):
        raise WorkbookRefusedError(_NO_COLUMNS)


def _markup_message(start: str) -> str:
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        return f"This is an XML spreadsheet of Excel 2003, whatever it is called: {_SAVE_AS}"
    if start.startswith("<?xml") and "<html" not in start:
        return "This is XML, not an Excel workbook: upload an .xlsx, .xlsm or .csv file."
    return f"This is a web page (HTML), whatever it is called: {_SAVE_AS}"


def _check_entries(archive: zipfile.ZipFile, limits: WorkbookLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise WorkbookRefusedError(
            f"The file holds {count_text(len(entries))} parts, and at most {count_text(limits.entries)} are looked "
            "at: copy the lists into a new workbook and upload that."
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise WorkbookRefusedError(
            f"The file would unpack to {unpacked / MEGABYTE:,.0f} MB, and at most "
            f"{limits.unpacked_bytes // MEGABYTE} MB is read: it was not opened."
        )
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise WorkbookRefusedError("The file is encrypted: save the workbook without a password and upload that.")
    _check_kind({entry.filename.replace("\\", "/").lstrip("/").lower() for entry in entries})


def _check_kind(names: set[str]) -> None:
    if any(name.endswith("workbook.bin") for name in names):
        raise WorkbookRefusedError(f"This is a binary workbook (.xlsb): {_SAVE_AS}")
    if "content.xml" in names and "mimetype" in names:
        raise WorkbookRefusedError(
            "This is an OpenDocument file (.ods): open it in your office program and save it as an Excel workbook "
            "(.xlsx)."
        )
    if any(name.endswith(".iwa") or name == "index.zip" for name in names):
        raise WorkbookRefusedError(
            "This is a spreadsheet of Apple Numbers: choose File, Export To, Excel in Numbers and upload that."
        )
    for folder, what in (("word/", "a Word document"), ("ppt/", "a presentation")):
        if any(name.startswith(folder) for name in names) and not any(name.startswith("xl/") for name in names):
            raise WorkbookRefusedError(f"This is {what}: copy its table into a workbook and upload that as .xlsx.")
    if _CONTENT_TYPES not in names or _RELATIONS not in names:
        raise WorkbookRefusedError("This is a zip file, but not an Excel workbook: upload the .xlsx or .xlsm itself.")
