"""The name of the one tab of a list that is no workbook: that of the file, as Excel allows it for tabs."""

import re
from pathlib import PurePath

_LONGEST = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


def tab_name(file_name: str) -> str:
    """Return the name of the file without its ending, so that it can be that of a tab too."""
    stem = PurePath(file_name.replace("\\", "/")).stem
    return " ".join(_NOT_IN_NAMES.sub(" ", stem).split())[:_LONGEST].strip("' ") or "List"
