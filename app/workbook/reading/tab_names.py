"""Names of tabs, as Excel allows them; a list that is no workbook is one tab, named after its file."""

import re
from pathlib import PurePath

_LONGEST = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def tab_name(file_name: str) -> str:
    """Return the name of the file without its ending, so that it can be that of a tab too."""
    return " ".join(tab_title(PurePath(file_name.replace("\\", "/")).stem).split())


def tab_title(text: str) -> str:
    """Return the text as Excel allows it for the name of a tab."""
    return _NOT_IN_NAMES.sub(" ", text)[:_LONGEST].strip("' ") or "List"
