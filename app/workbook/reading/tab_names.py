"""Names of tabs that Excel allows; a text list is imported as one tab named after its file."""

import re
from pathlib import PurePath

_LONGEST = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def tab_name(file_name: str) -> str:
    return " ".join(tab_title(PurePath(file_name.replace("\\", "/")).stem).split())


def tab_title(text: str) -> str:
    return _NOT_IN_NAMES.sub(" ", text)[:_LONGEST].strip("' ") or "List"
