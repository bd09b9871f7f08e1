"""Names of tabs that Excel allows; a text list is imported as one tab named after its file."""

import re
from pathlib import PurePath

_LONGEST = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def tab_name(file_name: str) -> str:
    """Return a valid tab name made of the file name without its extension."""
    return " ".join(tab_title(PurePath(file_name.replace("\\", "/")).stem).split())


def tab_title(text: str) -> str:
    """Return the text as a valid tab name: at most 31 characters, without the characters that Excel forbids."""
    return _NOT_IN_NAMES.sub(" ", text)[:_LONGEST].strip("' ") or "List"
