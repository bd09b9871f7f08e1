"""Text lists such as .csv and .tsv: their encoding, their separator and their rows."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice, pairwise

from app.workbook.reading.refusal import WorkbookRefusedError

_NO_TEXT = "This is not an Excel workbook: upload a file saved by Excel as .xlsx or .xlsm, or a list as .csv."
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # starts with the mark of UTF-16
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1e]")
_END_OF_FILE = "\x1a"  # written by DOS programs
_SEPARATORS = "\t;|,"  # in order of preference
_NO_SEPARATOR = "\x1e"  # does not occur in text
_NAMED = re.compile(r"\s*\"?sep=([^\w\"'\r\n])\"?\s*", re.IGNORECASE)
_BETWEEN_DIGITS = re.compile(r"(?<=\d),(?=\d)")
_NUMBER = re.compile(r"[^0-9]{0,4}\d{1,3}(?:[.,]\d{3})*", re.ASCII)
_REST_OF_A_NUMBER = re.compile(r"(?:\d{3}(?:\.\d+)?|\d\d)[^0-9]{0,4}", re.ASCII)
_LINES_TRIED = 200
_ROWS_WITH_HEADINGS = 30
_LONGEST_VALUE = 1 << 20
# Encodings of programs that do not write Unicode. The others that chardet knows are rarer than its mistakes.
_OLD_ENCODINGS = (
    *(f"windows-125{last}" for last in (2, 0, 1, 3, 4, 7)),
    *("macroman", "cp850", "cp932", "gb18030", "big5", "euc-kr"),
)


def as_text(content: bytes, *, whole: bool = True) -> str:
    """Raise WorkbookRefusedError if the content is not text."""
    encoding, start = _encoding(content, whole=whole)
    how = "strict" if encoding.startswith(("utf-16", "utf-32")) else "replace"
    try:
        text = codecs.getincrementaldecoder(encoding)(how).decode(content[start:], final=whole).rstrip(_END_OF_FILE)
    except UnicodeDecodeError:
        text = "\0"
    if _NOT_TEXT.search(text):
        raise WorkbookRefusedError(_NO_TEXT)
    return text


def rows(text: str) -> Iterator[list[str]]:
    """Yield the values of each line, an empty list for a blank one; raises WorkbookRefusedError."""
    lines = io.StringIO(text, newline="")
    named = _NAMED.fullmatch(lines.readline())
    if not named:
        lines.seek(0)
    separator = named[1] if named else _separator(text)
    found = _values(lines, separator)
    first = list(islice(found, _ROWS_WITH_HEADINGS))
    columns = _columns(first)
    for number, values in enumerate(chain(first, found), start=1):
        if columns and len(values) > columns:
            _refuse_split_number(values, columns, number)
        yield values


def _encoding(content: bytes, *, whole: bool) -> tuple[str, int]:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding, len(mark)
    if b"\0" in content:
        # In UTF-16 most European letters have one zero byte, always the same one; other content is checked later.
        even, odd = content[::2].count(0), content[1::2].count(0)
        return ("utf-16-le" if odd > even else "utf-16-be"), 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)
    except UnicodeDecodeError:
        return (_old_encoding(content) if whole else "latin-1"), 0
    return "utf-8", 0


def _old_encoding(content: bytes) -> str:
    import chardet

    lines = [line for line in content.splitlines() if not line.isascii()]
    if sum(map(_is_utf8, lines)) * 2 > len(lines):
        return "utf-8"  # mostly UTF-8: one letter is lost in the few other lines, instead of one in each
    sample = b"\n".join(lines)
    return chardet.detect(sample, include_encodings=_OLD_ENCODINGS)["encoding"] or _OLD_ENCODINGS[0]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _values(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Yield rows as RFC 4180 defines them.

    Raises WorkbookRefusedError for an unclosed quotation mark, which would swallow the rest of the list.
    """
    csv.field_size_limit(_LONGEST_VALUE)
    number = 0
    try:
        for values in csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True):
            number += 1
            yield values
    except csv.Error as error:
        raise WorkbookRefusedError(
            f"Row {number + 1} has a quotation mark that is not closed, or that stands inside a quoted text and is not "
            "written twice: correct it in the file and upload it again."
        ) from error


def _separator(text: str) -> str:
    """Return the separator that gives most rows the same number of columns, the heading row included."""
    lines = [line for line in io.StringIO(text[: 1 << 20], newline="") if line.strip()][:_LINES_TRIED]
    scored = [(_evenness(lines, separator), -place, separator) for place, separator in enumerate(_SEPARATORS)]
    (_, columns), _, separator = max(scored)
    return separator if columns > 1 else _NO_SEPARATOR


def _evenness(lines: list[str], separator: str) -> tuple[int, int]:
    """Return how many rows have the most common number of columns (above 1), and that number."""
    if separator == "," and not any("," in _BETWEEN_DIGITS.sub("", line) for line in lines):
        return 0, 0  # a list with one column of amounts with decimal commas
    counts: Counter[int] = Counter()
    with suppress(WorkbookRefusedError):  # errors in a row are reported when it is read
        counts.update(len(values) for values in _values(lines, separator) if values)
    several = [(count, columns) for columns, count in counts.items() if columns > 1]
    return max(several, default=(0, 0))


def _columns(first: list[list[str]]) -> int | None:
    """Return the number of headings: the widest of the first rows without digits; None if there is none."""
    widths = [
        len(values)
        for values in (_without_empty_ends(one) for one in first)
        if len(values) > 1 and not any(re.search(r"\d", value) for value in values)
    ]
    return max(widths, default=None)


def _refuse_split_number(values: list[str], columns: int, number: int) -> None:
    """Raise WorkbookRefusedError for an unquoted amount with a comma, which shifts the values right of it."""
    is_split = any(_NUMBER.fullmatch(one) and _REST_OF_A_NUMBER.fullmatch(two) for one, two in pairwise(values))
    if is_split and len(_without_empty_ends(values)) > columns:
        raise WorkbookRefusedError(
            f"Row {number} has more values than there are headings: an amount with a comma in it must stand in "
            "quotation marks; correct it in the file, or upload the list as .xlsx."
        )


def _without_empty_ends(values: list[str]) -> list[str]:
    while values and not values[-1].strip():
        values = values[:-1]
    return values
